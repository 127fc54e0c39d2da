import { isRolecallError } from "../errors.js";
import type { Flight } from "../session/flight.js";
import type { Load } from "../session/session-loader.js";

/**
 * If a load fails, serves the last credentials past their expiration. AWS extends an instance profile's credentials
 * while it can't renew them.
 */
export async function withStaticStability(load: (flight: Flight) => Promise<Load>, flight: Flight): Promise<Load> {
  try {
    return await load(flight);
  } catch (error) {
    if (!isRolecallError(error) || !flight.held || flight.invalidated) throw error;
    return { kind: "past-expiry", credentials: flight.held, error };
  }
}
