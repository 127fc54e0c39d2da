import type { RequestForRole } from "../request/role-request.js";
import type { Flight } from "../session/flight.js";
import type { RefreshRules } from "../session/refresh-policy.js";
import type { Load, SessionSource } from "../session/session-source.js";
import type { SharedSessions } from "./shared-sessions.js";

/** A role's sessions by way of the store: the store's session where it has one, else a new one that is then shared. */
export class SharedSource implements SessionSource {
  readonly #source: SessionSource;
  readonly #request: RequestForRole;
  readonly #shared: () => Promise<SharedSessions>;

  /** @param source asked for a session that no process has */
  constructor(source: SessionSource, request: RequestForRole, shared: () => Promise<SharedSessions>) {
    this.#source = source;
    this.#request = request;
    this.#shared = shared;
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
    return (await this.#shared()).load(this.#request, flight, () => this.#source.load(flight));
  }

  async invalidate(accessKeyId: string | undefined): Promise<void> {
    await (await this.#shared()).invalidate(this.#request, accessKeyId);
  }
}
