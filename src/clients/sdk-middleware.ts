/** The SDK's middleware, as far as ours uses it. The same in all versions of SDK v3. */

export type Next = (args: MiddlewareArguments) => Promise<unknown>;

export interface MiddlewareArguments {
  readonly input: unknown;
  /** From the step "build" on. */
  readonly request?: unknown;
}

export interface MiddlewareContext {
  readonly __smithy_context?: {
    readonly abortSignal?: AbortSignal;
    readonly selectedHttpAuthScheme?: {
      readonly httpAuthOption?: { readonly schemeId?: string };
      readonly identity?: { readonly accessKeyId?: string; readonly sessionToken?: string };
    };
  };
}

export type Middleware = (next: Next, context: MiddlewareContext) => Next;

export interface MiddlewareStack {
  add(
    middleware: Middleware,
    options: { step: "initialize" | "finalizeRequest" | "deserialize"; name: string; priority: "high" | "low" },
  ): void;
}
