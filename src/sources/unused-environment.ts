import type { Network } from "../request/network-settings.js";
import { variableIn } from "../request/validation.js";

type Env = Readonly<Record<string, string | undefined>>;

/** Variables that the AWS CLI and the SDKs take credentials from. */
const IDENTITIES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_PROFILE",
];
/** Variables that other programs take a proxy from. */
const PROXIES = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"];

/** For an error for want of credentials: which variables stand there unused. Names and no values. */
export function noteUnusedIdentities(env: Env): string | undefined {
  return noteOn(namesIn(env, IDENTITIES), "set instance.credentials to use them");
}

/** For an error of the network: which proxies stand there unused. Names and no values. */
export function noteUnusedProxy(env: Env, network: Network | undefined): string | undefined {
  if (network?.settings().proxy !== undefined) return undefined;
  return noteOn(namesIn(env, PROXIES), "set instance.network.proxy if the way to AWS leads through it");
}

export function withNote(hint: string, note: string | undefined): string {
  return note === undefined ? hint : `${hint} ${note}`;
}

function namesIn(env: Env, names: readonly string[]): string[] {
  return names.filter((name) => variableIn(env, name));
}

function noteOn(names: readonly string[], advice: string): string | undefined {
  if (names.length === 0) return undefined;
  const [is, list] = names.length === 1 ? ["is", names[0]] : ["are", names.join(" and ")];
  return `${list} ${is} set in the environment and ${is} not used: ${advice}.`;
}
