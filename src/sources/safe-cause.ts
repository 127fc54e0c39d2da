import { getSystemErrorMap } from "node:util";
import { foreignLabel, foreignText } from "../foreign-text.js";

/** Codes whose messages quote the signed request, and with it the session token. */
const QUOTES_THE_REQUEST = /signature/i;
/** The SDK's own provider errors: their messages name files, profiles and addresses, and no secret; ours neither… */
const KNOWN_ERRORS = new Set([
  "CredentialsProviderError",
  "ProviderError",
  "TokenProviderError",
  "StoreError",
  "RolecallError",
  "MetadataError",
]);
/** …but where a `credential_process` fails: then Node's text stands there, with the command line and all of stderr. */
const QUOTES_A_COMMAND = /^Command failed/;

interface ForeignError {
  name?: unknown;
  message?: unknown;
  code?: unknown;
  statusCode?: unknown;
  $fault?: unknown;
  $metadata?: { httpStatusCode?: unknown; requestId?: unknown };
}

/**
 * A copy of a foreign error that is safe as a `cause`. Parsers quote the text that they fail on, Node's HTTP errors
 * carry raw packets, and SDK errors the whole response: of an answer that holds credentials none of it may be kept.
 * @param secrets what the text must not repeat
 */
export function safeCause(error: unknown, secrets: Iterable<string> = []): Error {
  const { name, message, code, statusCode, $fault, status, requestId } = fieldsOf(error);
  const safeName = foreignLabel(name, secrets) ?? "Error";
  const isSystemError = isSystemErrorCode(code);
  const keepsMessage =
    typeof message === "string" &&
    (isSystemError || $fault !== undefined || KNOWN_ERRORS.has(safeName) || isAbort(safeName)) &&
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

/** Each field is read once: a getter may throw, or give something else the next time. */
function fieldsOf(error: unknown) {
  try {
    const { name, message, code, statusCode, $fault, $metadata } = (error ?? {}) as ForeignError;
    const { httpStatusCode: status, requestId } = $metadata ?? {};
    return { name, message, code, statusCode, $fault, status, requestId };
  } catch {
    return {};
  }
}

/** Of a name that is not found, as Node has it, and of a proxy that refuses, as `network-options.ts` has it. */
const OTHER_CONNECTION_ERRORS: readonly string[] = ["ENOTFOUND", "EPROXY"];

/**
 * Such as `ECONNREFUSED`: what the system says of a connection. Not Node's `ERR_…` nor a database's `ER_…`, whose
 * messages quote the value that they refuse.
 */
export function isSystemErrorCode(code: unknown): code is string {
  if (typeof code !== "string") return false;
  return isErrno(code) || OTHER_CONNECTION_ERRORS.includes(code) || isCertificateErrorCode(code);
}

function isErrno(code: string): boolean {
  return code.startsWith("E") && [...getSystemErrorMap().values()].some(([name]) => name === code);
}

const CERTIFICATE_ERROR =
  /^(ERR_TLS_CERT_|CERT_|SELF_SIGNED_CERT_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH$|INVALID_CA$)/;

/** Such as `UNABLE_TO_VERIFY_LEAF_SIGNATURE`: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
export function isCertificateErrorCode(code: unknown): boolean {
  return typeof code === "string" && CERTIFICATE_ERROR.test(code);
}

function isAbort(name: string): boolean {
  return name === "AbortError" || name === "TimeoutError";
}
