import { RolecallError, type RolecallErrorCode, type RolecallErrorStep } from "../errors.js";
import { getRetryAfterHint, isClockSkewCorrectedError, isThrottlingError, isTransientError } from "../sdk/sts.js";
import { ANSWER_TOO_LARGE, TOO_LARGE } from "./bounded-answer.js";
import { safeCause } from "./safe-cause.js";
import { hintFor } from "./sts-hints.js";
import { isTestRun } from "./test-run.js";
import { withNote } from "./unused-environment.js";

/** What to do about an error of STS; the first that fits, in this order. */
export type StsErrorKind =
  | "clock-skew" // the SDK knows AWS's time now: sign again at once
  | "throttling"
  | "transient"
  | "base-identity" // the keys that signed are refused
  | "denied"
  | "region-disabled"
  | "invalid"; // the request itself is refused

/** An error as the SDK raises it; under a mock it may be any. */
export type StsError = Error & {
  $metadata?: { httpStatusCode?: number; requestId?: string };
  $response?: unknown;
};
type SdkError = Parameters<typeof isTransientError>[0];

/**
 * What STS answers to a signature of another time. The SDK marks every error of a machine whose clock is wrong as
 * corrected, so that the mark alone says nothing; and its own list of such codes holds AccessDenied.
 */
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
]);

/** Names of errors whose answer holds no code: not STS gave it, but something on the way, such as a proxy. */
const NO_CODES = new Set(["", "Unknown", "Error", "SyntaxError", ANSWER_TOO_LARGE]);

/** Decides from service codes and status, never from message text. What cannot be read may pass by itself. */
export function classifyStsError(error: StsError): StsErrorKind {
  try {
    return classify(error);
  } catch {
    return "transient"; // a mock's error, with getters that throw
  }
}

function classify(error: StsError): StsErrorKind {
  const code = errorCode(error);
  const sdkError = error as SdkError;
  if (isClockSkewCorrectedError(sdkError) && CLOCK_SKEW_CODES.has(code)) return "clock-skew";
  if (isThrottlingError(sdkError)) return "throttling";
  if (!isClockSkewCorrectedError(sdkError) && isTransientError(sdkError)) return "transient";
  if (BASE_IDENTITY_CODES.has(code)) return "base-identity";
  if (code === "AccessDenied") return "denied";
  if (code === "RegionDisabled") return "region-disabled";
  const status = error.$metadata?.httpStatusCode;
  const isRefusal = status !== undefined && status >= 400 && status < 500 && !NO_CODES.has(code);
  return isRefusal ? "invalid" : "transient";
}

/** The service's code as documented: some protocols add `Exception` to it. */
function errorCode({ name }: Error): string {
  return typeof name === "string" ? name.replace(/Exception$/, "") : "";
}

/** Milliseconds that the answer asks to wait, or `undefined`: whole seconds, as the header has them. */
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

/** For errors that no SDK client raised, in a test. */
const HINTS_FOR_MOCKS: Partial<Record<StsErrorKind, string>> = {
  throttling:
    "Test it on a manual clock, since ten seconds of attempts outlast most time limits: createCredentialResolver({ runtime: createManualClock() }), then clock.advance(10_000).",
  transient:
    'Let the mock of STS reject with an error that has AWS\'s name: Object.assign(new Error("no"), { name: "AccessDenied" }).',
};

export interface StsCall {
  readonly action: "AssumeRole" | "GetCallerIdentity";
  readonly roleArn: string | undefined;
  /** As the settings have it, else as the request was signed. */
  readonly region: string | undefined;
  /** Where the machine is, if that is known to be in another partition than the role. */
  readonly foreignRegion?: string | undefined;
  /** When a session was last obtained, epoch milliseconds. */
  readonly lastSuccess: number | undefined;
  /** What the text of others must not repeat. */
  readonly secrets?: Iterable<string>;
  /** A sentence for the hint of an error of the network. */
  readonly networkNote?: string | undefined;
  /** The author's own client was asked: what it throws is the author's to read. */
  readonly ofAuthor?: boolean;
}

