import { boundedCache } from "../bounded-cache.js";
import type { Diagnostics } from "../diagnostics.js";
import { isRolecallError } from "../errors.js";
import type { Assumption, RoleLink } from "../request/chain.js";
import { toMachineSessionName } from "../request/limits.js";
import type { Runtime } from "../runtime.js";
import { AssumeRoleCommand, type AssumeRoleCommandInput } from "../sdk/sts.js";
import type { Flight } from "../session/flight.js";
import type { IssuedSession } from "../session/session-loader.js";
import { readAssumedSession } from "./assume-role-answer.js";
import { makeOfSts } from "./make-of-sts.js";
import type { ServerClocks } from "./server-clock.js";
import type { StsCaller } from "./sts-caller.js";
import type { StsCalls } from "./sts-calls.js";
import type { StsCall } from "./sts-errors.js";
import { WireView } from "./wire-view.js";

export interface RoleAssumerOptions {
  runtime: Runtime;
  diagnostics: Diagnostics;
  calls: StsCalls;
  serverClocks: ServerClocks;
}

/** Seconds. STS grants this for every role, regardless of its MaxSessionDuration, and role chaining allows no more. */
const ALWAYS_GRANTED_SECONDS = 3600;
const MAX_REMEMBERED = 1000;

/** Gets role sessions from STS. */
export class RoleAssumer {
  readonly #options: RoleAssumerOptions;
  /** Keys for which STS grants at most one hour. */
  readonly #clamped = boundedCache<true>(MAX_REMEMBERED);

  constructor(options: RoleAssumerOptions) {
    this.#options = options;
  }

  /**
   * Gets a session of the role. If STS rejects a duration over one hour, retries once with one hour.
   * @throws RolecallError as {@link StsCalls.ask} does, and `ASSUME_ROLE_INVALID` if the response is for another role
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
          const { role, durationSeconds } = assumption;
          const roleSessionName = wire.answered ? input.RoleSessionName : undefined;
          const asked = { call, role, roleSessionName, durationSeconds, flight };
          return readAssumedSession(output, asked, times, serverClocks.of(sts), runtime);
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
