import type { ClientConfigOf, SdkClientConstructor } from "./clients/client-types.js";
import type { AuthorSession } from "./request/author-session.js";
import type { CommandOverrides } from "./request/command-overrides.js";
import type { ExactInstance, IntegrationInstance } from "./request/integration-instance.js";
import type { SessionCredentials } from "./session/session-credentials.js";
import type { CallerIdentity } from "./sources/caller-identity.js";

/** What the author of a command may say about its client. */
export interface ClientOptions<K extends SdkClientConstructor> {
  /** Narrows or labels the command's session. */
  session?: AuthorSession | null | undefined;
  /** The client's own configuration. Identity and region are not part of it: the library sets them. */
  clientConfig?: ClientConfigOf<K> | undefined;
  /** Returns a new client instead of a pooled one. Default `false`. */
  fresh?: boolean | undefined;
  /** As in {@link ProviderOptions}: for a client that presigns URLs. */
  minRemaining?: number | undefined;
}

/** How the author of a command narrows or labels its session. */
export interface SessionOptions {
  /** Narrows or labels the command's session. */
  session?: AuthorSession | null | undefined;
}

/** What a credential provider asks of the session, each time that it is called. */
export interface ProviderOptions extends SessionOptions {
  /**
   * Milliseconds that the session must still be valid: one with less is replaced first. For presigned URLs, which expire with
   * the session that signed them. Less than the session's duration. Default 0.
   */
  minRemaining?: number | undefined;
}

/** How one caller waits. */
export interface WaitOptions {
  /**
   * Ends this caller's wait at once, with `ABORTED`. Others who wait for the same session are not affected. Without a signal a
   * caller waits until there is no progress for 60 seconds: a long queue in front of STS is progress while STS answers.
   */
  signal?: AbortSignal | undefined;
  /**
   * Called when the caller's load leaves the queue of calls to STS; not called if it needs no call. For a time limit that
   * should not count the wait for a turn.
   */
  onTurn?: (() => void) | undefined;
}

/** What one caller asks of `verify`. */
export interface VerifyOptions extends SessionOptions, WaitOptions {}

/** What one caller asks of a session. */
export interface ResolveOptions extends ProviderOptions, WaitOptions {
  /** Asks STS even if a valid session is held. Default `false`. */
  forceRefresh?: boolean | undefined;
}

/** Who a command acts as, by AWS's own word. */
export interface VerifiedIdentity extends CallerIdentity {
  /** The region of the STS endpoint that answered. */
  readonly region: string;
  /** The role that was asked for. Absent where the base identity itself acts. */
  readonly roleArn?: string;
  /** Who the base identity is. */
  readonly base: CallerIdentity;
  /** Who the source role's session is. Absent without `instance.sourceRole`. */
  readonly sourceRole?: CallerIdentity;
}

/** Counts since the resolver was made, and what it holds now. */
export interface ResolverStats {
  /** Keys held, base identities included. */
  readonly sessions: number;
  /** Pooled clients. */
  readonly clients: number;
  /** Answers from memory. The SDK asks two or three times per send, and each is counted. */
  readonly hits: number;
  /** Callers who found nothing valid and started a load. */
  readonly misses: number;
  /** Callers who found nothing valid and joined a load. */
  readonly joined: number;
  /** Sessions that the sources gave. */
  readonly refreshes: number;
  readonly refreshFailures: number;
  /** Refusals by STS, and callers who were answered with a remembered one. */
  readonly denied: number;
  /** Requests that `allowedRoles` refused. */
  readonly notAllowed: number;
  readonly invalidations: number;
  readonly evictions: number;
  /** Times that the store failed or returned an unusable record. 0 without a store. */
  readonly storeErrors: number;
  /** Calls to STS under way. */
  readonly assumeRoleInFlight: number;
  /** Calls to STS that wait for their turn. */
  readonly assumeRoleQueued: number;
}

/** Turns integration instances and commands into clients and credentials. One per process is enough. */
export interface CredentialResolver {
  /**
   * A client that acts as the command's role, in its region, with credentials that are never stale. Synchronous:
   * credentials resolve at the first `send`. Clients of the same settings share their session and their sockets.
   * @throws RolecallError `INVALID_REQUEST`, `ROLE_NOT_ALLOWED` or `RESOLVER_CLOSED`, before any network call
   */
  getClientForCommand<K extends SdkClientConstructor, I extends IntegrationInstance = IntegrationInstance>(
    Client: K,
    instance: ExactInstance<I>,
    command?: CommandOverrides | null,
    options?: ClientOptions<K>,
  ): InstanceType<K>;
  /**
   * The credentials themselves.
   * @throws RolecallError with any code; see `docs/errors.md` in this package
   */
  resolve<I extends IntegrationInstance>(
    instance: ExactInstance<I>,
    command?: CommandOverrides | null,
    options?: ResolveOptions,
  ): Promise<SessionCredentials>;
  /**
   * A credential provider for what takes one: presigners, `lib-storage`, any SDK v3 client. It reads the settings now,
   * and checks them now.
   * @throws RolecallError `INVALID_REQUEST`, `ROLE_NOT_ALLOWED` or `RESOLVER_CLOSED`
   */
  provider<I extends IntegrationInstance>(
    instance: ExactInstance<I>,
    command?: CommandOverrides | null,
    options?: ProviderOptions,
  ): () => Promise<SessionCredentials>;
  /**
   * The "Test" button: asks AWS who the command acts as, through the same path as any command, and checks that it is
   * the account and role that were asked for. A refusal that is remembered does not count: STS is asked again.
   * @throws RolecallError with any code; `ASSUME_ROLE_INVALID` if it is another identity
   */
  verify<I extends IntegrationInstance>(
    instance: ExactInstance<I>,
    command?: CommandOverrides | null,
    options?: VerifyOptions,
  ): Promise<VerifiedIdentity>;
  /**
   * Drops the session that these settings lead to, so that the next command gets a new one; without a role, the base
   * identity. A load under way does not bring it back.
   */
  invalidate<I extends IntegrationInstance>(
    instance: ExactInstance<I>,
    command?: CommandOverrides | null,
    options?: SessionOptions,
  ): Promise<void>;
  stats(): ResolverStats;
  /** Ends timers, sockets and waits. Callers who wait or ask later get `RESOLVER_CLOSED`. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
