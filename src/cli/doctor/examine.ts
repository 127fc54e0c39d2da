import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createCredentialResolver } from "../../credential-resolver.js";
import type { RolecallEvents } from "../../diagnostics.js";
import type { CommandSettings } from "../../request/command-overrides.js";
import { accessKeyIdOf, explainRoleRequest } from "../../request/explain-request.js";
import type { IntegrationInstance } from "../../request/integration-instance.js";
import { ROLE_SESSION_DURATION, toMachineSessionName } from "../../request/limits.js";
import type { Chosen } from "../../request/precedence.js";
import { serviceRegion } from "../../request/role-request.js";
import type { CredentialResolver } from "../../resolver-types.js";
import type { Runtime } from "../../runtime.js";
import { readInstanceRegion } from "../../sources/instance-profile.js";
import { noteUnusedIdentities, noteUnusedProxy } from "../../sources/unused-environment.js";
import { awsWordsOf } from "./denial.js";
import { lookAtMetadata, outcomeOf } from "./look-at-machine.js";
import {
  type GrantedDuration,
  isAccepted,
  isChainingLimit,
  type Metadata,
  type Observations,
  type Outcome,
  type RoleSeen,
  type RoleSettings,
  type StsSeen,
} from "./observations.js";
import { StsListener } from "./sts-listener.js";

const HOUR_SECONDS = 3600;

/** What is examined, and where. */
export interface Subject {
  readonly instance: IntegrationInstance;
  readonly roleArns: readonly string[];
  readonly runtime: Runtime;
}

/**
 * Walks the way of a command with the library's own parts. Nothing is created in AWS: it asks STS who it is, and for
 * sessions that nobody uses.
 */
export async function examine(subject: Subject): Promise<Observations> {
  const { instance, runtime } = subject;
  const { request, chosen } = explainRoleRequest(baseOf(instance), undefined, runtime.env);
  const source = request.base.kind === "static" ? "static" : "instance-profile";
  const needsMetadata = source === "instance-profile" || !chosen.region;
  const metadata = needsMetadata ? await lookAtMetadata(runtime) : undefined;
  const listener = new StsListener(runtime.now);
  // One try of each call: what passes by itself is for commands to ride out. The resolver repeats throttled calls all
  // the same, for ten seconds at most.
  const resolver = createCredentialResolver({ runtime, assumeRole: { attempts: 1 } });
  try {
    const hasToken = !metadata?.problem;
    const keys =
      source === "static" || hasToken
        ? await outcomeOf(resolver.resolve(baseOf(instance)).then(() => true as const))
        : undefined;
    const region = await regionOf(chosen.region, metadata, runtime);
    const sts =
      keys?.value && region?.value ? await askWho(resolver, listener, subject, region.value.value) : undefined;
    const roles: RoleSeen[] = [];
    for (const roleArn of subject.roleArns) roles.push(await examineRole(resolver, subject, roleArn, sts));
    return {
      source,
      accessKeyId: accessKeyIdOf(request.base),
      notes: {
        identities: noteUnusedIdentities(runtime.env),
        proxy: noteUnusedProxy(runtime.env, request.network),
      },
      metadata,
      keys,
      region,
      sts,
      roles,
    };
  } finally {
    await resolver.close();
    listener.close();
  }
}

/** The instance without what only a role's session can honour. */
function baseOf({ credentials, sts, region, network }: IntegrationInstance): IntegrationInstance {
  return { credentials, sts, region, network };
}

async function regionOf(
  chosen: Chosen<string> | undefined,
  metadata: Metadata | undefined,
  runtime: Runtime,
): Promise<Outcome<Chosen<string>> | undefined> {
  if (chosen) return { value: chosen };
  if (metadata?.problem) return undefined;
  return outcomeOf(readInstanceRegion(runtime).then((value) => ({ value, from: "the metadata service" })));
}

async function askWho(
  resolver: CredentialResolver,
  listener: StsListener,
  { instance }: Subject,
  serviceRegion: string,
): Promise<StsSeen> {
  const caller = await outcomeOf(resolver.verify(baseOf(instance)));
  const { host, clockOffset } = listener.lastAnswer ?? {};
  const region = caller.value?.region ?? instance.sts?.region ?? serviceRegion;
  return { region, caller, host, clockOffset };
}

