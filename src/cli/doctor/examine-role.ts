import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { RolecallEvents } from "../../diagnostics.js";
import type { CommandSettings } from "../../request/command-overrides.js";
import { type IntegrationInstance, readInstance } from "../../request/integration-instance.js";
import { ROLE_SESSION_DURATION, toMachineSessionName } from "../../request/limits.js";
import { decideRequest, serviceRegion } from "../../request/role-request.js";
import type { CredentialResolver } from "../../resolver-types.js";
import type { Runtime } from "../../runtime.js";
import type { WalkProgress } from "../accounts/progress-display.js";
import { readAwsMessage } from "./denial.js";
import {
  type GrantedDuration,
  isAssumable,
  isChainingLimit,
  type RoleSeen,
  type RoleSettings,
  toOutcome,
} from "./observations.js";

const HOUR_SECONDS = 3600;

/** What the doctor needs to examine roles. */
export interface Tools {
  readonly resolver: CredentialResolver;
  readonly runtime: Runtime;
  /** Called after each account. */
  readonly onProgress?: ((progress: WalkProgress) => void) | undefined;
}

/** Identifies the doctor's sessions in CloudTrail. */
export function doctorName(runtime: Runtime): string {
  return toMachineSessionName(runtime.hostname(), "rolecall-doctor");
}

/**
 * Assumes a role as a command would.
 * @param mayAssume whether there is an identity to assume it with
 */
export async function examineRole(
  { resolver, runtime }: Tools,
  instance: IntegrationInstance,
  roleArn: string,
  mayAssume: boolean,
): Promise<RoleSeen> {
  const settings = await toOutcome(readSettings(instance, roleArn, runtime));
  if (settings.error || !mayAssume) return { roleArn, settings };
  const { roleSessionName, externalId, duration } = settings.value;
  const roleSessionDuration = ROLE_SESSION_DURATION.min;
  // Does not call verify(): an endpoint policy may deny GetCallerIdentity to a session that commands can use.
  const ask = (own: IntegrationInstance, command: Partial<CommandSettings>) => {
    const session = resolver.resolve(own, { roleArn, roleSessionDuration, ...command });
    return toOutcome(session.then(({ assumedRoleArn = roleArn }) => assumedRoleArn));
  };
  const name = { roleSessionName: doctorName(runtime) };
  const assumed = await ask(instance, name);
  const mayBeTheName = assumed.error?.code === "ASSUME_ROLE_DENIED" && roleSessionName !== undefined;
  const assumedByName = mayBeTheName ? await ask(instance, { roleSessionName }) : undefined;
  const seen: RoleSeen = { roleArn, settings, assumed, assumedByName };
  if (!isAssumable(seen)) return seen;
  const usable = assumed.value ? name : { roleSessionName };
  const patterns = readInstance(instance).allowedRoles?.map(({ pattern }) => pattern);
  const anyone = { ...instance, externalId: undefined, allowedRoles: patterns };
  const assume = (seconds: number) => resolver.resolve(instance, { roleArn, roleSessionDuration: seconds, ...usable });
  return {
    ...seen,
    withoutExternalId: externalId && (await ask(anyone, usable)),
    granted:
      duration.value > HOUR_SECONDS ? await toOutcome(longestGranted(roleArn, duration.value, assume)) : undefined,
  };
}

/** The settings of the session that a command with this role would request. */
export async function readSettings(
  instance: IntegrationInstance,
  roleArn: string,
  { env }: Runtime,
): Promise<RoleSettings> {
  const { request, chosen } = decideRequest(instance, { roleArn }, undefined, env);
  serviceRegion(request);
  const { tags, sourceIdentity } = chosen.limits;
  return {
    allowedBy: chosen.allowedBy?.pattern,
    externalId: chosen.externalId && { value: true, from: chosen.externalId.from },
    roleSessionName: chosen.roleSessionName?.value,
    duration: chosen.durationSeconds,
    sets: { tags: Object.keys(tags).length > 0, sourceIdentity: sourceIdentity !== undefined },
  };
}

type Assume = (seconds: number) => Promise<unknown>;

/**
 * Finds the longest duration STS grants: `asked` itself, one hour with role chaining, or else a whole number of hours.
 * A binary search takes at most four calls.
 */
async function longestGranted(roleArn: string, asked: number, assume: Assume): Promise<GrantedDuration> {
  const refusal = await findRefusal(roleArn, asked, assume);
  if (refusal === undefined) return { seconds: asked };
  let granted = 1;
  let refused = isChainingLimit(refusal) ? 1 : Math.ceil(asked / HOUR_SECONDS);
  while (refused - granted > 1) {
    const middle = Math.floor((granted + refused) / 2);
    if ((await findRefusal(roleArn, middle * HOUR_SECONDS, assume)) === undefined) granted = middle;
    else refused = middle;
  }
  return { seconds: granted * HOUR_SECONDS, refusal };
}

/**
 * The message from STS if it rejects the duration; `undefined` if it grants it. After a rejection, the library falls
 * back to one hour and publishes an event.
 */
async function findRefusal(roleArn: string, seconds: number, assume: Assume): Promise<string | undefined> {
  let refusal: string | undefined;
  const onClamped = (event: unknown) => {
    const { error, roleArn: clamped } = event as RolecallEvents["duration-clamped"];
    if (clamped === roleArn) refusal = readAwsMessage(error).replace(/\.$/, "");
  };
  subscribe("aws-rolecall:duration-clamped", onClamped);
  try {
    await assume(seconds);
  } finally {
    unsubscribe("aws-rolecall:duration-clamped", onClamped);
  }
  return refusal;
}
