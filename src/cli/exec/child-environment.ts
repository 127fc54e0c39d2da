import { devNull } from "node:os";
import { KEYS_VARIABLE } from "../options.js";
import type { CredentialEndpoint } from "./credential-endpoint.js";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Variables that give an SDK an identity or select one. Matches whole families, so that new variables are covered. A
 * test compares them with the SDK's source. The SDK for Ruby and version 2 of the SDK for JavaScript read AMAZON_*.
 */
const IDENTITY =
  /^(AMAZON_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)$|AWS_(ACCESS_KEY|SECRET_|SESSION_TOKEN|SECURITY_TOKEN|BEARER_TOKEN|CREDENTIAL|CONTAINER_|SHARED_CREDENTIALS_|CONFIG_FILE$|WEB_IDENTITY_|ROLE_|SSO_|LOGIN_|SIGNIN_|ACCOUNT_ID$|(DEFAULT_)?PROFILE$)|BOTO_CONFIG$)/i;
const STORE_KEYS = new RegExp(`^${KEYS_VARIABLE}$`, "i");
/**
 * SDKs prefer profiles in configuration files to an endpoint. If these variables are not set, SDKs read the files in
 * the home directory. The last two are for version 1 of the SDK for Java, and for boto3, which also reads boto 2 files.
 */
const FILE_VARIABLES = [
  "AWS_CONFIG_FILE",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_CREDENTIAL_PROFILES_FILE",
  "BOTO_CONFIG",
] as const;
const PROXY = /^(https?|all)_proxy$/i;

/** The identity that the program gets instead of this process's own. */
export interface ChildIdentity extends Pick<CredentialEndpoint, "uri" | "token"> {
  readonly region: string | undefined;
}

/**
 * The environment of a program whose only identity is the endpoint's. Turns off profiles and the metadata service, the
 * last resort of SDKs.
 */
export function toChildEnvironment(
  env: Env,
  { uri, token, region }: ChildIdentity,
): Record<string, string | undefined> {
  const kept = Object.entries(env).filter(([name]) => !IDENTITY.test(name) && !STORE_KEYS.test(name));
  return {
    ...Object.fromEntries(kept),
    ...(kept.some(([name]) => PROXY.test(name)) && withoutProxy(env, new URL(uri).hostname)),
    ...(region !== undefined && { AWS_REGION: region, AWS_DEFAULT_REGION: region }),
    ...Object.fromEntries(FILE_VARIABLES.map((name) => [name, devNull])),
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONTAINER_CREDENTIALS_FULL_URI: uri,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
  };
}

/** Keeps programs from requesting the credentials through the proxy. Some programs read only one of the variables. */
function withoutProxy({ NO_PROXY, no_proxy }: Env, host: string) {
  return { NO_PROXY: exempt(NO_PROXY || no_proxy, host), no_proxy: exempt(no_proxy || NO_PROXY, host) };
}

/** `*` means all hosts only if nothing else is in the list. */
function exempt(hosts: string | undefined, host: string): string {
  if (!hosts) return host;
  return hosts.trim() === "*" ? hosts : `${hosts},${host}`;
}
