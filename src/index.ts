export { isRolecallError, RolecallError } from "./errors.js";
export type { RolecallErrorCode, RolecallErrorDetails, RolecallErrorStep } from "./errors.js";
export type { Runtime } from "./runtime.js";
