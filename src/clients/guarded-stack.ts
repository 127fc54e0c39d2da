import type { Middleware, MiddlewareContext, MiddlewareOptions, MiddlewareStack, Next } from "./sdk-middleware.js";

/** Wraps the function that sends a request. No middleware can change the request after it. */
export type LastStep = (send: Next, context: MiddlewareContext) => Next;

/**
 * A client's middleware stack with a last step that middleware can neither remove nor follow. It is copy-on-write: clients
 * share one stack, and a change affects only the client that made it.
 */
export class GuardedStack implements MiddlewareStack {
  #stack: MiddlewareStack;
  #isOwn: boolean;
  readonly #lastStep: LastStep;

  constructor(stack: MiddlewareStack, lastStep: LastStep, isOwn = false) {
    this.#stack = stack;
    this.#lastStep = lastStep;
    this.#isOwn = isOwn;
  }

  /** A copy-on-write view for another client. Do not change this stack afterward. */
  share(): GuardedStack {
    return new GuardedStack(this.#stack, this.#lastStep);
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

  clone(): MiddlewareStack {
    return new GuardedStack(this.#stack.clone(), this.#lastStep, true);
  }

  concat(from: MiddlewareStack): MiddlewareStack {
    return new GuardedStack(this.#stack.concat(from), this.#lastStep, true);
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
    if (!this.#isOwn) this.#stack = this.#stack.clone();
    this.#isOwn = true;
    return this.#stack;
  }
}
