import type { SessionCredentials } from "../session/session-credentials.js";
import type { Middleware } from "./sdk-middleware.js";

/**
 * A provider that the SDK calls before each request, without a cache. It takes nothing from the client's
 * configuration, so that the SDK need not bind it to one.
 */
export type LiveProvider = (() => Promise<SessionCredentials>) & {
  readonly memoized: true;
  readonly configBound: true;
  readonly attributed: true;
};

export function liveProvider(read: () => Promise<SessionCredentials>): LiveProvider {
  return Object.assign(() => read(), { memoized: true, configBound: true, attributed: true } as const);
}

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Of S3 Express, one for each directory bucket. */
const MAX_BUCKET_SESSIONS = 1000;

/** What one client may sign with. */
export class RoleIdentity {
  readonly credentials: LiveProvider;
  #last: Keys | undefined;
  /** A request in flight may still use it. */
  #previous: Keys | undefined;
  /** The S3 Express sessions that this client opened as the role, by access key id. */
  readonly #bucketSessions = new Map<string, Keys>();

  constructor(provider: () => Promise<SessionCredentials>) {
    this.credentials = liveProvider(async () => {
      const session = await provider();
      if (session.accessKeyId !== this.#last?.accessKeyId) [this.#previous, this.#last] = [this.#last, session];
      return session;
    });
  }

  /** @param bucketToken the request's token of an S3 Express session */
  owns(accessKeyId: string, bucketToken?: string): boolean {
    if (bucketToken !== undefined) return this.#bucketSessions.get(accessKeyId)?.sessionToken === bucketToken;
    return accessKeyId === this.#last?.accessKeyId || accessKeyId === this.#previous?.accessKeyId;
  }

  /** What no error may show. */
  secrets(): string[] {
    const keys = [this.#last, this.#previous, ...this.#bucketSessions.values()];
    return keys.flatMap((each) => [each?.secretAccessKey ?? "", each?.sessionToken ?? ""]).filter(Boolean);
  }

  /** Remembers the answers to S3's CreateSession, which this client asks for as the role. */
  readonly rememberBucketSession: Middleware = (next, context) => async (args) => {
    const result = await next(args);
    if (context.__smithy_context?.operation === "CreateSession") this.#remember(result);
    return result;
  };

  #remember(result: unknown): void {
    const { Credentials } = (result as { output?: { Credentials?: Record<string, unknown> } }).output ?? {};
    const { AccessKeyId, SecretAccessKey, SessionToken } = Credentials ?? {};
    if (![AccessKeyId, SecretAccessKey, SessionToken].every((text) => typeof text === "string")) return;
    const [accessKeyId, secretAccessKey, sessionToken] = [AccessKeyId, SecretAccessKey, SessionToken] as string[];
    this.#bucketSessions.set(accessKeyId as string, { accessKeyId, secretAccessKey, sessionToken } as Keys);
    const [oldest] = this.#bucketSessions.keys();
    if (this.#bucketSessions.size > MAX_BUCKET_SESSIONS && oldest !== undefined) this.#bucketSessions.delete(oldest);
  }
}