/** The one place where an error of STS becomes one of ours. */
export function translateStsError(error: StsError, kind: StsErrorKind, call: StsCall): RolecallError {
  const failure = readFailure(error, call);
  const { code, requestId, cause, systemCode } = failure;
  const { region, foreignRegion } = call;
  const ofMock = isOfMock(error);
  const hint =
    (ofMock && HINTS_FOR_MOCKS[kind]) ||
    hintFor({ kind, code, systemCode, words: wordsOf(error), region, foreignRegion });
  return new RolecallError(CODES[kind], `${describeCall(call)} failed: ${describeError(failure, kind)}.`, {
    step: kind === "base-identity" ? "base-identity" : stepOf(call),
    retryable: CODES[kind] === "STS_UNAVAILABLE" || kind === "base-identity",
    roleArn: call.roleArn,
    region: call.region,
    requestId,
    awsCode: code,
    hint: systemCode === undefined ? hint : withNote(hint, call.networkNote),
    cause,
    ...((ofMock || call.ofAuthor) && { reason: error }),
  });
}

/** The SDK's retry strategy marks each error that passes it, and knows those of a connection by name or code. */
function isOfMock(error: StsError): boolean {
  try {
    return error.$metadata === undefined && !isTransientError(error as SdkError) && isTestRun();
  } catch {
    return isTestRun();
  }
}

/** What may be repeated of an error. */
interface Failure {
  readonly cause: Error;
  readonly status: number | undefined;
  /** Node's. */
  readonly systemCode: string | undefined;
  /** AWS's, as documented. */
  readonly code: string | undefined;
  readonly requestId: string | undefined;
}

function readFailure(error: StsError, { secrets }: StsCall): Failure {
  const cause: StsError & { code?: string } = safeCause(error, secrets);
  const { httpStatusCode: status, requestId } = cause.$metadata ?? {};
  const code = errorCode(cause);
  const isOfAws = (status ?? 0) >= 300 && !NO_CODES.has(code);
  return { cause, status, systemCode: cause.code, code: isOfAws ? code : undefined, requestId };
}

function wordsOf(error: StsError): string {
  try {
    return String(error.message);
  } catch {
    return ""; // a mock's getter threw
  }
}

function describeError(failure: Failure, kind: StsErrorKind): string {
  const what = describeFailure(failure);
  // AWS's own words help where it refuses. Elsewhere a message may quote an answer or a request.
  const isRefusal = kind === "denied" || kind === "invalid";
  return isRefusal ? `${what}, ${failure.cause.message.replace(/\.$/, "")}` : what;
}

/** What the caller reads of an error that is not AWS's. */
function describeFailure({ cause: { name }, status, systemCode, code }: Failure): string {
  if (systemCode !== undefined) return systemCode;
  if (name === ANSWER_TOO_LARGE) return TOO_LARGE;
  if (status === undefined) return name;
  if (status < 300) return "an answer that cannot be read";
  return code === undefined ? `status ${status} without an error code of AWS` : name;
}

/** Our own finding about a call: a deadline, or an answer that cannot be used. */
export function stsCallFailed(code: RolecallErrorCode, call: StsCall, what: string, hint: string): RolecallError {
  return new RolecallError(code, `${describeCall(call)} failed: ${what}.`, {
    step: stepOf(call),
    retryable: code !== "ASSUME_ROLE_INVALID",
    roleArn: call.roleArn,
    region: call.region,
    hint,
  });
}

/** Without a role, whatever fails is about the base identity. */
function stepOf({ roleArn }: StsCall): RolecallErrorStep {
  return roleArn === undefined ? "base-identity" : "assume-role";
}

function describeCall({ action, roleArn, region, lastSuccess }: StsCall): string {
  const target = [roleArn && `of ${roleArn}`, region && `in ${region}`].filter(Boolean).join(" ");
  const since = lastSuccess === undefined ? "" : ` (last success ${new Date(lastSuccess).toISOString()})`;
  return `${action} ${target}${since}`.replace("  ", " ");
}
