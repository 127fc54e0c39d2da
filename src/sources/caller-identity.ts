import type { StsTarget } from "../request/chain.js";
import { GetCallerIdentityCommand, type GetCallerIdentityCommandOutput } from "../sdk/sts.js";
import type { Flight } from "../session/flight.js";
import { makeOfSts } from "./make-of-sts.js";
import type { StsCaller } from "./sts-caller.js";
import type { StsCalls } from "./sts-calls.js";
import { type StsCall, stsCallFailed } from "./sts-errors.js";
import { WireView } from "./wire-view.js";

const ACCOUNT_ID = /^\d{12}$/;
const ARN = /^arn:[\w-]+:(iam|sts)::\d{12}:[!-~]{1,2048}$/;
const USER_ID = /^[!-~]{1,256}$/;

/** A caller's identity, as AWS reports it. */
export interface CallerIdentity {
  readonly accountId: string;
  readonly arn: string;
  readonly userId: string;
}

/**
 * Calls GetCallerIdentity.
 * @throws RolecallError as {@link StsCalls.ask} does
 */
export function readCallerIdentity(
  calls: StsCalls,
  caller: StsCaller,
  target: StsTarget,
  roleArn: string | undefined,
  flight: Flight,
): Promise<CallerIdentity> {
  const wire = new WireView();
  const action = "GetCallerIdentity";
  const { step } = caller;
  const { region } = target;
  const call: StsCall = { action, step, caller, roleArn, region, lastSuccess: undefined, secrets: wire.secrets };
  return calls.ask(
    {
      call,
      caller,
      target,
      command: () => wire.watch(makeOfSts("GetCallerIdentityCommand", () => new GetCallerIdentityCommand({}))),
      read: (output) => {
        const identity = readIdentity(output);
        if (identity) return identity;
        const hint = "Check which server responds at the STS endpoint. In a test, check what the mock returns.";
        throw stsCallFailed("STS_UNAVAILABLE", call, "the response contains no valid identity", hint);
      },
    },
    flight,
  );
}

/** Reports print the identity, so it must match AWS's format. */
function readIdentity(output: unknown): CallerIdentity | undefined {
  try {
    const { Account, Arn, UserId } = (output ?? {}) as Partial<GetCallerIdentityCommandOutput>;
    const fits = isOf(ACCOUNT_ID, Account) && isOf(ARN, Arn) && isOf(USER_ID, UserId);
    return fits ? { accountId: Account, arn: Arn, userId: UserId } : undefined;
  } catch {
    return undefined; // a mock's getter threw
  }
}

function isOf(shape: RegExp, value: unknown): value is string {
  return typeof value === "string" && shape.test(value);
}
