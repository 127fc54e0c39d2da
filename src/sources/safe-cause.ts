import { getSystemErrorMap } from "node:util";
import { foreignLabel, foreignText } from "../foreign-text.js";

/** Error names whose messages quote the signed request, including the session token. */
const QUOTES_THE_REQUEST = /signature/i;
/** Errors whose messages contain file names, profiles and addresses, but no secrets. */
const KNOWN_ERRORS = new Set([
  "CredentialsProviderError",
  "ProviderError",
  "TokenProviderError",
  "StoreError",
  "RolecallError",
  "MetadataError",
  "AbortError",
  "TimeoutError",
]);
/** An exception: if a `credential_process` fails, the message is Node's, with the command line and all of stderr. */
const QUOTES_A_COMMAND = /^Command failed/;

/**
 * Copies an error from outside the library so that it is safe as a `cause`. Parser errors quote their input, Node's HTTP
 * errors contain raw packets, and SDK errors contain the whole response: all of these may include credentials.
 * @param secrets values that the copy must not contain
 */
export function safeCause(error: unknown, secrets: Iterable<string> = []): Error {
  const { name, message, code, statusCode, $fault, status, requestId } = readFields(error);
  const safeName = foreignLabel(name, secrets) ?? "Error";
  const isSystemError = isSystemErrorCode(code);
  const keepsMessage =
    typeof message === "string" &&
    (isSystemError || $fault !== undefined || KNOWN_ERRORS.has(safeName)) &&
    !QUOTES_THE_REQUEST.test(safeName) &&
    !QUOTES_A_COMMAND.test(message);
  const cause = new Error(keepsMessage ? foreignText(message, secrets) : "(message withheld: it may quote a secret)");
  cause.name = safeName;
  delete cause.stack;
  const httpStatusCode = typeof status === "number" ? status : undefined;
  return Object.assign(
    cause,
    isSystemError && { code },
    typeof statusCode === "number" && { statusCode },
    status !== undefined && { $metadata: { httpStatusCode, requestId: foreignLabel(requestId, secrets) } },
  );
}

/** Reads each field once, because a getter may throw or return a different value the next time. */
function readFields(error: unknown) {
  try {
    const { name, message, code, statusCode, $fault, $metadata } = (error ?? {}) as Record<string, unknown>;
    const { httpStatusCode: status, requestId } = ($metadata ?? {}) as Record<string, unknown>;
    return { name, message, code, statusCode, $fault, status, requestId };
  } catch {
    return {};
  }
}

/**
 * Whether `code` belongs to a connection error, such as `ECONNREFUSED`. Node's `ERR_…` and databases' `ER_…` codes are
 * excluded, because their messages quote the rejected value.
 */
export function isSystemErrorCode(code: unknown): code is string {
  if (code === "ENOTFOUND" || code === "EPROXY" || isCertificateErrorCode(code)) return true; // proxy-agents.ts sets EPROXY
  return code !== "UNKNOWN" && [...getSystemErrorMap().values()].some(([name]) => name === code);
}

const CERTIFICATE_ERROR =
  /^(ERR_TLS_CERT_|CERT_|SELF_SIGNED_CERT_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH$|INVALID_CA$)/;

/** For example `UNABLE_TO_VERIFY_LEAF_SIGNATURE`: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
export function isCertificateErrorCode(code: unknown): code is string {
  return typeof code === "string" && CERTIFICATE_ERROR.test(code);
}
