import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createCredentialResolver } from "../../credential-resolver.js";
import type { RolecallEvents } from "../../diagnostics.js";
import type { CommandSettings } from "../../request/command-overrides.js";
import type { IntegrationInstance } from "../../request/integration-instance.js";
import { ROLE_SESSION_DURATION, toMachineSessionName } from "../../request/limits.js";
import { decideRequest, serviceRegion } from "../../request/role-request.js";
import type { CredentialResolver } from "../../resolver-types.js";
import type { Runtime } from "../../runtime.js";
import { readInstanceRegion } from "../../sources/instance-profile.js";
import { noteUnusedIdentities, noteUnusedProxy } from "../../sources/unused-environment.js";
import { readAwsMessage } from "./denial.js";
import { lookAtMetadata } from "./look-at-machine.js";
import {
  type GrantedDuration,
  isAccepted,
  isChainingLimit,
  type Metadata,
  type Observations,
  type RoleSeen,
  type RoleSettings,
  type StsSeen,
  toOutcome,
} from "./observations.js";
import { listenToSts } from "./sts-listener.js";

const HOUR_SECONDS = 3600;

/** The configuration to examine, and the machine to examine it on. */
interface Subject {
  readonly instance: IntegrationInstance;
  readonly roleArns: readonly string[];
  readonly runtime: Runtime;
}

/**
 * Goes through the steps of a command with the library's own code. Creates nothing in AWS: it calls GetCallerIdentity
 * and requests sessions that nothing uses.
 */
export async function examine(subject: Subject): Promise<Observations> {
  const { roleArns, runtime } = subject;
  const instance = withoutRole(subject.instance);
  const decide = (own: IntegrationInstance) => decideRequest(own, undefined, undefined, runtime.env);
  const { request, chosen } = decide({ ...instance, credentials: "Ec2InstanceMetadata" });
  const notes = {
    identities: await noteUnusedIdentities(runtime.env),
    proxy: noteUnusedProxy(runtime.env, request.network),
  };
  const base = await toOutcome((async () => decide(instance).request.chain.base)());
  if (base.error) {
    return { base, notes, metadata: undefined, keys: undefined, region: undefined, sts: undefined, roles: [] };
  }
  const isInstanceProfile = base.value.kind === "instance-profile";
  const metadata = isInstanceProfile || !chosen.region ? await lookAtMetadata(runtime) : undefined;
  const listener = listenToSts(runtime.now);
  // A single attempt per call, so that the report shows transient failures. Throttled calls are still retried for up to
  // ten seconds.
  const resolver = createCredentialResolver({ runtime, assumeRole: { attempts: 1 } });
  try {
    const mayHaveKeys = !isInstanceProfile || !metadata?.problem;
    const keys = mayHaveKeys ? await toOutcome(resolver.resolve(instance).then(() => true as const)) : undefined;
    const region = chosen.region ? { value: chosen.region } : await readRegion(metadata, runtime);
    let sts: StsSeen | undefined;
    if (keys?.value && region?.value) {
      const caller = await toOutcome(resolver.verify(instance));
      const asked = caller.value?.region ?? instance.sts?.region ?? region.value.value;
      sts = { region: asked, caller, ...listener.lastAnswer() };
    }
    const roles: RoleSeen[] = [];
    for (const roleArn of roleArns) roles.push(await examineRole(resolver, subject, roleArn, sts));
    return { base, notes, metadata, keys, region, sts, roles };
  } finally {
    await resolver.close();
    listener.close();
  }
}

/** The instance without the settings that apply only to role sessions. */
function withoutRole({ credentials, sts, region, network }: IntegrationInstance): IntegrationInstance {
  return { credentials, sts, region, network };
}

async function readRegion(metadata: Metadata | undefined, runtime: Runtime): Promise<Observations["region"]> {
  if (metadata?.problem) return undefined;
  return toOutcome(readInstanceRegion(runtime).then((value) => ({ value, from: "the metadata service" })));
}