async function examineRole(
  resolver: CredentialResolver,
  { instance, runtime }: Subject,
  roleArn: string,
  sts: StsSeen | undefined,
): Promise<RoleSeen> {
  const settings = await outcomeOf(readSettings(instance, roleArn, runtime));
  if (settings.error || !sts || !isAccepted(sts)) return { roleArn, settings };
  const { roleSessionName, externalId, duration } = settings.value;
  const roleSessionDuration = ROLE_SESSION_DURATION.min;
  // Not verify: an endpoint's policy may keep a session that commands can use from GetCallerIdentity.
  const ask = (own: IntegrationInstance, command: Partial<CommandSettings>) => {
    const session = resolver.resolve(own, { roleArn, roleSessionDuration, ...command });
    return outcomeOf(session.then(({ assumedRoleArn = roleArn }) => assumedRoleArn));
  };
  // Tells in CloudTrail what these sessions are.
  const name = { roleSessionName: toMachineSessionName(runtime.hostname(), "rolecall-doctor") };

  const assumed = await ask(instance, name);
  const mayBeTheName = assumed.error?.code === "ASSUME_ROLE_DENIED" && roleSessionName !== undefined;
  const assumedByName = mayBeTheName ? await ask(instance, { roleSessionName }) : undefined;
  const seen: RoleSeen = { roleArn, settings, assumed, ...(assumedByName && { assumedByName }) };
  const found = assumed.value ?? assumedByName?.value;
  if (!found) return seen;
  const usable = assumed.value ? name : { roleSessionName };
  return {
    ...seen,
    ...(externalId && {
      withoutExternalId: await ask({ ...instance, externalId: undefined, allowedRoles: undefined }, usable),
    }),
    ...(duration.value > HOUR_SECONDS && {
      granted: await outcomeOf(
        longestGranted(duration.value, (seconds) =>
          resolver.resolve(instance, { roleArn, roleSessionDuration: seconds, ...usable }),
        ),
      ),
    }),
  };
}

async function readSettings(instance: IntegrationInstance, roleArn: string, { env }: Runtime): Promise<RoleSettings> {
  const { request, chosen } = explainRoleRequest(instance, { roleArn }, env);
  serviceRegion(request);
  return {
    allowedBy: chosen.allowedBy?.pattern,
    externalId: chosen.externalId && { value: true, from: chosen.externalId.from },
    roleSessionName: chosen.roleSessionName?.value,
    duration: chosen.durationSeconds,
  };
}

type Assume = (seconds: number) => Promise<unknown>;

/** `asked` if it is granted; else an hour in role chaining, else the longest of whole hours: by halves, four questions. */
async function longestGranted(asked: number, assume: Assume): Promise<GrantedDuration> {
  const refusal = await refusalOf(asked, assume);
  if (refusal === undefined) return { seconds: asked };
  let granted = 1;
  let refused = isChainingLimit(refusal) ? 1 : Math.ceil(asked / HOUR_SECONDS);
  while (refused - granted > 1) {
    const middle = Math.floor((granted + refused) / 2);
    if ((await refusalOf(middle * HOUR_SECONDS, assume)) === undefined) granted = middle;
    else refused = middle;
  }
  return { seconds: granted * HOUR_SECONDS, refusal };
}

/** STS's words. The library takes an hour where STS refuses more, and says so in an event. */
async function refusalOf(seconds: number, assume: Assume): Promise<string | undefined> {
  let refusal: string | undefined;
  const onClamped = (event: unknown) => {
    const { error } = event as RolecallEvents["duration-clamped"];
    refusal = awsWordsOf(error).replace(/\.$/, "");
  };
  subscribe("aws-rolecall:duration-clamped", onClamped);
  try {
    await assume(seconds);
  } finally {
    unsubscribe("aws-rolecall:duration-clamped", onClamped);
  }
  return refusal;
}
