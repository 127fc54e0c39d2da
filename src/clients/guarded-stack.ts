import type { Middleware, MiddlewareContext, MiddlewareOptions, MiddlewareStack, Next } from "./sdk-middleware.js";

/** Wraps what sends a request: nothing can change the request between the two. */
export type LastStep = (send: Next, context: MiddlewareContext) => Next;

/**
 * A client's middleware stack whose last step cannot be removed or preceded, and whose changes stay with the client: it
 * shares another stack until it is changed for the first time.
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

  /** The same stack for another client. This one must not change any more. */
  share(): GuardedStack {
    return new GuardedStack(this.#stack, this.#lastStep);
  }

  add(middleware: Middleware, options?: MiddlewareOptions): void {
    this.#changing().add(middleware, options);
  }

  addRelativeTo(middleware: Middleware, options: MiddlewareOptions): void {
    this.#changing().addRelativeTo(middleware, options);
  }

  use(plugin: { applyToStack(stack: MiddlewareStack): void }): void {
    plugin.applyToStack(this);
  }

  remove(middleware: unknown): boolean {
    return this.#changing().remove(middleware);
  }

  removeByTag(tag: string): boolean {
    return this.#changing().removeByTag(tag);
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
    return toggle === undefined ? this.#stack.identifyOnResolve() : this.#changing().identifyOnResolve(toggle);
  }

  resolve(send: Next, context: MiddlewareContext): Next {
    return this.#stack.resolve(this.#lastStep(send, context), context);
  }

  #changing(): MiddlewareStack {
    if (!this.#isOwn) this.#stack = this.#stack.clone();
    this.#isOwn = true;
    return this.#stack;
  }
}
