import type { IntegrationInstance } from "../request/integration-instance.js";
import { ROLE_SESSION_DURATION, ROLE_SESSION_NAME } from "../request/limits.js";
import { assertConfidential } from "../request/plain-http.js";
import { assertInPartition, readRegion } from "../request/regions.js";
import { type RoleArn, readRoleArn } from "../request/role-arn.js";
import { readStsEndpoint, type StsSettings } from "../request/sts-settings.js";
import { conflict, invalidText, readInteger, readText, withoutUndefined } from "../request/validation.js";
import { ACCOUNTS, accountsFromParams } from "./accounts-from-params.js";
import { ACCESS_KEY_PAIRS, credentialsFromParams } from "./credentials-from-params.js";
import { networkFromParams } from "./network-from-params.js";
import { type Parameter, Parameters, type XsoarParams } from "./params.js";

/** The names that different content packs use for each parameter. */
const REGION = ["defaultRegion", "region", "default_region"] as const;
const ROLE_ARN = ["roleArn", "role_arn"] as const;
const SESSION_NAME = ["roleSessionName", "role_session_name"] as const;
const DURATION = ["sessionDuration", "roleSessionDuration", "session_duration", "role_session_duration"] as const;
/**
 * Names a role in the account that a command's `account_id` selects. Not supported, because no parameter lists the
 * accounts.
 */
const ROLE_BY_NAME = "role_name";

/**
 * Reads the integration instance that an administrator configured in Cortex XSOAR from its raw parameters
 * (`demisto.params()`). Ignores other parameters, but rejects ones that look like a misspelled identity parameter. Call
 * it once and reuse the result, because commands that use the same object are faster. It contains secrets, so do not
 * log it.
 *
 * `docs/xsoar.md` in this package describes each parameter.
 *
 * @param env the environment variables that name the server's proxy. Default: `process.env`
 * @throws RolecallError `INVALID_REQUEST`; `field` names the parameter, such as `params.defaultRegion`
 */
export function instanceFromParams(
  params: XsoarParams,
  env: Readonly<Record<string, string | undefined>> = process.env,
): IntegrationInstance {
  const given = new Parameters("params", params);
  assertNoOtherIdentity(given);
  const { min, max } = ROLE_SESSION_DURATION;
  const duration = given.oneOf(DURATION);
  const sessionName = given.oneOf(SESSION_NAME);
  const roleArn = given.oneOf(ROLE_ARN);
  const role = readRoleArn(roleArn.field, roleArn.value);
  return withoutUndefined({
    roleArn: role?.arn,
    roleSessionName: readText(sessionName.field, sessionName.value, ROLE_SESSION_NAME),
    roleSessionDuration: readInteger(duration.field, duration.value, min, max, "seconds"),
    region: readDefaultRegion(given, role),
    credentials: credentialsFromParams(given),
    sts: stsFromParams(given, role),
    network: networkFromParams(given, env),
    accounts: accountsFromParams(given),
  });
}

/** Ignoring a misspelled or unsupported parameter would make commands run as the wrong identity. */
function assertNoOtherIdentity(given: Parameters): void {
  const { field, value } = given.get(ROLE_BY_NAME);
  if (value !== undefined) {
    const hint =
      "Leave it empty. For one role, set roleArn to its ARN; for many accounts, set access_role_name and accounts_to_access.";
    throw conflict(field, "is set, but it names a role without its accounts", hint);
  }
  given.assertNoMisspelling([...ROLE_ARN, ROLE_BY_NAME, ...ACCOUNTS, "credentials", ...ACCESS_KEY_PAIRS.flat()]);
}

function readDefaultRegion(given: Parameters, role: RoleArn | undefined): string {
  const parameter = given.oneOf(REGION);
  const region = readRegionFor(role, parameter);
  if (region !== undefined) return region;
  throw conflict(parameter.field, "is missing", "Set the AWS region of the integration instance.");
}

function readRegionFor(role: RoleArn | undefined, { field, value }: Parameter): string | undefined {
  const region = readRegion(field, value);
  if (region !== undefined) assertInPartition({ from: field, value: region }, role);
  return region;
}

function stsFromParams(given: Parameters, role: RoleArn | undefined): StsSettings | undefined {
  const mode = given.get("sts_regional_endpoint");
  if (mode.value !== undefined && !(typeof mode.value === "string" && /^(legacy|regional)$/i.test(mode.value))) {
    throw invalidText(mode.field, mode.value, "legacy or regional; both use a regional endpoint");
  }
  const url = given.get("sts_endpoint_url");
  const region = readRegionFor(role, given.get("sts_region"));
  const endpoint = readStsEndpoint(url.field, url.value);
  if (endpoint !== undefined) assertConfidential(new URL(endpoint), url.field);
  const sts = withoutUndefined({ region, endpoint });
  return Object.keys(sts).length > 0 ? sts : undefined;
}
