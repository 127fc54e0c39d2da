import type { SessionCredentials } from "../session/session-credentials.js";
import type { Middleware } from "./sdk-middleware.js";

/**
 * A provider that the SDK calls before each request, without caching its result. It does not depend on the client's
 * configuration, so the SDK does not need to bind it to a client.
 */
export type LiveProvider = (() => Promise<SessionCredentials>) & {
  readonly memoized: true;
  readonly configBound: true;
  readonly attributed: true;
};

export function liveProvider(read: () => Promise<SessionCredentials>): LiveProvider {
  return Object.assign(() => read(), { memoized: true, configBound: true, attributed: true } as const);
}

type Keys = Pick<SessionCredentials, "accessKeyId" | "secretAccessKey" | "sessionToken">;

/** S3 Express has one session for each directory bucket. */
const MAX_BUCKET_SESSIONS = 1000;

/** The keys that one client may sign with. */
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

  /** @param bucketToken the S3 Express session token of the request */
  owns(accessKeyId: string, bucketToken?: string): boolean {
    if (bucketToken !== undefined) return this.#bucketSessions.get(accessKeyId)?.sessionToken === bucketToken;
    return accessKeyId === this.#last?.accessKeyId || accessKeyId === this.#previous?.accessKeyId;
  }

  /** The secrets to redact from errors. */
  secrets(): (string | undefined)[] {
    const keys = [this.#last, this.#previous, ...this.#bucketSessions.values()];
    return keys.flatMap((each) => [each?.secretAccessKey, each?.sessionToken]);
  }

  /** Remembers the sessions that this client gets from S3's CreateSession as the role. */
  readonly rememberBucketSession: Middleware = (next, context) => async (args) => {
    const result = await next(args);
    if (context.__smithy_context?.operation === "CreateSession") this.#remember(result);
    return result;
  };

  #remember(result: unknown): void {
    const { Credentials } = (result as { output?: { Credentials?: Record<string, unknown> } }).output ?? {};
    const {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: sessionToken,
    } = Credentials ?? {};
    if (![accessKeyId, secretAccessKey, sessionToken].every((text) => typeof text === "string")) return;
    this.#bucketSessions.set(accessKeyId as string, { accessKeyId, secretAccessKey, sessionToken } as Keys);
    const [oldest] = this.#bucketSessions.keys();
    if (this.#bucketSessions.size > MAX_BUCKET_SESSIONS && oldest !== undefined) this.#bucketSessions.delete(oldest);
  }
}
