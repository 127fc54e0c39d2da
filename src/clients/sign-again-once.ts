import type { Middleware } from "./sdk-middleware.js";

/**
 * Gets another session for a call whose session a service refused. All other calls are signed with the refused one until
 * there is another.
 * @param doubtful the code has other causes too, such as a region that the account has not enabled
 * @returns whether another session would sign the next request
 * @throws RolecallError if no other session can be had
 */
export type ReplaceSession = (accessKeyId: string, doubtful: boolean) => Promise<boolean>;

/** The session has ended, whoever says so. */
const EXPIRED = new Set(["ExpiredToken", "ExpiredTokenException"]);
/** So has the session, or the signature of a machine whose clock is wrong: the SDK mends the latter by itself. */
const EXPIRED_UNLESS_CLOCK_SKEW = "RequestExpired";
/** The session may have been revoked, or the service does not know the account's sessions there. */
const DOUBTFUL = new Set(["InvalidToken", "InvalidClientTokenId", "UnrecognizedClientException"]);

/** A call that a service refuses for its session's sake is signed again, once, with a new session. */
export function signAgainOnce(replace: ReplaceSession): Middleware {
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

/** A stream has been read by the first attempt, and cannot be sent again. */
function holdsStream(input: unknown): boolean {
  return Object.values(input ?? {}).some(
    (value) =>
      typeof value === "object" &&
      value !== null &&
      ("pipe" in value || "getReader" in value || Symbol.asyncIterator in value),
  );
}
