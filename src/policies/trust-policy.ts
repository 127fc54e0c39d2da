import { hasWildcard, refuseUnlessAllowed, toIamResource } from "../request/allowed-roles.js";
import { EXTERNAL_ID } from "../request/limits.js";
import { type RoleArn, readRoleArn } from "../request/role-arn.js";
import type { SessionTags } from "../request/session-tags.js";
import {
  conflict,
  invalid,
  lengthOf,
  readFlag,
  readLimit,
  readSettings,
  readText,
  type TextRule,
} from "../request/validation.js";
import { type AccountsRole, findAccountsRole } from "./accounts-setup.js";
import { readPartition } from "./partition.js";
import {
  countCharacters,
  oneOrList,
  type PolicyDocument,
  type PolicyStatement,
  type PolicyWarning,
  type SetupPolicy,
  toDocument,
  warn,
} from "./policy-document.js";
import {
  ROLES_AND_SETTINGS,
  type RolesAndSettings,
  readRolesAndSettings,
  readTextList,
  type Setup,
} from "./roles-and-settings.js";

/** Options of {@link trustPolicy}. */
export interface TrustPolicyOptions extends RolesAndSettings {
  /**
   * One or more ARNs that may assume the role: the machine's role (from its instance profile), or the IAM user whose
   * static keys you set. With `sourceRole` in the instance, only the source role assumes the roles of commands, so it
   * is the default for these roles.
   */
  principal?: string | readonly string[] | undefined;
  /**
   * The ARN of the role to assume. Can also be the instance's `sourceRole` or a role of its `accounts` (the role that
   * lists the accounts, or the role in one of them). If there is a list of roles, it must contain this role, unless the
   * role is the source role or lists the accounts. Default: the instance's `roleArn`.
   */
  role?: string | null | undefined;
  /**
   * The external id that the role requires, or a list of accepted external ids. The list must include the external id
   * that the instance sends. Default: the external id that the list of roles, the instance's `accounts` or the instance
   * sets for this role, in this order; otherwise none.
   */
  externalId?: string | readonly string[] | undefined;
  /**
   * Whether the policy names the account of `principal`, with the condition that `aws:PrincipalArn` is `principal`. You
   * can then save the policy before `principal` exists, and it stays valid if `principal` is deleted and created again.
   * `principal` then needs a permission for the call in its own policy, even in the same account. Default `false`.
   */
  accountRoot?: boolean | null | undefined;
}

/** Excludes session ARNs, which match only that one session and lack the role's path. */
const PRINCIPAL: TextRule = {
  pattern: /^arn:aws(?:-[a-z0-9]+)*:iam::\d{12}:(?:role|user)\/(?:[!-)+-9;->@-~]+\/)?[\w+=,.@-]{1,64}$/,
  min: 20,
  max: 2048,
  allowed:
    "the ARN of an IAM role or user (not of a session), such as arn:aws:iam::111122223333:role/path/name or arn:aws:iam::111122223333:user/name",
};

/**
 * Creates the trust policy of a role that commands assume. It requires the external id and the instance's source
 * identity and tags. Authors may add only the listed keys and values.
 * @throws RolecallError `INVALID_REQUEST` naming the invalid option or instance setting; `ROLE_NOT_ALLOWED` if the role
 * is not in the list
 */
export function trustPolicy(options: TrustPolicyOptions): SetupPolicy {
  const settings = readSettings("options", options, [
    ...ROLES_AND_SETTINGS,
    "principal",
    "role",
    "externalId",
    "accountRoot",
  ]);
  const { commands, sourceRole } = readRolesAndSettings(settings);
  const role = readRoleArn("role", settings.role) ?? commands.role;
  if (!role) throw conflict("role", "is missing", "Set it to the ARN of the role to assume.");
  const isSourceRole = role.arn === sourceRole?.role.arn;
  const setup = isSourceRole ? sourceRole : commands;
  const principals = readPrincipals(settings.principal, isSourceRole ? undefined : sourceRole?.role);
  const named = principals.map((arn) => ({ field: "principal", arn }));
  readPartition(undefined, [...named, { field: "role", arn: role.arn }]); // throws unless all have the same partition
  const ofAccounts = isSourceRole ? undefined : findAccountsRole(commands.accounts, role);
  const externalIds = readExternalIds(settings.externalId, setup, role, ofAccounts);
  const isByAccount = readFlag("accountRoot", settings.accountRoot) ?? false;
  const document = toDocument(
    statements(setup, externalIds).map((statement) =>
      isByAccount ? trustAccount(principals, role.partition, statement) : trustPrincipals(principals, statement),
    ),
  );
  return {
    kind: "trust",
    document,
    ...(ofAccounts?.permissions && { permissions: ofAccounts.permissions }),
    roleArn: role.arn,
    partition: role.partition,
    warnings: [...warnOfAnySourceIdentity(setup), ...warnOfSize(document)],
  };
}

/** @param caller the only identity that assumes the role; `undefined` if it is not known */
function readPrincipals(value: unknown, caller: RoleArn | undefined): readonly string[] {
  const principals = readTexts("principal", value, PRINCIPAL) ?? (caller && [caller.arn]);
  if (principals === undefined) {
    const hint =
      "Set it to the ARN of the machine's role, from its instance profile, or of the IAM user whose keys you set.";
    throw conflict("principal", "is missing", hint);
  }
  if (caller && !principals.includes(caller.arn)) {
    const message = `does not include ${caller.arn}, the instance's sourceRole, which assumes this role`;
    throw conflict("principal", message, "Remove it, or add the source role.");
  }
  return principals;
}

