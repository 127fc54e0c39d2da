import { isConfidential } from "./plain-http.js";
import type { Platform } from "./platform.js";
import { conflict, invalid } from "./validation.js";

/** A container's credential endpoint, and the authorization it requires. Contains secrets: the path and the token. */
export interface ContainerEndpoint {
  readonly url: URL;
  readonly authorization: Authorization | undefined;
}

/** The value of the `Authorization` header, or the file that contains it. */
export type Authorization = { readonly token: string } | { readonly tokenFile: string };

/** The address of ECS's agent. `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` is relative to it. */
const ECS_AGENT = "http://169.254.170.2";
/** The addresses of ECS's and EKS's agents. */
const AGENTS: ReadonlySet<string> = new Set(["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]);
const RELATIVE_URI = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL_URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

const HTTP_HOSTS = "with http, the host must be loopback, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]";
/** A valid header value. */
export const AUTHORIZATION = /^[!-~](?:[ -~]*[!-~])?$/;
const PRINTABLE = /^[!-~]+$/;

/**
 * Reads AWS's variables with AWS's precedence: the relative URI before the full one, and the token file before the token.
 * @returns `undefined` if neither URI is set
 * @throws RolecallError `INVALID_REQUEST` for an invalid URI or token, or a URI that would expose the keys
 */
export function readContainerEndpoint(platform: Platform): ContainerEndpoint | undefined {
  const url = readUrl(platform);
  return url && { url, authorization: readAuthorization(platform) };
}

function readUrl(platform: Platform): URL | undefined {
  const relative = platform.variable(RELATIVE_URI);
  if (relative !== undefined) {
    const fits = relative.startsWith("/") && PRINTABLE.test(relative) && URL.canParse(ECS_AGENT + relative);
    if (!fits) throw invalid(RELATIVE_URI, relative, "a path that begins with /");
    return new URL(ECS_AGENT + relative);
  }
  const full = platform.variable(FULL_URI);
  if (full === undefined) return undefined;
  const url = PRINTABLE.test(full) && URL.canParse(full) ? new URL(full) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw invalid(FULL_URI, full, `an https or http URL without a user; ${HTTP_HOSTS}`);
  }
  if (isConfidential(url) || AGENTS.has(url.hostname)) return url;
  throw conflict(
    FULL_URI,
    `would read credentials over ${url.protocol}//${url.hostname}`,
    `Use https, or another host: ${HTTP_HOSTS}.`,
  );
}

function readAuthorization(platform: Platform): Authorization | undefined {
  const tokenFile = platform.variable(TOKEN_FILE);
  if (tokenFile !== undefined) return { tokenFile };
  const token = platform.variable(TOKEN);
  if (token === undefined) return undefined;
  if (!AUTHORIZATION.test(token)) throw invalid(TOKEN, token, "printable ASCII characters without line breaks");
  return { token };
}
