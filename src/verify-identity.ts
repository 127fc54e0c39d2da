import { onAbort } from "./abort.js";
import { errorOfCaller, RolecallError } from "./errors.js";
import { isSessionForRole } from "./request/role-arn.js";
import type { RoleRequest } from "./request/role-request.js";
import type { VerifiedIdentity } from "./resolver-types.js";
import { Flight } from "./session/flight.js";
import type { Sessions } from "./sessions.js";
import type { CallerIdentity } from "./sources/caller-identity.js";
import type { Sts } from "./sources/sts.js";
import type { StsCaller } from "./sources/sts-caller.js";

/**
 * Asks AWS who a request acts as, and checks that it is the role that was asked for.
 * @param closed ends the calls to STS with its reason
 */
export async function verifyIdentity(
  request: RoleRequest,
  sessions: Sessions,
  sts: () => Promise<Sts>,
  closed: AbortSignal,
): Promise<VerifiedIdentity> {
  const role = request.assumption?.role;
  // A "Test" button is pressed after a change, so a remembered refusal must not answer.
  if (role) await sessions.get(request, { despiteRefusal: true });
  const loaded = await sts();
  const identify = (caller: StsCaller) =>
    untilClosed(closed, (flight) => loaded.identify(caller, request.sts, role?.arn, flight));
  const caller = sessions.caller(request);
  const identity = await identify(caller);
  if (role && !isSessionForRole(role, identity.arn)) {
    throw new RolecallError("ASSUME_ROLE_INVALID", `The command acts as ${identity.arn} and not as ${role.arn}.`, {
      step: "assume-role",
      roleArn: role.arn,
      hint: "Check what answers at the STS endpoint: its sessions must not be used.",
    });
  }
  const region = await loaded.region(caller, request.sts);
  const base = role ? await identify(sessions.baseCaller(request)) : identity;
  return { ...identity, region, ...(role && { roleArn: role.arn }), base };
}

async function untilClosed(
  closed: AbortSignal,
  ask: (flight: Flight) => Promise<CallerIdentity>,
): Promise<CallerIdentity> {
  closed.throwIfAborted();
  const flight = new Flight().raise();
  const stop = onAbort(closed, () => flight.abort(closed.reason));
  try {
    return await ask(flight);
  } catch (error) {
    throw errorOfCaller(error);
  } finally {
    stop();
  }
}
