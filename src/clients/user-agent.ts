import { VERSION } from "../version.js";

/** Pairs of name and version, the format of the SDK's `customUserAgent`. */
export type UserAgent = [name: string, version?: string][];

/** Names the library, and the integration if there is one. */
export function buildUserAgent(integration?: string): UserAgent {
  const library: UserAgent = [["aws-rolecall", VERSION]];
  return integration === undefined ? library : [...library, ["md/integration", integration]];
}