function readExternalIds(
  value: unknown,
  setup: Setup,
  role: RoleArn,
  ofAccounts: AccountsRole | undefined,
): readonly string[] | undefined {
  const given = readTexts("externalId", readLimit("externalId", value), EXTERNAL_ID);
  const allowedBy = ofAccounts?.kind === "reader" ? undefined : refuseUnlessAllowed(setup.allowed, role);
  const bound = allowedBy?.externalId ?? ofAccounts?.externalId ?? setup.externalId;
  if (given === undefined) return bound === undefined ? undefined : [bound];
  const isSent = bound === undefined ? !setup.hasInstance : given.includes(bound); // without an external id, an instance sends none
  if (isSent) return given;
  throw conflict("externalId", "does not match what the instance sends for this role", "Remove it.");
}

/** Reads one string, or a list of at least one string. Removes duplicates. */
function readTexts(field: string, value: unknown, rule: TextRule): readonly string[] | undefined {
  if (lengthOf(value) === undefined) {
    const text = readText(field, value, rule);
    return text === undefined ? undefined : [text];
  }
  const texts = readTextList(field, value, "strings", rule);
  if (!texts?.length) throw invalid(field, value, rule.allowed);
  return [...new Set(texts)];
}

type Grant = Pick<PolicyStatement, "Action" | "Condition">;

function trustPrincipals(principals: readonly string[], grant: Grant): PolicyStatement {
  return { Effect: "Allow", Principal: { AWS: oneOrList(principals) }, ...grant };
}

/**
 * IAM replaces the ARN of a role or user with its unique id, but stores an account and a condition as they are. For a
 * role's session, `aws:PrincipalArn` is the role's ARN with its path:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
 */
function trustAccount(principals: readonly string[], partition: string, grant: Grant): PolicyStatement {
  const roots = principals.map((arn) => `arn:${partition}:iam::${arn.split(":")[4]}:root`);
  const arns = principals.map((arn) => toIamResource(arn, partition));
  return {
    Effect: "Allow",
    Principal: { AWS: oneOrList([...new Set(roots)]) },
    Action: grant.Action,
    Condition: { ArnEquals: { "aws:PrincipalArn": oneOrList(arns) }, ...grant.Condition },
  };
}

/**
 * Inherited tags and source identities are part of the calling session, so `aws:` keys test them. The `sts:` and
 * request keys test the call. There is one statement per action, because each condition key is available only for some
 * actions: the external id, for example, only for AssumeRole.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
 */
function statements(setup: Setup, externalIds: readonly string[] | undefined): Grant[] {
  const { fixedTags, inherited, tagKeys, transitiveTagKeys, fixedSourceIdentity, sourceIdentities } = setup;
  const inheritedSourceIdentity = inherited.sourceIdentity !== undefined && {
    "aws:SourceIdentity": inherited.sourceIdentity,
  };
  const required = {
    ...(externalIds && { "sts:ExternalId": oneOrList(externalIds) }),
    ...(fixedSourceIdentity !== undefined && { "sts:SourceIdentity": fixedSourceIdentity }),
    ...inheritedSourceIdentity,
    ...tagConditions("aws:RequestTag", fixedTags),
    ...tagConditions("aws:PrincipalTag", inherited.tags),
  };
  const grants = [grant("sts:AssumeRole", { StringEquals: required })];
  if (tagKeys.length > 0) {
    const keys = {
      "aws:TagKeys": [...tagKeys],
      ...(transitiveTagKeys.length > 0 && { "sts:TransitiveTagKeys": [...transitiveTagKeys] }),
    };
    grants.push(grant("sts:TagSession", { "ForAllValues:StringEquals": keys }));
  }
  if (sourceIdentities.length > 0) {
    const operator = sourceIdentities.some(hasWildcard) ? "StringLike" : "StringEquals";
    const values = { "sts:SourceIdentity": oneOrList(sourceIdentities) };
    grants.push(grant("sts:SetSourceIdentity", { [operator]: values }));
  } else if (inheritedSourceIdentity) {
    grants.push(grant("sts:SetSourceIdentity", { StringEquals: inheritedSourceIdentity }));
  }
  return grants;
}

function tagConditions(key: string, tags: SessionTags) {
  return Object.fromEntries(Object.entries(tags).map(([name, value]) => [`${key}/${name}`, value]));
}

function grant(action: string, condition: NonNullable<PolicyStatement["Condition"]>): Grant {
  const used = Object.entries(condition).filter(([, keys]) => Object.keys(keys).length > 0);
  return { Action: action, ...(used.length > 0 && { Condition: Object.fromEntries(used) }) };
}

function warnOfAnySourceIdentity({ sourceIdentities }: Setup): PolicyWarning[] {
  return sourceIdentities
    .filter((pattern) => /^[*?]+$/.test(pattern))
    .map((pattern) =>
      warn("any-source-identity", `"${pattern}" lets authors set any source identity. List specific values.`),
    );
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const DEFAULT_MAX_SIZE = 2_048;

function warnOfSize(document: PolicyDocument): PolicyWarning[] {
  const size = countCharacters(document);
  if (size <= DEFAULT_MAX_SIZE) return [];
  const message =
    `The trust policy has ${size} characters, more than the default limit of ${DEFAULT_MAX_SIZE}. ` +
    'Request a higher quota for "Role trust policy length" in the role\'s account, or restrict fewer tags.';
  return [warn("too-large", message)];
}
