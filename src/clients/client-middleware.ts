import { raceAbort } from "../abort.js";
import type { RoleIdentity } from "./role-identity.js";
import type { Middleware, MiddlewareStack } from "./sdk-middleware.js";

/**
 * Replaces a session that a service rejected. Other calls keep using the rejected session until the new one arrives.
 * @param doubtful whether the error code can have another cause, such as a region that the account has not enabled
 * @returns whether a different session would sign the next request
 * @throws RolecallError if no other session is available
 */
export type ReplaceSession = (accessKeyId: string, doubtful: boolean) => Promise<boolean>;

/** Adds the library's middleware to a client that acts as `identity`. */
export function addMiddleware(stack: MiddlewareStack, identity: RoleIdentity, replace: ReplaceSession): void {
  stack.add(abortWaitingSend, { step: "initialize", priority: "high", name: "rolecallAbort" });
  stack.add(signAgainOnce(replace), { step: "initialize", priority: "low", name: "rolecallSignAgain" });
  stack.add(withholdSecrets(identity), { step: "initialize", priority: "low", name: "rolecallWithholdSecrets" });
  stack.add(identity.rememberBucketSession, { step: "deserialize", priority: "high", name: "rolecallBucketSession" });
}

/**
 * Rejects a `send` with the SDK's own error if its `abortSignal` aborts while it waits for credentials. The SDK itself
 * checks the signal only when it sends the request.
 */
const abortWaitingSend: Middleware = (next, context) => async (args) => {
  const signal = context.__smithy_context?.abortSignal;
  if (typeof signal?.addEventListener !== "function") return next(args);
  try {
    return await raceAbort(next(args), signal);
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    throw Object.assign(new Error("Request aborted", { cause: error }), { name: "AbortError" });
  }
};

/** The session has expired. */
const EXPIRED = new Set(["ExpiredToken", "ExpiredTokenException"]);
/** The session has expired, or this machine's clock is wrong. The SDK itself corrects for clock skew. */
const EXPIRED_UNLESS_CLOCK_SKEW = "RequestExpired";
/** The session may be revoked, or the service does not recognize the account's sessions in this region. */
const DOUBTFUL = new Set(["InvalidToken", "InvalidClientTokenId", "UnrecognizedClientException"]);

/** Retries a call once with a new session if a service rejects its session. */
function signAgainOnce(replace: ReplaceSession): Middleware {
  return (next, context) => async (args) => {
    try {
      return await next(args);
    } catch (error) {
      const { name = "", $metadata } = error as { name?: string; $metadata?: { clockSkewCorrected?: boolean } };
      const accessKeyId = context.__smithy_context?.selectedHttpAuthScheme?.identity?.accessKeyId;
      const expired = EXPIRED.has(name) || (name === EXPIRED_UNLESS_CLOCK_SKEW && !$metadata?.clockSkewCorrected);
      if (accessKeyId === undefined || !(expired || DOUBTFUL.has(name))) throw error;
      if (!(await replace(accessKeyId, !expired)) || holdsStream(args.input)) throw error;
      return next(args);
    }
  };
}

/** Whether the input contains a stream, which the first attempt has already consumed. */
function holdsStream(input: unknown): boolean {
  return Object.values(input ?? {}).some(
    (value) =>
      typeof value === "object" &&
      value !== null &&
      ("pipe" in value || "getReader" in value || Symbol.asyncIterator in value),
  );
}

/**
 * Removes the session token and the secret key from errors, because a service may echo them. For example, S3 returns a
 * rejected token as `Token-0`, and after a signature mismatch, the canonical request, which contains the token.
 */
export function withholdSecrets(identity: Pick<RoleIdentity, "secrets">): Middleware {
  return (next, context) => async (args) => {
    try {
      return await next(args);
    } catch (error) {
      const { secretAccessKey, sessionToken } = context.__smithy_context?.selectedHttpAuthScheme?.identity ?? {};
      const { Redaction } = await import("./redaction.js"); // loaded only when an error occurs
      throw new Redaction([...identity.secrets(), secretAccessKey, sessionToken]).thrown(error);
    }
  };
}
