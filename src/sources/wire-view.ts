import { findMiddlewareStack, type MiddlewareContext } from "../clients/sdk-middleware.js";
import { boundedAnswer } from "./bounded-answer.js";

interface Identity {
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
}

/** What the commands of one question show on the wire. Nothing under a mock, which runs no middleware. */
export class WireView {
  /** Text of others must not repeat these: what the question holds, and whatever signed it. */
  readonly secrets = new Set<string>();
  #answered = false;

  constructor(secret?: string) {
    this.#add(secret);
  }

  /** Whether an answer came over the wire. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Watches a command, whichever client sends it, and bounds its answer. */
  watch<C extends object>(command: C): C {
    findMiddlewareStack(command)?.add(
      (next, context: MiddlewareContext) => async (args) => {
        const identity = context.__smithy_context?.selectedHttpAuthScheme?.identity as Identity | undefined;
        this.#add(identity?.secretAccessKey);
        this.#add(identity?.sessionToken);
        const result = (await next(args)) as { response?: { body?: unknown } };
        this.#answered = true;
        if (result.response) result.response.body = boundedAnswer(result.response.body);
        return result;
      },
      { step: "deserialize", name: "rolecallWatchWire", priority: "low" },
    );
    return command;
  }

  #add(secret: string | undefined): void {
    if (secret !== undefined) this.secrets.add(secret);
  }
}
