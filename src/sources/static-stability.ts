import { isRolecallError } from "../errors.js";
import type { Flight } from "../session/flight.js";
import type { RefreshRules } from "../session/refresh-policy.js";
import type { Load, SessionSource } from "../session/session-source.js";

/**
 * A source whose last credentials are served beyond their expiry while it has no others: AWS extends those of an instance
 * profile while it cannot renew them.
 */
export class StaticStability implements SessionSource {
  readonly #source: SessionSource;

  constructor(source: SessionSource) {
    this.#source = source;
  }

  get key(): string {
    return this.#source.key;
  }

  get roleArn(): string | undefined {
    return this.#source.roleArn;
  }

  get rules(): RefreshRules {
    return this.#source.rules;
  }

  async load(flight: Flight): Promise<Load> {
    try {
      return await this.#source.load(flight);
    } catch (error) {
      if (!isRolecallError(error) || !flight.held || flight.invalidated) throw error;
      return { kind: "past-expiry", credentials: flight.held, error };
    }
  }
}
