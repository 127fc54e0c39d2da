import type { Middleware, MiddlewareContext, MiddlewareOptions, MiddlewareStack, Next } from "./sdk-middleware.js";

/** Wraps the function that sends a request. No middleware can change the request after this step. */
export type LastStep = (send: Next, context: MiddlewareContext) => Next;

/**
 * A client's middleware stack with a last step that middleware cannot remove. No middleware runs after it. The stack is
 * copy-on-write: clients share one stack, and a change affects only the client that made it.
 */
export class GuardedStack implements MiddlewareStack {
  #stack: MiddlewareStack;
  #isShared = false;
  readonly #lastStep: LastStep;

  constructor(stack: MiddlewareStack, lastStep: LastStep) {
    this.#stack = stack;
    this.#lastStep = lastStep;
  }

  add(middleware: Middleware, options?: MiddlewareOptions): void {
    this.#ownStack().add(middleware, options);
  }

  addRelativeTo(middleware: Middleware, options: MiddlewareOptions): void {
    this.#ownStack().addRelativeTo(middleware, options);
  }

  use(plugin: { applyToStack(stack: MiddlewareStack): void }): void {
    plugin.applyToStack(this);
  }

  remove(middleware: unknown): boolean {
    return this.#ownStack().remove(middleware);
  }

  removeByTag(tag: string): boolean {
    return this.#ownStack().removeByTag(tag);
  }

  clone(): GuardedStack {
    const clone = new GuardedStack(this.#stack, this.#lastStep);
    clone.#isShared = true;
    this.#isShared = true;
    return clone;
  }

  concat(from: MiddlewareStack): GuardedStack {
    return new GuardedStack(this.#stack.concat(from), this.#lastStep);
  }

  applyToStack(stack: MiddlewareStack): void {
    this.#stack.applyToStack(stack);
  }

  identify(): string[] {
    return this.#stack.identify();
  }

  identifyOnResolve(toggle?: boolean): boolean {
    return toggle === undefined ? this.#stack.identifyOnResolve() : this.#ownStack().identifyOnResolve(toggle);
  }

  resolve(send: Next, context: MiddlewareContext): Next {
    return this.#stack.resolve(this.#lastStep(send, context), context);
  }

  #ownStack(): MiddlewareStack {
    if (this.#isShared) this.#stack = this.#stack.clone();
    this.#isShared = false;
    return this.#stack;
  }
}
