import type { Network } from "../request/network-settings.js";
import { variableIn } from "../request/validation.js";

type Env = Readonly<Record<string, string | undefined>>;

/** Variables from which the AWS CLI and the SDKs read credentials. */
const IDENTITIES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_PROFILE",
];
/** Variables from which other programs read a proxy. */
const PROXIES = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"];

/** For errors about missing credentials: names the credential variables that are set but unused. Shows no values. */
export function noteUnusedIdentities(env: Env): string | undefined {
  return describeUnused(env, IDENTITIES, "set instance.credentials to use them");
}

/** For network errors: names the proxy variables that are set but unused. Shows no values. */
export function noteUnusedProxy(env: Env, network: Network | undefined): string | undefined {
  if (network?.settings().proxy !== undefined) return undefined;
  return describeUnused(env, PROXIES, "set instance.network.proxy if AWS is reached through a proxy");
}

export function withNote(hint: string, note: string | undefined): string {
  return note === undefined ? hint : `${hint} ${note}`;
}

function describeUnused(env: Env, variables: readonly string[], advice: string): string | undefined {
  const names = variables.filter((name) => variableIn(env, name));
  if (names.length === 0) return undefined;
  return `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} set in the environment but not used: ${advice}.`;
}
