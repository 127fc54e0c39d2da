/** A stable code to branch on. `docs/errors.md` in this package has an entry for each. */
export type RolecallErrorCode =
  | "INVALID_REQUEST"
  | "ROLE_NOT_ALLOWED"
  | "INSTANCE_PROFILE_MISSING"
  | "INSTANCE_PROFILE_INVALID"
  | "IMDS_UNREACHABLE"
  | "ASSUME_ROLE_DENIED"
  | "ASSUME_ROLE_INVALID"
  | "REGION_DISABLED"
  | "BASE_IDENTITY_UNAVAILABLE"
  | "BASE_IDENTITY_REJECTED"
  | "STS_UNAVAILABLE"
  | "TIMEOUT"
  | "ABORTED"
  | "RESOLVER_CLOSED"
  | "ACCOUNTS_UNAVAILABLE"
  | "TARGETS_FAILED";

/** The stage at which the error occurred. `accounts` and `work` are stages of a run over many accounts. */
export type RolecallErrorStep = "request" | "base-identity" | "source-role" | "assume-role" | "accounts" | "work";

/** The details of a {@link RolecallError}, besides its code and message. */
export interface RolecallErrorDetails {
  step: RolecallErrorStep;
  /** What to do next, in one sentence. */
  hint: string;
  /** `true` if the same call may succeed later with the same settings. Default `false`. */
  retryable?: boolean | undefined;
  /** The path of the invalid setting, such as `command.roleArn`. Only with `INVALID_REQUEST` and `ROLE_NOT_ALLOWED`. */
  field?: string | undefined;
  roleArn?: string | undefined;
  region?: string | undefined;
  awsCode?: string | undefined;
  requestId?: string | undefined;
  cause?: unknown;
  /** See {@link RolecallError.reason}. */
  reason?: unknown;
}

const BRAND = Symbol.for("aws-rolecall.error");

/** Has no prototype, because `defineProperty` also reads inherited descriptor fields. */
function hidden(value: unknown): PropertyDescriptor {
  return Object.assign(Object.create(null), { value });
}

/**
 * Every error this library throws. Branch on `code`. To check whether an error comes from this library, use
 * {@link isRolecallError}, which works across the ESM and CJS builds.
 */
export class RolecallError extends Error {
  override readonly name = "RolecallError";
  /** A stable code to branch on. */
  readonly code: RolecallErrorCode;
  /** `true` if the same call may succeed later with the same settings. */
  readonly retryable: boolean;
  readonly step: RolecallErrorStep;
  /** What to do next, in one sentence. `message` ends with it, so it is not enumerable and logs print it once. */
  declare readonly hint: string;
  /** The path of the invalid setting, such as `command.roleArn`. Only with `INVALID_REQUEST` and `ROLE_NOT_ALLOWED`. */
  declare readonly field?: string;
  /** The requested role. */
  declare readonly roleArn?: string;
  /** The region of the failed AWS call. */
  declare readonly region?: string;
  /** The error code from AWS, as AWS spells it. */
  declare readonly awsCode?: string;
  /** The AWS request id, for a support case. */
  declare readonly requestId?: string;
  /**
   * The original value that your own code threw: the function in `instance.credentials` or `options.instanceProfile`,
   * your `stsClient`, or a mock of STS. It may contain a secret. To keep it out of logs, it is a non-enumerable
   * accessor and not part of `cause`.
   */
  declare readonly reason?: unknown;

  constructor(code: RolecallErrorCode, message: string, details: RolecallErrorDetails) {
    super(`${message} ${details.hint}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retryable = details.retryable ?? false;
    this.step = details.step;
    Object.defineProperty(this, "hint", hidden(details.hint));
    if (details.field !== undefined) this.field = details.field;
    if (details.roleArn !== undefined) this.roleArn = details.roleArn;
    if (details.region !== undefined) this.region = details.region;
    if (details.awsCode !== undefined) this.awsCode = details.awsCode;
    if (details.requestId !== undefined) this.requestId = details.requestId;
    const { reason } = details;
    if (reason !== undefined) {
      Object.defineProperty(this, "reason", Object.assign(Object.create(null), { get: () => reason }));
    }
    Object.defineProperty(this, BRAND, hidden(true));
  }

  /** Includes the message, which `JSON.stringify` leaves out of other errors. */
  toJSON(): object {
    return { ...this, message: this.message, hint: this.hint };
  }
}

/**
 * Copies an error that several callers share, so that each caller gets its own stack and can attach its own properties.
 * The copies share `cause`. Returns any value that is not an error of this build unchanged.
 */
export function errorOfCaller(error: unknown): unknown {
  try {
    if (!(error instanceof RolecallError)) return error;
    const { code, message, hint } = error;
    return new RolecallError(code, message.slice(0, -hint.length - 1), error);
  } catch {
    return error; // a revoked or throwing Proxy
  }
}

/** Whether `value` is an error of this library, from any of its builds. */
export function isRolecallError(value: unknown): value is RolecallError {
  try {
    return typeof value === "object" && value !== null && BRAND in value;
  } catch {
    return false; // a revoked or throwing Proxy
  }
}
