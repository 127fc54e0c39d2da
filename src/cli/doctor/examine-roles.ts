import { type IntegrationInstance, readInstance } from "../../request/integration-instance.js";
import { ROLE_SESSION_DURATION } from "../../request/limits.js";
import type { Chosen } from "../../request/settings-table.js";
import { limitSourceRole } from "../../request/source-role.js";
import { examineAccounts } from "./examine-accounts.js";
import { doctorName, examineRole, type Tools } from "./examine-role.js";
import { isAssumable, type Observations, type RoleSeen, type RoleSettings } from "./observations.js";

/**
 * Assumes the instance's source role, if it has one, and then each role or each account's role.
 * @param mayAssume whether STS accepts the base identity
 */
export async function examineRoles(
  tools: Tools,
  instance: IntegrationInstance,
  roleArns: readonly string[] | "all-accounts",
  mayAssume: boolean,
): Promise<Pick<Observations, "sourceRole" | "roles" | "accounts">> {
  const sourceRole = await examineSourceRole(tools, instance, mayAssume);
  const own = sourceRole ? withShortSourceRole(instance, sourceRole, tools) : instance;
  const mayGoOn = mayAssume && (!sourceRole || isAssumable(sourceRole));
  if (roleArns === "all-accounts") return { sourceRole, ...(await examineAccounts(tools, own, mayGoOn)) };
  const roles: RoleSeen[] = [];
  for (const roleArn of roleArns) roles.push(await examineRole(tools, own, roleArn, mayGoOn));
  return { sourceRole, roles };
}

/** The settings that apply to every identity: where the keys come from, and how to reach AWS. */
export function withoutRole(instance: IntegrationInstance): IntegrationInstance {
  const { credentials, credentialsName, sts, region, network, dangerouslyAllowPlainHttp } = instance;
  return { credentials, credentialsName, sts, region, network, dangerouslyAllowPlainHttp };
}

/** Assumes the source role as if it were a command's role, because no command may act as the source role. */
async function examineSourceRole(
  tools: Tools,
  instance: IntegrationInstance,
  mayAssume: boolean,
): Promise<RoleSeen | undefined> {
  const { sourceRole, allowedRoles } = readInstance(instance);
  if (!sourceRole) return undefined;
  const { role, durationSeconds, ...limits } = limitSourceRole(sourceRole, allowedRoles);
  const alone = { ...withoutRole(instance), ...limits, roleArn: role.arn, roleSessionDuration: durationSeconds };
  const seen = await examineRole(tools, alone, role.arn, mayAssume);
  return seen.settings.error ? seen : { ...seen, settings: { value: namedInSourceRole(seen.settings.value) } };
}

/** Reports the settings under their names in `instance.sourceRole`. */
function namedInSourceRole({ externalId, duration, ...others }: RoleSettings): RoleSettings {
  const inSourceRole = <T>({ value, from }: Chosen<T>) => ({ value, from: from.replace(/^instance/, "$&.sourceRole") });
  return { ...others, externalId: externalId && inSourceRole(externalId), duration: inSourceRole(duration) };
}

/** The instance, with the doctor's own source role session: short, and easy to find in CloudTrail. */
function withShortSourceRole(
  instance: IntegrationInstance,
  { roleArn, assumed, settings }: RoleSeen,
  { runtime }: Tools,
): IntegrationInstance {
  const given = typeof instance.sourceRole === "string" ? { roleArn } : instance.sourceRole;
  const roleSessionName = assumed?.value ? doctorName(runtime) : settings.value?.roleSessionName;
  const roleSessionDuration = ROLE_SESSION_DURATION.min;
  return { ...instance, sourceRole: { roleArn, ...given, roleSessionName, roleSessionDuration } };
}
