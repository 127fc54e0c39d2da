import { LRUCache } from "lru-cache";
import type { Diagnostics } from "../diagnostics.js";
import { isRolecallError } from "../errors.js";
import { sessionNameOf } from "../request/limits.js";
import { isSessionOf } from "../request/role-arn.js";
import type { Assumption, RequestForRole, RoleRequest } from "../request/role-request.js";
import { isGiven } from "../request/validation.js";
import type { Runtime } from "../runtime.js";
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  type AssumeRoleCommandOutput,
  type Credentials,
} from "../sdk/sts.js";
import { lifeUntil } from "../session/refresh-policy.js";
import { redacted } from "../session/session-credentials.js";
import type { Flight, LoadedSession } from "../session/session-source.js";
import { isValidDate, type ServerClock, type ServerClocks } from "./server-clock.js";
import type { AnswerTimes, StsCalls } from "./sts-calls.js";
import type { StsCaller } from "./sts-clients.js";
import { type StsCall, stsCallFailed } from "./sts-errors.js";

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
  async assume(request: RequestForRole, caller: StsCaller, flight: Flight): Promise<LoadedSession> {
    const { assumption } = request;
    const requestedSeconds = assumption.durationSeconds;
    const seconds = this.#clamped.has(request.key) ? ALWAYS_GRANTED_SECONDS : requestedSeconds;
    const assumeFor = (durationSeconds: number) =>
      this.#assume(request, { ...assumption, durationSeconds }, caller, flight);
    try {
      return await assumeFor(seconds);
    } catch (error) {
      const mayBeTooLong = isRolecallError(error) && error.awsCode === "ValidationError";
      if (!mayBeTooLong || seconds <= ALWAYS_GRANTED_SECONDS) throw error;
      const session = await assumeFor(ALWAYS_GRANTED_SECONDS).catch(() => {
        throw error;
      });
      this.#clamped.set(request.key, true);
      const labels = { roleArn: assumption.role.arn, key: request.key };
      const grantedSeconds = ALWAYS_GRANTED_SECONDS;
      this.#options.diagnostics.publish("duration-clamped", { ...labels, requestedSeconds, grantedSeconds, error });
      return session;
    }
  }

  #assume({ sts }: RoleRequest, assumption: Assumption, caller: StsCaller, flight: Flight): Promise<LoadedSession> {
    const { calls, runtime, serverClocks } = this.#options;
    const call: StsCall = {
      action: "AssumeRole",
      roleArn: assumption.role.arn,
      region: sts.region,
      lastSuccess: flight.lastSuccess,
    };
    const input = toInput(assumption, runtime.hostname());
    return calls.ask(
      {
        call,
        caller,
        target: sts,
        command: () => new AssumeRoleCommand(input),
        read: (output, times) => {
          const clock = serverClocks.of(sts);
          const session = toSession(output, assumption, call, flight, (expiration) => {
            learnTime(clock, expiration, times, assumption.durationSeconds, runtime);
            return lifeUntil(expiration, times.date, clock.now(runtime), runtime.now());
          });
          return { ...session, asked: times.asked };
        },
      },
      flight,
    );
  }
}

function toInput(assumption: Assumption, hostname: string): AssumeRoleCommandInput {
  const { role, roleSessionName, durationSeconds, tags, transitiveTagKeys } = assumption;
  const { policy, policyArns, sourceIdentity, externalId } = assumption;
  const tagList = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return {
    RoleArn: role.arn,
    RoleSessionName: roleSessionName ?? sessionNameOf(hostname),
    DurationSeconds: durationSeconds,
    ...(policy !== undefined && { Policy: policy }),
    ...(policyArns !== undefined && { PolicyArns: policyArns.map((arn) => ({ arn })) }),
    ...(tagList.length > 0 && { Tags: tagList }),
    ...(transitiveTagKeys.length > 0 && { TransitiveTagKeys: [...transitiveTagKeys] }),
    ...(sourceIdentity !== undefined && { SourceIdentity: sourceIdentity }),
    ...(externalId !== undefined && { ExternalId: externalId }),
  };
}

/** An answer whose `Date` does not fit what it grants is wrong about the time: it teaches nothing. */
function learnTime(
  clock: ServerClock,
  expiration: number,
  { date }: AnswerTimes,
  durationSeconds: number,
  runtime: Runtime,
): void {
  if (date !== undefined && Math.abs(expiration - date - durationSeconds * 1000) <= DATE_TOLERANCE) {
    clock.observe(date, runtime);
  }
}

/**
 * The one mapping from STS's answer to a session.
 * @param lifeOf milliseconds that an expiration leaves, `undefined` if none
 */
function toSession(
  output: unknown,
  { role, durationSeconds }: Assumption,
  call: StsCall,
  flight: Flight,
  lifeOf: (expiration: number) => number | undefined,
): LoadedSession {
  const { Credentials: set, AssumedRoleUser: user } = (output ?? {}) as Partial<AssumeRoleCommandOutput>;
  const look = "Look at what answers at the STS endpoint; in a test, at the mock's answer.";
  const unusable = (what: string) => stsCallFailed("STS_UNAVAILABLE", call, `the answer ${what}`, look);
  if (!isCredentialSet(set)) throw unusable("holds no complete credential set");
  if (user?.Arn !== undefined && !isSessionOf(role, String(user.Arn))) {
    throw stsCallFailed("ASSUME_ROLE_INVALID", call, `the answer is for ${user.Arn}, and is not used`, look);
  }
  if (set.AccessKeyId === flight.heldAccessKeyId) throw unusable("repeats the session that is held already");
  const life = lifeOf(set.Expiration.getTime());
  if (life === undefined) throw unusable("holds a session that has expired already");
  return {
    life: Math.min(life, durationSeconds * 1000), // AWS gives no more than it is asked for
    credentials: redacted({
      accessKeyId: copyOf(set.AccessKeyId),
      secretAccessKey: copyOf(set.SecretAccessKey),
      sessionToken: copyOf(set.SessionToken),
      expiration: set.Expiration,
      accountId: role.accountId,
      ...(user?.Arn !== undefined && { assumedRoleArn: copyOf(user.Arn) }),
    }),
  };
}

/** The parser hands out slices, each of which would keep the whole answer in memory for as long as the session is held. */
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

type CredentialSet = { [K in "AccessKeyId" | "SecretAccessKey" | "SessionToken"]: string } & { Expiration: Date };

function isCredentialSet(set: Credentials | null | undefined): set is CredentialSet {
  return (
    isGiven(set) &&
    [set.AccessKeyId, set.SecretAccessKey, set.SessionToken].every((text) => typeof text === "string" && text !== "") &&
    isValidDate(set.Expiration)
  );
}
