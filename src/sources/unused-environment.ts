import type { Network } from "../request/network-settings.js";
import { lineFor } from "../request/platform.js";
import { variableIn } from "../request/validation.js";

type Env = Readonly<Record<string, string | undefined>>;

/** Variables from which the AWS CLI and SDKs read credentials, with the setting that makes this library use them. */
const IDENTITIES = [
  ["AWS_ACCESS_KEY_ID", lineFor("Environment")],
  ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", lineFor("EcsContainer")],
  ["AWS_CONTAINER_CREDENTIALS_FULL_URI", lineFor("EcsContainer")],
  ["AWS_WEB_IDENTITY_TOKEN_FILE", lineFor("WebIdentity")],
  ["AWS_PROFILE", '"credentials": { "profile": "<its value>" }'],
] as const;
/** Variables from which other programs read a proxy. */
const PROXIES = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"];

/** Bytes. The library does not read larger configuration files. */
const LARGEST_FILE = 1_048_576;
/** A profile's section. Matches only plain names, because a hint repeats them. */
const PROFILE_SECTION = /^\[\s*(?:profile\s+)?([\w.-]{1,64})\s*\]/gm;

/** For errors about missing credentials: what other tools would use here, and how to use it. Shows no values. */
export async function noteUnusedIdentities(env: Env): Promise<string | undefined> {
  const found = IDENTITIES.filter(([name]) => variableIn(env, name));
  if (found.length === 0) return noteUnusedProfiles(env);
  const lines = [...new Set(found.map(([, line]) => line))];
  const names = found.map(([name]) => name);
  return describeUnused(names, `in the instance, set ${lines.join(" or ")}`);
}

/** A laptop keeps profiles, such as those of IAM Identity Center (SSO), in files. Without a home there are no files. */
async function noteUnusedProfiles(env: Env): Promise<string | undefined> {
  if (!["HOME", "USERPROFILE", "AWS_CONFIG_FILE"].some((name) => variableIn(env, name))) return undefined;
  const { configurationFiles } = await import("../store/aws-environment.js"); // only after a failure
  const { config, credentials } = configurationFiles(env);
  const texts = await Promise.all([config, credentials].map(readText));
  const names = new Set(texts.flatMap((text) => [...text.matchAll(PROFILE_SECTION)].map(([, name]) => name)));
  const [first] = names;
  if (first === undefined) return undefined;
  const profile = names.has("default") ? "default" : first;
  return `The library does not use the profiles in the SDK's configuration files. To use one, set "credentials": { "profile": "${profile}" } in the instance.`;
}

async function readText(path: string): Promise<string> {
  const { readRegularFile } = await import("../store/file-gate.js");
  const found = await readRegularFile(path, LARGEST_FILE, { followLinks: true }).catch(() => undefined);
  return typeof found === "object" ? found.bytes.toString() : "";
}

/** For network errors: names the proxy variables that are set but unused. Shows no values. */
export function noteUnusedProxy(env: Env, network: Network | undefined): string | undefined {
  if (network?.settings().proxy !== undefined) return undefined;
  const names = PROXIES.filter((name) => variableIn(env, name));
  if (names.length === 0) return undefined;
  return describeUnused(names, "set instance.network.proxy if you reach AWS through a proxy");
}

export function withNote(hint: string, note: string | undefined): string {
  return note === undefined ? hint : `${hint} ${note}`;
}

function describeUnused(names: readonly string[], advice: string): string {
  return `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} set in the environment but not used: ${advice}.`;
}
