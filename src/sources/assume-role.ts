import { LRUCache } from "lru-cache";
import type { Diagnostics } from "../diagnostics.js";
import { isRolecallError, type RolecallError } from "../errors.js";
import { foreignText } from "../foreign-text.js";
import type { Assumption, RoleLink } from "../request/chain.js";
import { ACCESS_KEY_ID, toMachineSessionName } from "../request/limits.js";
import { isSessionForRole, type RoleArn } from "../request/role-arn.js";
import { isGiven } from "../request/validation.js";
import type { Runtime } from "../runtime.js";
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  type AssumeRoleCommandOutput,
  type Credentials,
} from "../sdk/sts.js";
import type { Flight } from "../session/flight.js";
import { lifeUntil, type Moment } from "../session/refresh-policy.js";
import { redacted } from "../session/session-credentials.js";
import type { IssuedSession } from "../session/session-source.js";
import { makeOfSts } from "./make-of-sts.js";
import { isValidDate, type ServerClock, type ServerClocks } from "./server-clock.js";
import type { StsCaller } from "./sts-caller.js";
import type { AnswerTimes, StsCalls } from "./sts-calls.js";
import { type StsCall, stsCallFailed } from "./sts-errors.js";
import { WireView } from "./wire-view.js";

export interface RoleAssumerOptions {
  runtime: Runtime;
  diagnostics: Diagnostics;
  calls: StsCalls;
  serverClocks: ServerClocks;
}

/** Milliseconds by which an answer's `Date` and `Expiration` may lie farther apart, or closer, than what was asked for. */
const DATE_TOLERANCE = 60_000;
/** Seconds that STS grants for every role, whatever its MaxSessionDuration, and the most that role chaining allows. */
const ALWAYS_GRANTED_SECONDS = 3600;
const MAX_REMEMBERED = 1000;
/** Characters. AWS names no limit for a session token; services take no header that is longer. */
const LONGEST_TEXT = 16 * 1024;
const LOOK = "Look at what answers at the STS endpoint; in a test, at the mock's answer.";

/** Asks STS for sessions of roles. */
export class RoleAssumer {
  readonly #options: RoleAssumerOptions;
  /** Keys for which STS grants one hour and no more. */
  readonly #clamped = new LRUCache<string, true>({ max: MAX_REMEMBERED });

  constructor(options: RoleAssumerOptions) {
    this.#options = options;
  }

  /**
   * A session of the role. A duration over one hour that STS refuses is asked for once more as one hour.
   * @throws RolecallError as {@link StsCalls.ask} does, and `ASSUME_ROLE_INVALID` if STS answers for another role
   */
  async assume(link: RoleLink, caller: StsCaller, flight: Flight): Promise<IssuedSession> {
    const { assumption } = link;
    const requestedSeconds = assumption.durationSeconds;
    const seconds = this.#clamped.has(link.key) ? ALWAYS_GRANTED_SECONDS : requestedSeconds;
    const assumeFor = (durationSeconds: number) =>
      this.#assume(link, { ...assumption, durationSeconds }, caller, flight);
    try {
      return await assumeFor(seconds);
    } catch (error) {
      const mayBeTooLong = isRolecallError(error) && error.awsCode === "ValidationError";
      if (!mayBeTooLong || seconds <= ALWAYS_GRANTED_SECONDS) throw error;
      const session = await assumeFor(ALWAYS_GRANTED_SECONDS).catch(() => {
        throw error;
      });
      this.#clamped.set(link.key, true);
      const { step, key } = link;
      const labels = { step, roleArn: assumption.role.arn, key };
      const grantedSeconds = ALWAYS_GRANTED_SECONDS;
      this.#options.diagnostics.publish("duration-clamped", { ...labels, requestedSeconds, grantedSeconds, error });
      return session;
    }
  }

