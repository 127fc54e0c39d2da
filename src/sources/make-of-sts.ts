import { isRolecallError, type RolecallError } from "../errors.js";
import { conflict } from "../request/validation.js";

type StsClass = "STSClient" | "AssumeRoleCommand" | "AssumeRoleWithWebIdentityCommand" | "GetCallerIdentityCommand";

/**
 * Makes a part of `@aws-sdk/client-sts`, which a test may have replaced by a mock of another shape.
 * @throws RolecallError `INVALID_REQUEST` if there is no such class, or it throws
 */
export function makeOfSts<T>(name: StsClass, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw isRolecallError(error) && error.field !== "Client" ? error : unusableSts(name);
  }
}

/** The error for a mock that lacks a class, or whose class makes nothing that can be used. */
export function unusableSts(name: StsClass): RolecallError {
  return conflict(
    `${name} of @aws-sdk/client-sts`,
    "is not a class that the library can use",
    "In a test, mock STS by createCredentialResolver({ stsClient }) or by aws-sdk-client-mock; or let the mock of @aws-sdk/client-sts keep the classes that it does not replace (jest.requireActual, importOriginal).",
  );
}
