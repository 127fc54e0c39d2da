import type { IntegrationInstance } from "../request/integration-instance.js";
import { ROLE_SESSION_DURATION, ROLE_SESSION_NAME } from "../request/limits.js";
import { assertInPartition, readRegion } from "../request/regions.js";
import { type RoleArn, readRoleArn } from "../request/role-arn.js";
import { readStsEndpoint, type StsSettings } from "../request/sts-settings.js";
import { conflict, invalidText, readInteger, readText, withoutUndefined } from "../request/validation.js";
import { credentialsFromParams } from "./credentials-from-params.js";
import { networkFromParams } from "./network-from-params.js";
import { Parameters, type XsoarParams } from "./params.js";

/**
 * The integration instance that an administrator configured in Cortex XSOAR, from the integration's parameters as they
 * come (`demisto.params()`). Other parameters are the integration's own and are ignored, but for a
 * misspelt `roleArn`. Call it once and keep the result: commands on the same object are the fast ones. It holds secrets,
 * so do not log it.
 *
 * `docs/xsoar.md` says what becomes of each parameter.
 *
 * @param env where `proxy` finds the server's proxy. Default: the process's environment
 * @throws RolecallError `INVALID_REQUEST`; `field` names the parameter, such as `params.defaultRegion`
 */
export function instanceFromParams(
  params: XsoarParams,
  env: Readonly<Record<string, string | undefined>> = process.env,
): IntegrationInstance {
  const given = new Parameters("params", params);
  given.assertNoMisspelling(["roleArn"]);
  const duration = given.oneOf("sessionDuration", "roleSessionDuration");
  const sessionName = given.get("roleSessionName");
  const roleArn = given.get("roleArn");
  const role = readRoleArn(roleArn.field, roleArn.value);
  return withoutUndefined({
    roleArn: role?.arn,
    roleSessionName: readText(sessionName.field, sessionName.value, ROLE_SESSION_NAME),
    roleSessionDuration: readInteger(
      duration.field,
      duration.value,
      ROLE_SESSION_DURATION.min,
      ROLE_SESSION_DURATION.max,
      "seconds",
    ),
    region: readDefaultRegion(given, role),
    credentials: credentialsFromParams(given),
    sts: stsFromParams(given, role),
    network: networkFromParams(given, env),
  });
}

function readDefaultRegion(given: Parameters, role: RoleArn | undefined): string {
  const { field, value } = given.oneOf("defaultRegion", "region");
  const region = readRegion(field, value);
  if (region === undefined) throw conflict(field, "is missing", "Set the AWS region of the integration instance.");
  assertInPartition({ field, region }, role);
  return region;
}

function stsFromParams(given: Parameters, role: RoleArn | undefined): StsSettings | undefined {
  const mode = given.get("sts_regional_endpoint");
  if (mode.value !== undefined && !/^(legacy|regional)$/i.test(String(mode.value))) {
    throw invalidText(mode.field, mode.value, "legacy or regional; a regional endpoint is asked in either case");
  }
  const url = given.get("sts_endpoint_url");
  const region = readRegion(given.get("sts_region").field, given.get("sts_region").value);
  if (region !== undefined) assertInPartition({ field: given.get("sts_region").field, region }, role);
  const sts = withoutUndefined({ region, endpoint: readStsEndpoint(url.field, url.value) });
  return Object.keys(sts).length > 0 ? sts : undefined;
}
