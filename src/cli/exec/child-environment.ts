import { devNull } from "node:os";
import { KEYS_VARIABLE } from "../options.js";
import type { CredentialEndpoint } from "./credential-endpoint.js";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Variables that give an SDK an identity, or name one. Whole families, so that a variable that an SDK adds to one of them is
 * covered. A test compares them with the SDK's source.
 */
const IDENTITY =
  /^(AWS_(ACCESS_KEY|SECRET_|SESSION_TOKEN|SECURITY_TOKEN|BEARER_TOKEN|CREDENTIAL|CONTAINER_|SHARED_CREDENTIALS_|CONFIG_FILE$|WEB_IDENTITY_|ROLE_|SSO_|LOGIN_|SIGNIN_|ACCOUNT_ID$|(DEFAULT_)?PROFILE$)|BOTO_CONFIG$)/i;
const PROXY = /^(https?|all)_proxy$/i;

/** What the program gets in place of the identities of this process. */
export interface ChildIdentity extends Pick<CredentialEndpoint, "uri" | "token"> {
  readonly region: string | undefined;
}

/**
 * The environment of a program that has one identity: the endpoint's. SDKs prefer the profiles of the configuration files to
 * an endpoint, and the metadata service is their last resort, so the program gets neither.
 */
export function toChildEnvironment(
  env: Env,
  { uri, token, region }: ChildIdentity,
): Record<string, string | undefined> {
  const kept = Object.entries(env).filter(([name]) => !IDENTITY.test(name) && name !== KEYS_VARIABLE);
  return {
    ...Object.fromEntries(kept),
    ...(kept.some(([name]) => PROXY.test(name)) && withoutProxy(env, new URL(uri).hostname)),
    ...(region !== undefined && { AWS_REGION: region, AWS_DEFAULT_REGION: region }),
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONTAINER_CREDENTIALS_FULL_URI: uri,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
  };
}

/** Some programs would send the request for the credentials through the proxy. */
function withoutProxy({ NO_PROXY, no_proxy }: Env, host: string) {
  const exempt = [NO_PROXY || no_proxy, host].filter(Boolean).join(",");
  return { NO_PROXY: exempt, no_proxy: exempt };
}