async function examineRole(
  resolver: CredentialResolver,
  { instance, runtime }: Subject,
  roleArn: string,
  sts: StsSeen | undefined,
): Promise<RoleSeen> {
  const settings = await toOutcome(readSettings(instance, roleArn, runtime));
  if (settings.error || !sts || !isAccepted(sts)) return { roleArn, settings };
  const { roleSessionName, externalId, duration } = settings.value;
  const roleSessionDuration = ROLE_SESSION_DURATION.min;
  // Does not call verify(): an endpoint policy may deny GetCallerIdentity to a session that commands can use.
  const ask = (own: IntegrationInstance, command: Partial<CommandSettings>) => {
    const session = resolver.resolve(own, { roleArn, roleSessionDuration, ...command });
    return toOutcome(session.then(({ assumedRoleArn = roleArn }) => assumedRoleArn));
  };
  // Identifies these sessions in CloudTrail.
  const name = { roleSessionName: toMachineSessionName(runtime.hostname(), "rolecall-doctor") };

  const assumed = await ask(instance, name);
  const mayBeTheName = assumed.error?.code === "ASSUME_ROLE_DENIED" && roleSessionName !== undefined;
  const assumedByName = mayBeTheName ? await ask(instance, { roleSessionName }) : undefined;
  const seen: RoleSeen = { roleArn, settings, assumed, assumedByName };
  if (!assumed.value && !assumedByName?.value) return seen;
  const usable = assumed.value ? name : { roleSessionName };
  const anyone = { ...instance, externalId: undefined, allowedRoles: undefined };
  const assume = (seconds: number) => resolver.resolve(instance, { roleArn, roleSessionDuration: seconds, ...usable });
  return {
    ...seen,
    withoutExternalId: externalId && (await ask(anyone, usable)),
    granted: duration.value > HOUR_SECONDS ? await toOutcome(longestGranted(duration.value, assume)) : undefined,
  };
}

async function readSettings(instance: IntegrationInstance, roleArn: string, { env }: Runtime): Promise<RoleSettings> {
  const { request, chosen } = decideRequest(instance, { roleArn }, undefined, env);
  serviceRegion(request);
  return {
    allowedBy: chosen.allowedBy?.pattern,
    externalId: chosen.externalId && { value: true, from: chosen.externalId.from },
    roleSessionName: chosen.roleSessionName?.value,
    duration: chosen.durationSeconds,
  };
}

type Assume = (seconds: number) => Promise<unknown>;

/**
 * Finds the longest duration STS grants: `asked` itself, one hour with role chaining, or else a whole number of hours.
 * A binary search takes at most four calls.
 */
async function longestGranted(asked: number, assume: Assume): Promise<GrantedDuration> {
  const refusal = await findRefusal(asked, assume);
  if (refusal === undefined) return { seconds: asked };
  let granted = 1;
  let refused = isChainingLimit(refusal) ? 1 : Math.ceil(asked / HOUR_SECONDS);
  while (refused - granted > 1) {
    const middle = Math.floor((granted + refused) / 2);
    if ((await findRefusal(middle * HOUR_SECONDS, assume)) === undefined) granted = middle;
    else refused = middle;
  }
  return { seconds: granted * HOUR_SECONDS, refusal };
}

/**
 * The message with which STS rejects the duration; `undefined` if STS grants it. The library then falls back to one
 * hour and reports the rejection in an event.
 */
async function findRefusal(seconds: number, assume: Assume): Promise<string | undefined> {
  let refusal: string | undefined;
  const onClamped = (event: unknown) => {
    const { error } = event as RolecallEvents["duration-clamped"];
    refusal = readAwsMessage(error).replace(/\.$/, "");
  };
  subscribe("aws-rolecall:duration-clamped", onClamped);
  try {
    await assume(seconds);
  } finally {
    unsubscribe("aws-rolecall:duration-clamped", onClamped);
  }
  return refusal;
}
