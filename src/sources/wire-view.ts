import { findMiddlewareStack, type MiddlewareContext } from "../clients/sdk-middleware.js";
import { boundedAnswer } from "./bounded-answer.js";

interface Identity {
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
}

/** Observes the commands of one question on the wire. Sees nothing under a mock, which runs no middleware. */
export class WireView {
  /** Values that quoted foreign text must not contain: the question's secret, and the credentials that signed it. */
  readonly secrets = new Set<string>();
  #answered = false;

  constructor(secret?: string) {
    this.#add(secret);
  }

  /** Whether a response has arrived. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Adds middleware to a command that observes it and limits the size of its response. */
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
