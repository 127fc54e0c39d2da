import { isPlainUrl } from "../request/sts-settings.js";
import { invalid } from "../request/validation.js";
import { Parameters, type XsoarParams } from "./params.js";

/** A part of the configuration of any SDK client. */
export interface ClientConfigFromParams {
  endpoint?: string;
}

/**
 * Turns the `endpoint_url` parameter into the `clientConfig` option. It is not part of the instance, because it applies
 * only to the one service that the integration calls. Returns `{}` if the parameter is not set.
 * @throws RolecallError `INVALID_REQUEST` with the field `params.endpoint_url`
 */
export function clientConfigFromParams(params: XsoarParams): ClientConfigFromParams {
  const { field, value } = new Parameters("params", params).get("endpoint_url");
  if (value === undefined) return {};
  const url = typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw invalid(field, value, "an http or https URL without a user name or password", {
      sensitive: !isPlainUrl(value),
    });
  }
  return { endpoint: value as string };
}
