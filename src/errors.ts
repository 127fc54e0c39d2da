/**
 * What went wrong, as a stable word to branch on. `docs/errors.md` in this package has an entry for each.
 */
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
  | "RESOLVER_CLOSED";

/** Where on the way from a command to its credentials the error arose. */
export type RolecallErrorStep = "request" | "base-identity" | "assume-role";

/** What a {@link RolecallError} carries beside its code and message. */
export interface RolecallErrorDetails {
  step: RolecallErrorStep;
  /** What to do next, one sentence. */
  hint: string;
  /** `true` if the same call may succeed later without a change of settings. Default `false`. */
  retryable?: boolean | undefined;
  /** The path of the setting that is wrong, such as `command.roleArn`. With `INVALID_REQUEST` and `ROLE_NOT_ALLOWED`. */
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

/** Without a prototype: a descriptor also takes what it inherits. */
function hidden(value: unknown): PropertyDescriptor {
  return Object.assign(Object.create(null), { value });
}

/**
 * Every error that this library raises. Tell them apart by `code`, and tell one from another
 * library's error by {@link isRolecallError}, which holds across the ESM and CJS builds.
 */
export class RolecallError extends Error {
  override readonly name = "RolecallError";
  /** Stable; see {@link RolecallErrorCode}. */
  readonly code: RolecallErrorCode;
  /** `true` if the same call may succeed later without a change of settings. */
  readonly retryable: boolean;
  readonly step: RolecallErrorStep;
  /** What to do next, one sentence; also the end of `message`, so that inspecting the error does not list it again. */
  declare readonly hint: string;
  /** The path of the setting that is wrong, such as `command.roleArn`. With `INVALID_REQUEST` and `ROLE_NOT_ALLOWED`. */
  declare readonly field?: string;
  /** The role that was asked for. */
  declare readonly roleArn?: string;
  /** The region that was asked. */
  declare readonly region?: string;
  /** The error code in AWS's answer, as AWS spells it. */
  declare readonly awsCode?: string;
  /** AWS's request id, for a support case. */
  declare readonly requestId?: string;
  /**
   * What your own code threw, as it was thrown: the function in `instance.credentials` or in `options.instanceProfile`,
   * your `stsClient`, a mock of STS. It may quote a secret, so it is an accessor that no log prints: not enumerable, and not in `cause`.
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

  /** For logs: unlike other errors, with its message. */
  toJSON(): object {
    return { ...this, message: this.message, hint: this.hint };
  }
}

/**
 * The same error for one more caller: with a stack of its own, so that it leads to that caller, and with what the caller
 * attaches to it. The `cause` is shared. Anything else than an error of this build is given back as it is.
 */
export function errorOfCaller(error: unknown): unknown {
  try {
    if (!(error instanceof RolecallError)) return error;
    const { code, message, hint } = error;
    return new RolecallError(code, message.slice(0, -hint.length - 1), error);
  } catch {
    return error; // a Proxy that was revoked, or throws
  }
}

/** Whether `value` is an error of this library, whichever of its builds raised it. */
export function isRolecallError(value: unknown): value is RolecallError {
  try {
    return typeof value === "object" && value !== null && BRAND in value;
  } catch {
    return false; // a Proxy that was revoked, or throws
  }
}
