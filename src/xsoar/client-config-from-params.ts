import { isPlainUrl } from "../request/sts-settings.js";
import { invalid } from "../request/validation.js";
import { Parameters, type XsoarParams } from "./params.js";

/** Part of any SDK client's configuration. */
export interface ClientConfigFromParams {
  endpoint?: string;
}

/**
 * What `endpoint_url` says of the client, for the option `clientConfig`: it is the endpoint of the one service that the
 * integration calls, and so no part of the instance. `{}` if it is not given.
 * @throws RolecallError `INVALID_REQUEST` with the field `params.endpoint_url`
 */
export function clientConfigFromParams(params: XsoarParams): ClientConfigFromParams {
  const { field, value } = new Parameters("params", params).get("endpoint_url");
  if (value === undefined) return {};
  const url = typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw invalid(field, value, "an http or https URL without user and password", { sensitive: !isPlainUrl(value) });
  }
  return { endpoint: value as string };
}
