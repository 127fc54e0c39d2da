import { RolecallError, type RolecallErrorCode, type RolecallErrorStep } from "../errors.js";
import { getRetryAfterHint, isClockSkewCorrectedError, isThrottlingError, isTransientError } from "../sdk/sts.js";
import { safeCause } from "./safe-cause.js";
import type { StsCaller } from "./sts-caller.js";
import { chooseStsHint } from "./sts-hints.js";
import { isTestRun } from "./test-run.js";
import { withNote } from "./unused-environment.js";
import { ANSWER_TOO_LARGE, TOO_LARGE } from "./wire-view.js";

/** How to react to an STS error. The first match in this order wins. */
export type StsErrorKind =
  | "clock-skew" // the SDK has corrected its clock: sign again at once
  | "throttling"
  | "transient"
  | "base-identity" // the signing keys are rejected
  | "denied"
  | "region-disabled"
  | "invalid"; // the request itself is rejected

/** An SDK error. A mock may throw anything. */
export type StsError = Error & {
  $metadata?: { httpStatusCode?: number; requestId?: string };
  $response?: unknown;
};
type SdkError = Parameters<typeof isTransientError>[0];

/** The SDK's list includes AccessDenied. With a wrong clock, the SDK also marks every error as corrected. */
const CLOCK_SKEW_CODES = new Set([
  "SignatureDoesNotMatch",
  "InvalidSignature",
  "RequestExpired",
  "RequestTimeTooSkewed",
  "RequestInTheFuture",
]);

const BASE_IDENTITY_CODES = new Set([
  "ExpiredToken",
  "InvalidClientTokenId",
  "UnrecognizedClient",
  "SignatureDoesNotMatch",
  "InvalidIdentityToken",
  "IDPRejectedClaim",
]);

/** Error names for a response without an AWS error code, for example from a proxy. */
const NO_CODES = new Set(["", "Unknown", "Error", "SyntaxError", ANSWER_TOO_LARGE]);

/** Decides by error code and status, never by message text. */
export function classifyStsError(error: StsError): StsErrorKind {
  try {
    const code = errorCode(error);
    const sdkError = error as SdkError;
    if (isClockSkewCorrectedError(sdkError) && CLOCK_SKEW_CODES.has(code)) return "clock-skew";
    if (isThrottlingError(sdkError)) return "throttling";
    if (!isClockSkewCorrectedError(sdkError) && isTransientError(sdkError)) return "transient";
    if (code === "IDPCommunicationError") return "transient";
    if (BASE_IDENTITY_CODES.has(code)) return "base-identity";
    if (code === "AccessDenied") return "denied";
    if (code === "RegionDisabled") return "region-disabled";
    const status = error.$metadata?.httpStatusCode ?? 0;
    return status >= 400 && status < 500 && !NO_CODES.has(code) ? "invalid" : "transient";
  } catch {
    return "transient"; // a mock's error, with getters that throw
  }
}

/** The documented error code, without the `Exception` that some protocols append. */
function errorCode({ name }: Error): string {
  return typeof name === "string" ? name.replace(/Exception$/, "") : "";
}

/** Milliseconds from the response's `Retry-After` header, rounded up to whole seconds. */
export function retryAfter(error: StsError): number | undefined {
  try {
    const at = getRetryAfterHint(error.$response);
    return at && Math.max(Math.ceil((at.getTime() - Date.now()) / 1000), 0) * 1000;
  } catch {
    return undefined;
  }
}

const CODES: Record<StsErrorKind, RolecallErrorCode> = {
  "clock-skew": "STS_UNAVAILABLE",
  throttling: "STS_UNAVAILABLE",
  transient: "STS_UNAVAILABLE",
  "base-identity": "BASE_IDENTITY_REJECTED",
  denied: "ASSUME_ROLE_DENIED",
  "region-disabled": "REGION_DISABLED",
  invalid: "ASSUME_ROLE_INVALID",
};

/** For a test whose mock throws an error. */
const HINTS_FOR_MOCKS: Partial<Record<StsErrorKind, string>> = {
  throttling:
    "Use a manual clock, because ten seconds of attempts exceed the time limit of most tests: createCredentialResolver({ runtime: createManualClock() }), then clock.advance(10_000).",
  transient:
    'Make the STS mock reject with an error that has AWS\'s name: Object.assign(new Error("no"), { name: "AccessDenied" }).',
};

