import { isRolecallError } from "../errors.js";
import type { SessionSource } from "../session/session-source.js";

/**
 * A source whose last credentials are served beyond their expiry while it has no others: AWS extends the credentials of
 * an instance profile while it cannot renew them.
 */
export function withStaticStability(source: SessionSource): SessionSource {
  return {
    ...source,
    async load(flight) {
      try {
        return await source.load(flight);
      } catch (error) {
        if (!isRolecallError(error) || !flight.held || flight.invalidated) throw error;
        return { kind: "past-expiry", credentials: flight.held, error };
      }
    },
  };
}
