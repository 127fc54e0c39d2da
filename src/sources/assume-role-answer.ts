import type { RolecallError } from "../errors.js";
import { foreignText } from "../foreign-text.js";
import { ACCESS_KEY_ID } from "../request/limits.js";
import { isSessionForRole, type RoleArn } from "../request/role-arn.js";
import { isGiven } from "../request/validation.js";
import type { Runtime } from "../runtime.js";
import type { AssumeRoleCommandOutput, Credentials } from "../sdk/sts.js";
import type { Flight } from "../session/flight.js";
import { lifeUntil } from "../session/refresh-policy.js";
import { redacted } from "../session/session-credentials.js";
import type { IssuedSession } from "../session/session-loader.js";
import { isValidDate, type ServerClock } from "./server-clock.js";
import type { AnswerTimes } from "./sts-calls.js";
import { type StsCall, stsCallFailed } from "./sts-errors.js";

/** What STS was asked for. */
export interface AskedSession {
  readonly call: StsCall;
  readonly role: RoleArn;
  /** As it was asked for over the wire; `undefined` under a mock, which may leave all that out. */
  readonly roleSessionName: string | undefined;
  readonly durationSeconds: number;
  readonly flight: Flight;
}

/** Milliseconds by which an answer's `Date` and `Expiration` may lie farther apart, or closer, than what was asked for. */
const DATE_TOLERANCE = 60_000;
/** Characters. AWS names no limit for a session token; services take no header that is longer. */
const LONGEST_TEXT = 16 * 1024;
const LOOK = "Look at what answers at the STS endpoint; in a test, at the mock's answer.";

/**
 * The one mapping from an answer of AssumeRole or AssumeRoleWithWebIdentity to a session.
 * @throws RolecallError `ASSUME_ROLE_INVALID` for another role's session, `STS_UNAVAILABLE` if there is none to use
 */
export function readAssumedSession(
  output: unknown,
  asked: AskedSession,
  times: AnswerTimes,
  clock: ServerClock,
  runtime: Runtime,
): IssuedSession {
  const answer = readAnswer(output);
  assertSessionOf(asked, answer);
  const life = answer.set && lifeOf(answer.set, times, asked, clock, runtime);
  if (asked.roleSessionName !== undefined || !livesOn(answer.set, life, asked)) assertNewKeys(answer, asked);
  return toSession(answer, life, asked, times);
}

interface Answer {
  /** `undefined` for one that is not complete. */
  readonly set: CredentialSet | undefined;
  /** Of the assumed role's session. */
  readonly arn: string | undefined;
}

type CredentialSet = { readonly [K in "AccessKeyId" | "SecretAccessKey" | "SessionToken"]: string } & {
  readonly Expiration: Date;
};

/** Under a mock an answer may be anything. Each field is read once, and kept as a copy. */
function readAnswer(output: unknown): Answer {
  try {
    const { Credentials: set, AssumedRoleUser: user } = (output ?? {}) as Partial<AssumeRoleCommandOutput>;
    const arn = user?.Arn;
    return { set: isGiven(set) ? readCredentialSet(set) : undefined, arn: isGiven(arn) ? String(arn) : undefined };
  } catch {
    return { set: undefined, arn: undefined }; // a mock's getter threw
  }
}

function readCredentialSet({ AccessKeyId, SecretAccessKey, SessionToken, Expiration }: Credentials) {
  const time = isValidDate(Expiration) ? Number(Expiration.getTime()) : Number.NaN;
  const isComplete = isText(AccessKeyId) && isText(SecretAccessKey) && isText(SessionToken);
  if (!isComplete || !ACCESS_KEY_ID.test(AccessKeyId) || Number.isNaN(time)) return undefined;
  return {
    AccessKeyId: copyOf(AccessKeyId),
    SecretAccessKey: copyOf(SecretAccessKey),
    SessionToken: copyOf(SessionToken),
    Expiration: new Date(time),
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= LONGEST_TEXT;
}

/** The parser hands out slices, each of which would keep the whole answer in memory for as long as the session is held. */
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

/** An answer whose `Date` does not fit what it grants is wrong about the time: it teaches nothing. */
function lifeOf(
  { Expiration }: CredentialSet,
  { date }: AnswerTimes,
  { durationSeconds }: AskedSession,
  clock: ServerClock,
  runtime: Runtime,
): number | undefined {
  const expiration = Expiration.getTime();
  const isPlausible = date !== undefined && Math.abs(expiration - date - durationSeconds * 1000) <= DATE_TOLERANCE;
  if (isPlausible) clock.observe(date, runtime);
  return lifeUntil(expiration, date, clock.now(runtime), runtime.now());
}

/** STS always says whose session it returns, and it must be the requested one. */
function assertSessionOf({ role, roleSessionName, call }: AskedSession, { set, arn }: Answer): void {
  if (!set) return;
  if (arn === undefined && roleSessionName === undefined) return;
  if (arn === undefined) throw unusable(call, "does not say whose session it holds");
  const isAsked = isSessionForRole(role, arn) && (roleSessionName === undefined || arn.endsWith(`/${roleSessionName}`));
  if (isAsked) return;
  const what = `the answer is for ${foreignText(arn, call.secrets)}, and is not used`;
  throw stsCallFailed("ASSUME_ROLE_INVALID", call, what, LOOK);
}

function unusable(call: StsCall, what: string): RolecallError {
  return stsCallFailed("STS_UNAVAILABLE", call, `the answer ${what}`, LOOK);
}

/** A mock may have one key set for all sessions: it is a new one if it expires later, or outlives what was asked for. */
function livesOn(set: CredentialSet | undefined, life = 0, { durationSeconds, flight }: AskedSession): boolean {
  if (life > durationSeconds * 1000) return true;
  return set !== undefined && flight.held?.expiration !== undefined && set.Expiration > flight.held.expiration;
}

/** STS gives each session new keys. */
function assertNewKeys({ set }: Answer, { flight, call }: AskedSession): void {
  if (set && set.AccessKeyId === flight.held?.accessKeyId)
    throw unusable(call, "repeats the session that is held already");
}

/** @param life milliseconds; `undefined` if the session has expired already, or there is none */
function toSession(
  { set, arn }: Answer,
  life: number | undefined,
  { role, durationSeconds, call }: AskedSession,
  { asked }: AnswerTimes,
): IssuedSession {
  if (!set) throw unusable(call, "holds no complete credential set");
  if (life === undefined) throw unusable(call, "holds a session that has expired already");
  return {
    kind: "issued",
    asked,
    life: Math.min(life, durationSeconds * 1000), // AWS gives no more than it is asked for
    credentials: redacted({
      accessKeyId: set.AccessKeyId,
      secretAccessKey: set.SecretAccessKey,
      sessionToken: set.SessionToken,
      expiration: set.Expiration,
      accountId: role.accountId,
      ...(arn !== undefined && { assumedRoleArn: copyOf(arn) }),
    }),
  };
}
