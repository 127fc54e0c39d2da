import { type CommandOverrides, isRolecallError } from "aws-rolecall";
import { listInstances } from "./getting-started.js";

export async function run(args: CommandOverrides) {
  try {
    return await listInstances(args);
  } catch (error) {
    if (!isRolecallError(error)) throw error; // an error from the service itself, such as EC2's UnauthorizedOperation
    switch (error.code) {
      case "INVALID_REQUEST":
        return `Wrong setting ${error.field}. ${error.hint}`;
      case "ROLE_NOT_ALLOWED":
      case "ASSUME_ROLE_DENIED":
        return `No access to ${error.roleArn}. ${error.hint}`;
      default:
        return error.retryable ? `Try again later. ${error.hint}` : error.message;
    }
  }
}
