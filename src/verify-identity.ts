import { onAbort } from "./abort.js";
import { errorOfCaller, RolecallError } from "./errors.js";
import { type Link, linksOf } from "./request/chain.js";
import { isSessionForRole } from "./request/role-arn.js";
import type { VerifiedIdentity } from "./resolver-types.js";
import { Flight, type SessionDemand } from "./session/flight.js";
import type { Sessions } from "./sessions.js";
import type { CallerIdentity } from "./sources/caller-identity.js";
import type { Sts } from "./sources/sts.js";

/**
 * Calls STS to find out which identity each link of a chain is, and checks that the last one is the requested role.
 * @param closed aborts the STS calls
 */
export async function verifyIdentity(
  chain: Link,
  demand: Partial<SessionDemand>,
  sessions: Sessions,
  sts: () => Promise<Sts>,
  closed: AbortSignal,
): Promise<VerifiedIdentity> {
  const role = chain.assumption?.role;
  // People press "Test" after a change, so a remembered denial does not count.
  if (role) await sessions.get(chain, { ...demand, despiteRefusal: true });
  const loaded = await sts();
  const identify = (link: Link) =>
    untilClosed(closed, (flight) => loaded.identify(sessions.caller(link), link.sts, role?.arn, flight));
  const identity = await identify(chain);
  if (role && !isSessionForRole(role, identity.arn)) {
    throw new RolecallError("ASSUME_ROLE_INVALID", `The command acts as ${identity.arn} and not as ${role.arn}.`, {
      step: "assume-role",
      roleArn: role.arn,
      hint: "Check which server responds at the STS endpoint. Its sessions must not be used.",
    });
  }
  const region = await loaded.region(sessions.caller(chain), chain.sts);
  const [base = identity, sourceRole] = await Promise.all(linksOf(chain).slice(0, -1).map(identify));
  return { ...identity, region, ...(role && { roleArn: role.arn }), base, ...(sourceRole && { sourceRole }) };
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
