import type { RequestForRole } from "../request/role-request.js";
import type { Flight } from "../session/flight.js";
import type { RefreshRules } from "../session/refresh-policy.js";
import type { Load, SessionSource } from "../session/session-source.js";
import type { BaseIdentityWatch } from "./base-identity-watch.js";
import type { Sts } from "./sts.js";
import type { StsCaller } from "./sts-caller.js";

export interface RoleSourceContext {
  readonly rules: RefreshRules;
  readonly baseIdentities: BaseIdentityWatch;
  readonly sts: () => Promise<Sts>;
}

/** The sessions of a role: assumed by the base identity. */
export class RoleSource implements SessionSource {
  readonly #request: RequestForRole;
  readonly #caller: StsCaller;
  readonly #context: RoleSourceContext;

  constructor(request: RequestForRole, caller: StsCaller, context: RoleSourceContext) {
    this.#request = request;
    this.#caller = caller;
    this.#context = context;
  }

  get key(): string {
    return this.#request.key;
  }

  get roleArn(): string {
    return this.#request.assumption.role.arn;
  }

  get rules(): RefreshRules {
    return this.#context.rules;
  }

  async load(flight: Flight): Promise<Load> {
    this.#context.baseIdentities.note(this.#request);
    const { assumer } = await this.#context.sts();
    return assumer.assume(this.#request, this.#caller, flight);
  }
}
