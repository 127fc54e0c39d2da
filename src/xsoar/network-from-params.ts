import { type NetworkSettings, readProxy } from "../request/network-settings.js";
import { conflict, invalid, readInteger, variableIn } from "../request/validation.js";
import type { Parameter, Parameters } from "./params.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** The platform's defaults. Timeouts are in seconds. */
const DEFAULT_TIMEOUT = "60,10";
const DEFAULT_CONNECT = "10";
const DEFAULT_RETRIES = 5;
/** The platform's limit. Higher numbers are reduced to it. */
const MOST_RETRIES = 10;
const LONGEST_TIMEOUT = 86_400;

/** In order of precedence. AWS uses HTTPS, so those variables come first. One proxy serves all calls. */
const PROXY_VARIABLES = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

export function networkFromParams(params: Parameters, env: Environment): NetworkSettings {
  const retries = params.get("retries");
  const count = readInteger(retries.field, retries.value, 0, Number.MAX_SAFE_INTEGER, "retries") ?? DEFAULT_RETRIES;
  return {
    ...readTimeout(params.get("timeout")),
    maxAttempts: Math.min(count, MOST_RETRIES) + 1,
    ...(params.checkbox("proxy") && { proxy: systemProxy(params.get("proxy"), env) }),
    ...(params.checkbox("insecure") && { dangerouslyDisableTlsVerification: true }),
  };
}

/** Like `socketTimeout`, the platform's read timeout limits the time without data, not the total time. */
function readTimeout({ field, value = DEFAULT_TIMEOUT }: Parameter) {
  const isText = typeof value === "string" || typeof value === "number";
  const [read, connect = DEFAULT_CONNECT, ...more] = isText ? String(value).split(",") : [];
  const [socketTimeout, connectionTimeout] = [toMilliseconds(read), toMilliseconds(connect)];
  if (socketTimeout === undefined || connectionTimeout === undefined || more.length > 0) {
    const allowed = `1 to ${LONGEST_TIMEOUT} seconds, such as 60 (read) or "60,10" (read,connect)`;
    throw invalid(field, value, allowed, { sensitive: !isText });
  }
  return { socketTimeout, connectionTimeout };
}

function toMilliseconds(text = ""): number | undefined {
  const seconds = /^\s*\d{1,5}\s*$/.test(text) ? Number(text) : 0;
  return seconds >= 1 && seconds <= LONGEST_TIMEOUT ? seconds * 1000 : undefined;
}

function systemProxy({ field }: Parameter, env: Environment): string | undefined {
  const name = PROXY_VARIABLES.find((variable) => variableIn(env, variable));
  if (name === undefined) {
    throw conflict(
      field,
      `is on, but the server's environment has none of ${PROXY_VARIABLES.join(", ")}`,
      "Set HTTPS_PROXY in that environment, or turn the parameter off.",
    );
  }
  const url: unknown = variableIn(env, name);
  const lacksScheme = typeof url === "string" && !/^[a-z][\w+.-]*:\/\//i.test(url);
  return readProxy(name, lacksScheme ? `http://${url}` : url);
}
