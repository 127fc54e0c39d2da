import type { ClientConfigOf, SdkClientConstructor } from "./clients/client-types.js";
import type { AuthorSession } from "./request/author-session.js";
import type { CommandOverrides } from "./request/command-overrides.js";
import type { ExactInstance, IntegrationInstance } from "./request/integration-instance.js";
import type { SessionCredentials } from "./session/session-credentials.js";
import type { CallerIdentity } from "./sources/caller-identity.js";

/** Options for one client. The author of a command sets them. */
export interface ClientOptions<K extends SdkClientConstructor> {
  /** Narrows or labels the command's session. */
  session?: AuthorSession | null | undefined;
  /** Configuration to pass to the client. The library sets credentials and region itself. */
  clientConfig?: ClientConfigOf<K> | undefined;
  /** Returns a new client instead of a pooled one. Default `false`. */
  fresh?: boolean | undefined;
  /** See {@link ProviderOptions.minRemaining}. For a client that presigns URLs. */
  minRemaining?: number | undefined;
}

/** Options that narrow or label a command's session. */
export interface SessionOptions {
  /** Narrows or labels the command's session. */
  session?: AuthorSession | null | undefined;
}

/** Options for a credential provider. They apply each time the SDK calls the provider. */
export interface ProviderOptions extends SessionOptions {
  /**
   * The minimum time, in milliseconds, that the session must remain valid. A session with less time left is refreshed
   * first. Use it for presigned URLs, which expire with the session that signed them. It must be less than the session's
   * duration. Default 0.
   */
  minRemaining?: number | undefined;
}

/** Options for a call that may have to wait. */
export interface WaitOptions {
  /**
   * Stops waiting when it aborts, and rejects with `ABORTED`. Other callers that wait for the same session are not
   * affected. Without a signal, the call gives up after 60 seconds without progress. A queue of STS calls that keeps
   * moving counts as progress.
   */
  signal?: AbortSignal | undefined;
  /**
   * Called when the request leaves the queue of STS calls. Not called if no STS call is needed. Use it to start a time
   * limit that does not include the time in the queue.
   */
  onTurn?: (() => void) | undefined;
}

/** Options for `verify`. */
export interface VerifyOptions extends SessionOptions, WaitOptions {}

/** Options for `resolve`. */
export interface ResolveOptions extends ProviderOptions, WaitOptions {
  /** Calls STS even if the cache holds a valid session. Default `false`. */
  forceRefresh?: boolean | undefined;
}

/** The identity that AWS reports for a command. */
export interface VerifiedIdentity extends CallerIdentity {
  /** The region of the STS endpoint that was called. */
  readonly region: string;
  /** The requested role. Absent if the base identity itself acts. */
  readonly roleArn?: string;
  /** The base identity. */
  readonly base: CallerIdentity;
  /** The source role's session. Absent without `instance.sourceRole`. */
  readonly sourceRole?: CallerIdentity;
}

/** Counters since the resolver was created, and its current state. */
export interface ResolverStats {
  /** Sessions in the cache, including base identities. */
  readonly sessions: number;
  /** Pooled clients. */
  readonly clients: number;
  /** Cache hits. The SDK asks for credentials two or three times per send, and each time counts. */
  readonly hits: number;
  /** Calls that found no valid session and started a load. */
  readonly misses: number;
  /** Calls that found no valid session and joined a load in progress. */
  readonly joined: number;
  /** Sessions loaded, from any source. */
  readonly refreshes: number;
  readonly refreshFailures: number;
  /** Denials by STS, including calls that got a remembered denial. */
  readonly denied: number;
  /** Requests for a role that `allowedRoles` does not allow. */
  readonly notAllowed: number;
  readonly invalidations: number;
  readonly evictions: number;
  /** How often the store failed or returned an unusable record. 0 without a store. */
  readonly storeErrors: number;
  /** STS calls in progress. */
  readonly assumeRoleInFlight: number;
  /** STS calls in the queue. */
  readonly assumeRoleQueued: number;
}

/** Creates clients and credentials for integration instances and their commands. One resolver per process is enough. */
export interface CredentialResolver {
  /**
   * Returns a client that acts as the command's role, in the command's region, and always has valid credentials.
   * Synchronous: the client gets its credentials on the first `send`. Clients with the same settings share their session
   * and their sockets.
   * @throws RolecallError `INVALID_REQUEST`, `ROLE_NOT_ALLOWED` or `RESOLVER_CLOSED`, before any network call
   */
  getClientForCommand<K extends SdkClientConstructor, I extends IntegrationInstance = IntegrationInstance>(
    Client: K,
    instance: ExactInstance<I>,
    command?: CommandOverrides | null,
    options?: ClientOptions<K>,
  ): InstanceType<K>;
  /**
   * Returns the credentials of the command's role.
   * @throws RolecallError with any code; see `docs/errors.md` in this package
   */
  resolve<I extends IntegrationInstance>(
    instance: ExactInstance<I>,
    command?: CommandOverrides | null,
    options?: ResolveOptions,
  ): Promise<SessionCredentials>;
  /**
   * Returns a credential provider, for presigners, `lib-storage` or any SDK v3 client. The settings are read and checked
   * now, not when the provider is called.
   * @throws RolecallError `INVALID_REQUEST`, `ROLE_NOT_ALLOWED` or `RESOLVER_CLOSED`
   */
  provider<I extends IntegrationInstance>(
    instance: ExactInstance<I>,
    command?: CommandOverrides | null,
    options?: ProviderOptions,
  ): () => Promise<SessionCredentials>;
  /**
   * For a "Test" button: asks AWS which identity the command acts as, over the same path as any command, and checks that
   * it is the requested account and role. It ignores a remembered denial and calls STS again.
   * @throws RolecallError with any code; `ASSUME_ROLE_INVALID` if the identity is a different one
   */
  verify<I extends IntegrationInstance>(
    instance: ExactInstance<I>,
    command?: CommandOverrides | null,
    options?: VerifyOptions,
  ): Promise<VerifiedIdentity>;
  /**
   * Drops the session for these settings, or the base identity if they name no role. The next command loads a new one. A
   * load that is already in progress does not bring the dropped session back.
   */
  invalidate<I extends IntegrationInstance>(
    instance: ExactInstance<I>,
    command?: CommandOverrides | null,
    options?: SessionOptions,
  ): Promise<void>;
  stats(): ResolverStats;
  /** Stops all timers and closes all sockets. Waiting and later calls reject with `RESOLVER_CLOSED`. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
