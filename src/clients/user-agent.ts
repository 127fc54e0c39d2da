import { VERSION } from "../version.js";

/** Pairs of name and version, as the SDK's `customUserAgent` takes them. */
export type UserAgent = [name: string, version?: string][];

/** Names the library, and the integration that it works for. */
export function buildUserAgent(integration?: string): UserAgent {
  const library: UserAgent = [["aws-rolecall", VERSION]];
  return integration === undefined ? library : [...library, ["md/integration", integration]];
}