  #assume({ step, sts }: RoleLink, assumption: Assumption, caller: StsCaller, flight: Flight): Promise<IssuedSession> {
    const { calls, runtime, serverClocks } = this.#options;
    const wire = new WireView(assumption.externalId);
    const call: StsCall = {
      action: "AssumeRole",
      step,
      caller,
      roleArn: assumption.role.arn,
      region: sts.region,
      lastSuccess: flight.lastSuccess,
      secrets: wire.secrets,
    };
    const input = toInput(assumption, runtime.hostname());
    return calls.ask(
      {
        call,
        caller,
        target: sts,
        command: () => wire.watch(makeOfSts("AssumeRoleCommand", () => new AssumeRoleCommand(input))),
        read: (output, times) => {
          const answer = readAnswer(output);
          assertSessionOf(assumption.role, wire.answered ? input.RoleSessionName : undefined, answer, call);
          const life = answer.set && this.#lifeOf(answer.set, times, assumption, serverClocks.of(sts));
          if (wire.answered || !livesOn(answer.set, life, assumption, flight)) assertNewKeys(answer, flight, call);
          return toSession(answer, life, assumption, times.asked, call);
        },
      },
      flight,
    );
  }

  /** An answer whose `Date` does not fit what it grants is wrong about the time: it teaches nothing. */
  #lifeOf(
    { Expiration }: CredentialSet,
    { date }: AnswerTimes,
    { durationSeconds }: Assumption,
    clock: ServerClock,
  ): number | undefined {
    const { runtime } = this.#options;
    const expiration = Expiration.getTime();
    const isPlausible = date !== undefined && Math.abs(expiration - date - durationSeconds * 1000) <= DATE_TOLERANCE;
    if (isPlausible) clock.observe(date, runtime);
    return lifeUntil(expiration, date, clock.now(runtime), runtime.now());
  }
}

function toInput(assumption: Assumption, hostname: string): AssumeRoleCommandInput {
  const { role, roleSessionName, durationSeconds, tags, transitiveTagKeys } = assumption;
  const { policy, policyArns, sourceIdentity, externalId } = assumption;
  const tagList = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return {
    RoleArn: role.arn,
    RoleSessionName: roleSessionName ?? toMachineSessionName(hostname),
    DurationSeconds: durationSeconds,
    ...(policy !== undefined && { Policy: policy }),
    ...(policyArns !== undefined && { PolicyArns: policyArns.map((arn) => ({ arn })) }),
    ...(tagList.length > 0 && { Tags: tagList }),
    ...(transitiveTagKeys.length > 0 && { TransitiveTagKeys: [...transitiveTagKeys] }),
    ...(sourceIdentity !== undefined && { SourceIdentity: sourceIdentity }),
    ...(externalId !== undefined && { ExternalId: externalId }),
  };
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

/**
 * STS always says whose session it returns, and it must be the requested one.
 * @param sessionName as it was asked for over the wire; `undefined` under a mock, which may leave all that out
 */
function assertSessionOf(role: RoleArn, sessionName: string | undefined, { set, arn }: Answer, call: StsCall): void {
  if (!set) return;
  if (arn === undefined && sessionName === undefined) return;
  if (arn === undefined) throw unusable(call, "does not say whose session it holds");
  const isAsked = isSessionForRole(role, arn) && (sessionName === undefined || arn.endsWith(`/${sessionName}`));
  if (isAsked) return;
  const what = `the answer is for ${foreignText(arn, call.secrets)}, and is not used`;
  throw stsCallFailed("ASSUME_ROLE_INVALID", call, what, LOOK);
}

function unusable(call: StsCall, what: string): RolecallError {
  return stsCallFailed("STS_UNAVAILABLE", call, `the answer ${what}`, LOOK);
}

/** A mock may have one key set for all sessions: it is a new one if it expires later, or outlives what was asked for. */
function livesOn(set: CredentialSet | undefined, life = 0, { durationSeconds }: Assumption, { held }: Flight): boolean {
  if (life > durationSeconds * 1000) return true;
  return set !== undefined && held?.expiration !== undefined && set.Expiration > held.expiration;
}

/** STS gives each session new keys. */
function assertNewKeys({ set }: Answer, { held }: Flight, call: StsCall): void {
  if (set && set.AccessKeyId === held?.accessKeyId) throw unusable(call, "repeats the session that is held already");
}

/**
 * The one mapping from STS's answer to a session.
 * @param life milliseconds; `undefined` if the session has expired already, or there is none
 */
function toSession(
  { set, arn }: Answer,
  life: number | undefined,
  { role, durationSeconds }: Assumption,
  asked: Moment,
  call: StsCall,
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
