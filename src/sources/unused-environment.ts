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

/** The names of variables that other tools would take credentials from. */
export function unusedIdentities(env: Env): string[] {
  return namesIn(env, IDENTITIES);
}

/** What to add to an error for want of credentials: a sentence with names and no values, or nothing. */
export function noteOnIdentities(env: Env): string {
  return noteOn(unusedIdentities(env), "set instance.credentials to use them");
}

/** What to add to an error of the network: a sentence with names and no values, or nothing. */
export function noteOnProxy(env: Env, network: Network | undefined): string {
  if (network?.settings().proxy !== undefined) return "";
  return noteOn(namesIn(env, PROXIES), "set instance.network.proxy if the way to AWS leads through it");
}

function namesIn(env: Env, names: readonly string[]): string[] {
  return names.filter((name) => variableIn(env, name));
}

function noteOn(names: readonly string[], advice: string): string {
  if (names.length === 0) return "";
  const [is, list] = names.length === 1 ? ["is", names[0]] : ["are", names.join(" and ")];
  return ` ${list} ${is} set in the environment and ${is} not used: ${advice}.`;
}
