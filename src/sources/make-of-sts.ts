import { isRolecallError, type RolecallError } from "../errors.js";
import { conflict } from "../request/validation.js";

type StsClass = "STSClient" | "AssumeRoleCommand" | "AssumeRoleWithWebIdentityCommand" | "GetCallerIdentityCommand";

/**
 * Creates an instance of a class from `@aws-sdk/client-sts`. A test may have mocked the class with a different shape.
 * @throws RolecallError `INVALID_REQUEST` if the class is missing or its constructor throws
 */
export function makeOfSts<T>(name: StsClass, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw isRolecallError(error) && error.field !== "Client" ? error : unusableSts(name);
  }
}

/** The error for a mock that lacks the class, or whose class creates unusable instances. */
export function unusableSts(name: StsClass): RolecallError {
  return conflict(
    `${name} of @aws-sdk/client-sts`,
    "is not a class that the library can use",
    "In a test, mock STS with createCredentialResolver({ stsClient }) or aws-sdk-client-mock. If you mock @aws-sdk/client-sts itself, keep the classes that you do not replace (jest.requireActual, importOriginal).",
  );
}