export interface StsCall {
  readonly action: "AssumeRole" | "AssumeRoleWithWebIdentity" | "GetCallerIdentity";
  readonly step: RolecallErrorStep;
  /** The identity whose keys sign the call. */
  readonly caller: Pick<StsCaller, "step" | "roleArn">;
  readonly roleArn: string | undefined;
  /** From the settings, or else from the request's signature. */
  readonly region: string | undefined;
  /** The machine's region, if it is known to be outside the role's partition. */
  readonly foreignRegion?: string | undefined;
  /** When a session was last obtained. Epoch milliseconds. */
  readonly lastSuccess: number | undefined;
  /** Values to redact from quoted third-party text. */
  readonly secrets?: Iterable<string>;
  /** A sentence to add to the hint of a network error. */
  readonly networkNote?: string | undefined;
  /** Whether the call used the option `stsClient`. Then the caller gets the client's error as the reason. */
  readonly usesInjectedClient?: boolean;
}

/** The only place that turns an STS error into a `RolecallError`. */
export function translateStsError(error: StsError, kind: StsErrorKind, call: StsCall): RolecallError {
  const failure = readFailure(error, kind, call);
  const { code, requestId, cause, systemCode } = failure;
  const isFromMock = comesFromMock(error);
  const hint = (isFromMock && HINTS_FOR_MOCKS[kind]) || chooseStsHint(failure);
  const own = isOfToken(failure) ? "BASE_IDENTITY_UNAVAILABLE" : CODES[kind];
  return new RolecallError(own, `${describeCall(call)} failed: ${describeError(failure)}.`, {
    step: kind === "base-identity" ? call.caller.step : call.step,
    retryable: CODES[kind] === "STS_UNAVAILABLE" || kind === "base-identity",
    roleArn: call.roleArn,
    region: call.region,
    requestId,
    awsCode: code,
    hint: systemCode === undefined ? hint : withNote(hint, call.networkNote),
    cause,
    ...((isFromMock || call.usesInjectedClient) && { reason: error }),
  });
}

/** The SDK's retry strategy adds `$metadata` to every error, and recognizes connection errors by name or code. */
function comesFromMock(error: StsError): boolean {
  try {
    return error.$metadata === undefined && !isTransientError(error as SdkError) && isTestRun();
  } catch {
    return isTestRun();
  }
}

/** All parts except `message` are safe to quote. */
function readFailure(error: StsError, kind: StsErrorKind, { action, secrets, region, foreignRegion, caller }: StsCall) {
  const cause: StsError & { code?: string } = safeCause(error, secrets);
  const { httpStatusCode: status, requestId } = cause.$metadata ?? {};
  const name = errorCode(cause);
  const code = (status ?? 0) >= 300 && !NO_CODES.has(name) ? name : undefined;
  const message = readMessage(error);
  return {
    action,
    kind,
    cause,
    status,
    systemCode: cause.code,
    code,
    requestId,
    message,
    region,
    foreignRegion,
    callerRole: caller.roleArn,
  };
}

function readMessage(error: StsError): string {
  try {
    return String(error.message);
  } catch {
    return ""; // a mock's getter throws
  }
}

/** Shows AWS's message only if AWS rejects the request. Other messages may quote a response or a request. */
function describeError(failure: ReturnType<typeof readFailure>): string {
  const name = chooseName(failure);
  const isRefusal = failure.kind === "denied" || failure.kind === "invalid" || isOfToken(failure);
  return isRefusal ? `${name}, ${failure.cause.message.replace(/\.$/, "")}` : name;
}

function chooseName({ cause: { name }, status, systemCode, code }: ReturnType<typeof readFailure>): string {
  if (systemCode !== undefined) return systemCode;
  if (name === ANSWER_TOO_LARGE) return TOO_LARGE;
  if (status === undefined) return name;
  if (status < 300) return "the response can't be parsed";
  return code === undefined ? `status ${status} without an AWS error code` : name;
}

/** Whether STS rejected a web identity's token, as opposed to keys. */
function isOfToken({ kind, action }: { readonly kind: StsErrorKind; readonly action: StsCall["action"] }): boolean {
  return kind === "base-identity" && action === "AssumeRoleWithWebIdentity";
}

/** The error for a call that missed its deadline, or whose result can't be used. */
export function stsCallFailed(code: RolecallErrorCode, call: StsCall, what: string, hint: string): RolecallError {
  return new RolecallError(code, `${describeCall(call)} failed: ${what}.`, {
    step: call.step,
    retryable: code !== "ASSUME_ROLE_INVALID",
    roleArn: call.roleArn,
    region: call.region,
    hint,
  });
}

function describeCall({ action, roleArn, region, lastSuccess }: StsCall): string {
  const since = lastSuccess === undefined ? "" : `(last success ${new Date(lastSuccess).toISOString()})`;
  return [action, roleArn && `of ${roleArn}`, region && `in ${region}`, since].filter(Boolean).join(" ");
}
