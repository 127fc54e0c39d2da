/** The parts of the SDK's middleware types that this library uses. They are the same in all versions of SDK v3. */

export type Next = (args: MiddlewareArguments) => Promise<unknown>;

export interface MiddlewareArguments {
  readonly input: unknown;
  /** Set from the "build" step onward. */
  readonly request?: unknown;
}

export interface MiddlewareContext {
  readonly __smithy_context?: {
    readonly operation?: string;
    readonly abortSignal?: AbortSignal;
    readonly selectedHttpAuthScheme?: {
      readonly httpAuthOption?: { readonly schemeId?: string };
      readonly identity?: { readonly [K in "accessKeyId" | "secretAccessKey" | "sessionToken"]?: string };
    };
  };
  readonly endpointV2?: {
    readonly properties?: {
      readonly authSchemes?: readonly { signingRegion?: string; signingRegionSet?: readonly string[] }[];
    };
  };
}

export type Middleware = (next: Next, context: MiddlewareContext) => Next;

export interface MiddlewareOptions {
  readonly step?: "initialize" | "finalizeRequest" | "deserialize";
  readonly name?: string;
  readonly priority?: "high" | "low";
}

export interface MiddlewareStack {
  add(middleware: Middleware, options?: MiddlewareOptions): void;
  addRelativeTo(middleware: Middleware, options: MiddlewareOptions): void;
  use(plugin: { applyToStack(stack: MiddlewareStack): void }): void;
  remove(middleware: unknown): boolean;
  removeByTag(tag: string): boolean;
  clone(): MiddlewareStack;
  concat(from: MiddlewareStack): MiddlewareStack;
  applyToStack(stack: MiddlewareStack): void;
  identify(): string[];
  identifyOnResolve(toggle?: boolean): boolean;
  resolve(send: Next, context: MiddlewareContext): Next;
}

/** The stack of a client or command. `undefined` for a mock. */
export function findMiddlewareStack(owner: object): MiddlewareStack | undefined {
  const { middlewareStack } = owner as { middlewareStack?: Partial<MiddlewareStack> };
  return typeof middlewareStack?.add === "function" ? (middlewareStack as MiddlewareStack) : undefined;
}
