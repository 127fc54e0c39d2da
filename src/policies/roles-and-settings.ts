import {
  type AllowedRole,
  type AllowedRoleEntry,
  readAllowedRoles,
  refuseUnlessAllowed,
} from "../request/allowed-roles.js";
import { type InstanceSettings, type IntegrationInstance, readInstance } from "../request/integration-instance.js";
import { checkTransitiveTagKeys, mergeTags, readTags, type SessionTags } from "../request/session-tags.js";
import { conflict, invalid, isGiven, readList, readText, type TextRule } from "../request/validation.js";

/** The roles that commands act as, and what their sessions carry. */
export interface RolesAndSettings {
  /** The roles, in the forms of an instance's `allowedRoles`. Give this or `instance`. */
  roles?: readonly AllowedRole[] | null | undefined;
  /** An instance's configuration: its `allowedRoles`, else its `roleArn`; its tags, source identity and external id. */
  instance?: IntegrationInstance | null | undefined;
  /** Keys of the session tags that authors add to the instance's, with any value. Default: none. */
  authorTagKeys?: readonly string[] | null | undefined;
  /** Source identities that authors may set, with IAM's `*` and `?`. Only if the instance sets none. Default: none. */
  sourceIdentities?: readonly string[] | null | undefined;
}

export const ROLES_AND_SETTINGS = [
  "roles",
  "instance",
  "authorTagKeys",
  "sourceIdentities",
] as const satisfies readonly (keyof RolesAndSettings)[];

const SOURCE_IDENTITY_PATTERN: TextRule = {
  pattern: /^(?!aws:)[\w+=,.@*?-]*$/,
  min: 1,
  max: 64,
  allowed: "1 to 64 letters, digits and _+=,.@-, with * and ? as in IAM, not beginning aws:",
};

export type Setup = ReturnType<typeof readRolesAndSettings>;

export function readRolesAndSettings(options: Partial<Record<keyof RolesAndSettings, unknown>>) {
  const { roles, instance } = options;
  if (isGiven(roles) && isGiven(instance)) {
    throw conflict("roles", "is given beside an instance", "An instance names its roles itself, in allowedRoles.");
  }
  const settings = isGiven(instance) ? readInstance(instance) : undefined;
  const fixedTags = settings?.tags ?? {};
  const tagKeys = readTagKeys(fixedTags, options.authorTagKeys);
  const fixedSourceIdentity = settings?.sourceIdentity;
  return {
    /** Whether an instance says what is sent. */
    isOfInstance: settings !== undefined,
    /** Which option lists the roles, for errors. */
    field: settings ? "instance.allowedRoles" : "roles",
    role: settings?.roleArn,
    externalId: settings?.externalId,
    /** `undefined`: no list was given, and IAM alone decides. */
    allowed: settings ? readConsistentList(settings) : readAllowedRoles("roles", roles),
    /** Every session has these. */
    fixedTags,
    /** No session has a tag with another key. */
    tagKeys,
    transitiveTagKeys: checkTransitiveTagKeys(
      "instance.transitiveTagKeys",
      settings?.transitiveTagKeys ?? [],
      toTags(tagKeys),
    ),
    /** Every session has it. */
    fixedSourceIdentity,
    /** No session has another one. */
    sourceIdentities: readSourceIdentities(fixedSourceIdentity, options.sourceIdentities),
  };
}

function readConsistentList({ allowedRoles, roleArn }: InstanceSettings): readonly AllowedRoleEntry[] | undefined {
  if (roleArn) refuseUnlessAllowed(allowedRoles, roleArn);
  return allowedRoles;
}

/** ARNs and patterns of the roles to be assumed: the list, else the instance's role. `undefined` if there is neither. */
export function rolesToAssume({ allowed, role }: Setup): readonly string[] | undefined {
  return allowed?.map(({ pattern }) => pattern) ?? (role && [role.arn]);
}

function readTagKeys(fixed: SessionTags, value: unknown): readonly string[] {
  const keys = (readList("authorTagKeys", value, "tag keys") ?? []).map((key, index) => {
    if (typeof key !== "string") throw invalid(`authorTagKeys[${index}]`, key, "a tag key");
    return key;
  });
  return Object.keys(mergeTags("authorTagKeys", fixed, readTags("authorTagKeys", toTags(keys))));
}

function toTags(keys: readonly string[]): SessionTags {
  return Object.fromEntries(keys.map((key) => [key, ""]));
}

function readSourceIdentities(fixed: string | undefined, value: unknown): readonly string[] {
  const list = readList("sourceIdentities", value, "source identities") ?? [];
  if (fixed !== undefined && list.length > 0) {
    throw conflict(
      "sourceIdentities",
      "is given beside instance.sourceIdentity",
      "Authors cannot change the instance's.",
    );
  }
  const patterns = list.map((item, index) => {
    const field = `sourceIdentities[${index}]`;
    const pattern = readText(field, item, SOURCE_IDENTITY_PATTERN);
    if (pattern === undefined) throw invalid(field, item, SOURCE_IDENTITY_PATTERN.allowed);
    return pattern;
  });
  return fixed === undefined ? [...new Set(patterns)] : [fixed];
}

/** The actions that AssumeRole needs in both documents, by what the session carries. */
export function assumeRoleActions({ tagKeys, sourceIdentities }: Setup): readonly string[] {
  return [
    "sts:AssumeRole",
    ...(tagKeys.length > 0 ? ["sts:TagSession"] : []),
    ...(sourceIdentities.length > 0 ? ["sts:SetSourceIdentity"] : []),
  ];
}
