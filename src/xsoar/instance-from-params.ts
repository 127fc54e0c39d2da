import type { IntegrationInstance } from "../request/integration-instance.js";
import { ROLE_SESSION_DURATION, ROLE_SESSION_NAME } from "../request/limits.js";
import { assertInPartition, readRegion } from "../request/regions.js";
import { type RoleArn, readRoleArn } from "../request/role-arn.js";
import { readStsEndpoint, type StsSettings } from "../request/sts-settings.js";
import { conflict, invalidText, readInteger, readText, withoutUndefined } from "../request/validation.js";
import { ACCESS_KEY_PAIRS, credentialsFromParams } from "./credentials-from-params.js";
import { networkFromParams } from "./network-from-params.js";
import { Parameters, type XsoarParams } from "./params.js";

/** Each under the names that packs of the platform have for it. */
const REGION = ["defaultRegion", "region", "default_region"] as const;
const ROLE_ARN = ["roleArn", "role_arn"] as const;
const SESSION_NAME = ["roleSessionName", "role_session_name"] as const;
const DURATION = ["sessionDuration", "roleSessionDuration", "session_duration", "role_session_duration"] as const;
/** A role in the account of a command, or in each account of a list. */
const ROLE_BY_NAME = ["role_name", "access_role_name", "accounts_to_access"] as const;

/**
 * The integration instance that an administrator configured in Cortex XSOAR, from the integration's parameters as they
 * come (`demisto.params()`). Other parameters are the integration's own and are ignored, unless they read like one that
 * names an identity. Call it once and keep the result: commands on the same object are the fast ones. It holds secrets,
 * so do not log it.
 *
 * `docs/xsoar.md` in this package says what becomes of each parameter.
 *
 * @param env where `proxy` finds the server's proxy. Default: the process's environment
 * @throws RolecallError `INVALID_REQUEST`; `field` names the parameter, such as `params.defaultRegion`
 */
export function instanceFromParams(
  params: XsoarParams,
  env: Readonly<Record<string, string | undefined>> = process.env,
): IntegrationInstance {
  const given = new Parameters("params", params);
  assertNoOtherIdentity(given);
  const duration = given.oneOf(DURATION);
  const sessionName = given.oneOf(SESSION_NAME);
  const roleArn = given.oneOf(ROLE_ARN);
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

/** A role that is passed over, or keys, would have commands act as another identity. */
function assertNoOtherIdentity(given: Parameters): void {
  for (const { field, value } of ROLE_BY_NAME.map((name) => given.get(name))) {
    if (value === undefined) continue;
    const hint = "Name one role by its ARN, in roleArn, and leave this parameter empty.";
    throw conflict(field, "is set, and roles that are given by name are not supported", hint);
  }
  given.assertNoMisspelling([...ROLE_ARN, ...ROLE_BY_NAME, "credentials", ...ACCESS_KEY_PAIRS.flat()]);
}

function readDefaultRegion(given: Parameters, role: RoleArn | undefined): string {
  const { field, value } = given.oneOf(REGION);
  const region = readRegion(field, value);
  if (region === undefined) throw conflict(field, "is missing", "Set the AWS region of the integration instance.");
  assertInPartition({ field, region }, role);
  return region;
}

function isText(value: unknown, pattern: RegExp): boolean {
  return typeof value === "string" && pattern.test(value);
}

function stsFromParams(given: Parameters, role: RoleArn | undefined): StsSettings | undefined {
  const mode = given.get("sts_regional_endpoint");
  if (mode.value !== undefined && !isText(mode.value, /^(legacy|regional)$/i)) {
    throw invalidText(mode.field, mode.value, "legacy or regional; a regional endpoint is asked in either case");
  }
  const url = given.get("sts_endpoint_url");
  const region = readRegion(given.get("sts_region").field, given.get("sts_region").value);
  if (region !== undefined) assertInPartition({ field: given.get("sts_region").field, region }, role);
  const sts = withoutUndefined({ region, endpoint: readStsEndpoint(url.field, url.value) });
  return Object.keys(sts).length > 0 ? sts : undefined;
}
