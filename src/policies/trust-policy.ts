import { refuseUnlessAllowed } from "../request/allowed-roles.js";
import { EXTERNAL_ID } from "../request/limits.js";
import { type RoleArn, readRoleArn } from "../request/role-arn.js";
import {
  conflict,
  invalid,
  lengthOf,
  readLimit,
  readList,
  readSettings,
  readText,
  type TextRule,
} from "../request/validation.js";
import { readPartition } from "./partition.js";
import { oneOrList, type PolicyStatement, type SetupPolicy, toDocument } from "./policy-document.js";
import { type PolicyWarning, warn, warnOfTrustPolicySize } from "./policy-warnings.js";
import { ROLES_AND_SETTINGS, type RolesAndSettings, readRolesAndSettings, type Setup } from "./roles-and-settings.js";

/** What {@link trustPolicy} takes. */
export interface TrustPolicyOptions extends RolesAndSettings {
  /**
   * Who may assume the role, one ARN or several: the machine's role, the one in its instance profile; or the IAM user
   * whose keys are set.
   */
  principal: string | readonly string[];
  /** ARN of the role to be assumed. Default: the instance's `roleArn`. With a list of roles it has to be on it. */
  role?: string | null | undefined;
  /**
   * The external id that the role requires; any of them if it is a list. A list has the one that the instance sends.
   * Default: what the list of roles binds to the role, else the instance's, else none.
   */
  externalId?: string | readonly string[] | undefined;
}

const OPTIONS = [
  ...ROLES_AND_SETTINGS,
  "principal",
  "role",
  "externalId",
] as const satisfies readonly (keyof TrustPolicyOptions)[];

/** Who can be the base identity. A session's ARN would hold for that session alone, and it lacks the role's path. */
const PRINCIPAL: TextRule = {
  pattern: /^arn:aws(?:-[a-z0-9]+)*:iam::\d{12}:(?:role|user)\/(?:[!-)+-9;->@-~]+\/)?[\w+=,.@-]{1,64}$/,
  min: 20,
  max: 2048,
  allowed:
    "the ARN of an IAM role or user (not of a session), such as arn:aws:iam::111122223333:role/path/name or arn:aws:iam::111122223333:user/name",
};

/**
 * The trust policy of one role that commands act as. It demands what every session of the instance has: the external id,
 * the instance's source identity and tags. What authors may add is limited to the keys and values that are named.
 * @throws RolecallError `INVALID_REQUEST` naming the option, or the setting of the instance, that is wrong;
 * `ROLE_NOT_ALLOWED` if the list does not have the role
 */
export function trustPolicy(options: TrustPolicyOptions): SetupPolicy {
  const settings = readSettings("options", options, OPTIONS);
  const setup = readRolesAndSettings(settings);
  const principals = readTexts("principal", settings.principal, PRINCIPAL);
  if (principals === undefined) {
    const hint =
      "Give the ARN of the machine's role, the one in its instance profile, or of the user whose keys are set.";
    throw conflict("principal", "is missing", hint);
  }
  const role = readRoleArn("role", settings.role) ?? setup.role;
  if (!role) throw conflict("role", "is missing", "Give the ARN of the role to be assumed.");
  assertOnePartition(principals, role);
  const externalIds = readExternalIds(settings.externalId, setup, role);
  const document = toDocument(
    statements(setup, externalIds).map((statement) => ({
      Effect: "Allow",
      Principal: { AWS: oneOrList(principals) },
      ...statement,
    })),
  );
  return {
    kind: "trust",
    document,
    roleArn: role.arn,
    partition: role.partition,
    warnings: [...warnOfAnySourceIdentity(setup), ...warnOfTrustPolicySize(document)],
  };
}

function assertOnePartition(principals: readonly string[], role: RoleArn): void {
  const named = principals.map((arn) => ({ field: "principal", arn }));
  readPartition(undefined, [...named, { field: "role", arn: role.arn }]);
}

function readExternalIds(value: unknown, setup: Setup, role: RoleArn): readonly string[] | undefined {
  const given = readTexts("externalId", readLimit("externalId", value), EXTERNAL_ID);
  const bound = refuseUnlessAllowed(setup.allowed, role)?.externalId ?? setup.externalId;
  if (given === undefined) return bound === undefined ? undefined : [bound];
  const isSent = bound === undefined ? !setup.isOfInstance : given.includes(bound); // an instance without one sends none
  if (isSent) return given;
  throw conflict("externalId", "is not the one that the instance sends for this role", "Leave it out.");
}

/** One text, or a list of at least one. A text that is repeated counts once. */
function readTexts(field: string, value: unknown, rule: TextRule): readonly string[] | undefined {
  if (lengthOf(value) === undefined) {
    const text = readText(field, value, rule);
    return text === undefined ? undefined : [text];
  }
  const texts = readList(field, value, "texts")?.map((item, index) => {
    const text = readText(`${field}[${index}]`, item, rule);
    if (text === undefined) throw invalid(`${field}[${index}]`, item, rule.allowed);
    return text;
  });
  if (!texts?.length) throw invalid(field, value, rule.allowed);
  return [...new Set(texts)];
}

type Grant = Pick<PolicyStatement, "Action" | "Condition">;

/**
 * One statement for each action, since IAM knows each condition key with some of the actions only: the external id, for
 * one, with AssumeRole. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
 */
function statements(setup: Setup, externalIds: readonly string[] | undefined): Grant[] {
  const { fixedTags, tagKeys, transitiveTagKeys, fixedSourceIdentity, sourceIdentities } = setup;
  const demanded = {
    ...(externalIds && { "sts:ExternalId": oneOrList(externalIds) }),
    ...(fixedSourceIdentity !== undefined && { "sts:SourceIdentity": fixedSourceIdentity }),
    ...Object.fromEntries(Object.entries(fixedTags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
  };
  const grants = [grant("sts:AssumeRole", { StringEquals: demanded })];
  if (tagKeys.length > 0) {
    const keys = {
      "aws:TagKeys": [...tagKeys],
      ...(transitiveTagKeys.length > 0 && { "sts:TransitiveTagKeys": [...transitiveTagKeys] }),
    };
    grants.push(grant("sts:TagSession", { "ForAllValues:StringEquals": keys }));
  }
  if (sourceIdentities.length > 0) {
    const operator = sourceIdentities.some(isPattern) ? "StringLike" : "StringEquals";
    const values = { "sts:SourceIdentity": oneOrList(sourceIdentities) };
    grants.push(grant("sts:SetSourceIdentity", { [operator]: values }));
  }
  return grants;
}

function grant(action: string, condition: NonNullable<PolicyStatement["Condition"]>): Grant {
  const used = Object.entries(condition).filter(([, keys]) => Object.keys(keys).length > 0);
  return { Action: action, ...(used.length > 0 && { Condition: Object.fromEntries(used) }) };
}

function isPattern(text: string): boolean {
  return /[*?]/.test(text);
}

function warnOfAnySourceIdentity({ sourceIdentities }: Setup): PolicyWarning[] {
  return sourceIdentities
    .filter((pattern) => /^[*?]+$/.test(pattern))
    .map((pattern) =>
      warn("any-source-identity", `"${pattern}" lets authors set any source identity. Name the values.`),
    );
}
