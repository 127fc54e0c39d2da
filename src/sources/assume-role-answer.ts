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

/** The requested session. */
export interface AskedSession {
  readonly call: StsCall;
  readonly role: RoleArn;
  /** The requested name. `undefined` under a mock, because its response may not contain the name. */
  readonly roleSessionName: string | undefined;
  readonly durationSeconds: number;
  readonly flight: Flight;
}

/** Milliseconds by which the time from `Date` to `Expiration` may differ from the requested duration. */
const DATE_TOLERANCE = 60_000;
/** Characters. AWS documents no limit for a session token, but services reject longer headers. */
const LONGEST_TEXT = 16 * 1024;
const LOOK = "Check which server responds at the STS endpoint. In a test, check what the mock returns.";

/**
 * Converts a response of AssumeRole or AssumeRoleWithWebIdentity to a session.
 * @throws RolecallError `ASSUME_ROLE_INVALID` if the session is for a different role or session name, `STS_UNAVAILABLE`
 * if the response contains no usable session
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
  /** `undefined` if the credentials are incomplete or malformed. */
  readonly set: CredentialSet | undefined;
  /** The ARN of the assumed role's session. */
  readonly arn: string | undefined;
}

type CredentialSet = { readonly [K in "AccessKeyId" | "SecretAccessKey" | "SessionToken"]: string } & {
  readonly Expiration: Date;
};

/** A mock may return anything, so this reads each field only once and keeps a copy. */
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

/** The parser returns slices. Each would keep the whole response in memory for as long as the session is cached. */
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

/** Updates the server clock only if the response's `Date` and `Expiration` match the requested duration. */
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

/** STS always returns the session's ARN. It must name the requested session. */
function assertSessionOf({ role, roleSessionName, call }: AskedSession, { set, arn }: Answer): void {
  if (!set) return;
  if (arn === undefined && roleSessionName === undefined) return;
  if (arn === undefined) throw unusable(call, "has no AssumedRoleUser.Arn");
  const isAsked = isSessionForRole(role, arn) && (roleSessionName === undefined || arn.endsWith(`/${roleSessionName}`));
  if (isAsked) return;
  const what = `the response is for ${foreignText(arn, call.secrets)}, so the library does not use it`;
  throw stsCallFailed("ASSUME_ROLE_INVALID", call, what, LOOK);
}

function unusable(call: StsCall, what: string): RolecallError {
  return stsCallFailed("STS_UNAVAILABLE", call, `the response ${what}`, LOOK);
}

/**
 * A mock may return the same keys for all sessions. They count as a new session if they expire later than the cached
 * ones, or live longer than requested.
 */
function livesOn(set: CredentialSet | undefined, life = 0, { durationSeconds, flight }: AskedSession): boolean {
  if (life > durationSeconds * 1000) return true;
  return set !== undefined && flight.held?.expiration !== undefined && set.Expiration > flight.held.expiration;
}

/** STS issues new keys for each session. */
function assertNewKeys({ set }: Answer, { flight, call }: AskedSession): void {
  if (set && set.AccessKeyId === flight.held?.accessKeyId)
    throw unusable(call, "repeats the keys of the current session");
}

/** @param life milliseconds; `undefined` if the session has already expired, or the response has none */
function toSession(
  { set, arn }: Answer,
  life: number | undefined,
  { role, durationSeconds, call }: AskedSession,
  { asked }: AnswerTimes,
): IssuedSession {
  if (!set) throw unusable(call, "contains no complete credential set");
  if (life === undefined) throw unusable(call, "contains a session that has already expired");
  return {
    kind: "issued",
    asked,
    life: Math.min(life, durationSeconds * 1000), // never longer than requested
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
