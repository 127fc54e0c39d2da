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
import { EXPIRY_MARGIN } from "../session/refresh-policy.js";
import { redacted } from "../session/session-credentials.js";
import type { Flight, LoadedSession } from "../session/session-source.js";
import { isValidDate } from "./server-clock.js";
import type { StsCalls } from "./sts-calls.js";
import type { StsCaller } from "./sts-clients.js";
import { type StsCall, stsCallFailed } from "./sts-errors.js";

export interface RoleAssumerOptions {
  runtime: Runtime;
  diagnostics: Diagnostics;
  calls: StsCalls;
}

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
    const { calls, runtime } = this.#options;
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
        read: (output, now) => toSession(output, assumption, call, flight, now),
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

/** The one mapping from STS's answer to a session. */
function toSession(
  output: unknown,
  { role, durationSeconds }: Assumption,
  call: StsCall,
  flight: Flight,
  now: number,
): LoadedSession {
  const { Credentials: set, AssumedRoleUser: user } = (output ?? {}) as Partial<AssumeRoleCommandOutput>;
  const look = "Look at what answers at the STS endpoint; in a test, at the mock's answer.";
  const unusable = (what: string) => stsCallFailed("STS_UNAVAILABLE", call, `the answer ${what}`, look);
  if (!isCredentialSet(set)) throw unusable("holds no complete credential set");
  if (user?.Arn !== undefined && !isSessionOf(role, String(user.Arn))) {
    throw stsCallFailed("ASSUME_ROLE_INVALID", call, `the answer is for ${user.Arn}, and is not used`, look);
  }
  if (set.AccessKeyId === flight.heldAccessKeyId) throw unusable("repeats the session that is held already");
  const life = set.Expiration.getTime() - now;
  if (!(life > EXPIRY_MARGIN)) throw unusable("holds a session that has expired already");
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
