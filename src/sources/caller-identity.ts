import type { StsTarget } from "../request/role-request.js";
import { GetCallerIdentityCommand, type GetCallerIdentityCommandOutput } from "../sdk/sts.js";
import type { Flight } from "../session/session-source.js";
import type { StsCalls } from "./sts-calls.js";
import type { StsCaller } from "./sts-clients.js";
import { type StsCall, stsCallFailed } from "./sts-errors.js";

/** Who AWS says a caller is. */
export interface CallerIdentity {
  readonly accountId: string;
  readonly arn: string;
  readonly userId: string;
}

/**
 * Asks AWS who a caller is.
 * @throws RolecallError as {@link StsCalls.ask} does
 */
export function readCallerIdentity(
  calls: StsCalls,
  caller: StsCaller,
  target: StsTarget,
  roleArn: string | undefined,
  flight: Flight,
): Promise<CallerIdentity> {
  const call: StsCall = { action: "GetCallerIdentity", roleArn, region: target.region, lastSuccess: undefined };
  return calls.ask(
    {
      call,
      caller,
      target,
      command: () => new GetCallerIdentityCommand({}),
      read: (output) => {
        const { Account, Arn, UserId } = (output ?? {}) as Partial<GetCallerIdentityCommandOutput>;
        if (Account && Arn && UserId) return { accountId: Account, arn: Arn, userId: UserId };
        const hint = "Look at what answers at the STS endpoint; in a test, at the mock's answer.";
        throw stsCallFailed("STS_UNAVAILABLE", call, "the answer names no identity", hint);
      },
    },
    flight,
  );
}
