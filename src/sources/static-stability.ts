import { isRolecallError } from "../errors.js";
import type { Flight } from "../session/flight.js";
import type { Load } from "../session/session-loader.js";

/**
 * Serves the last credentials beyond their expiry while there are no others: AWS extends the credentials of an instance
 * profile while it cannot renew them.
 */
export async function withStaticStability(load: (flight: Flight) => Promise<Load>, flight: Flight): Promise<Load> {
  try {
    return await load(flight);
  } catch (error) {
    if (!isRolecallError(error) || !flight.held || flight.invalidated) throw error;
    return { kind: "past-expiry", credentials: flight.held, error };
  }
}
