import { type AllowedRole, readAllowedRoles, refuseUnlessAllowed } from "../request/allowed-roles.js";
import { type IntegrationInstance, readInstance } from "../request/integration-instance.js";
import { checkTransitiveTagKeys, mergeTags, readTags, type SessionTags } from "../request/session-tags.js";
import { conflict, invalid, isGiven, readList, readText, type TextRule } from "../request/validation.js";

/** The roles that commands use, and the settings of their sessions. */
export interface RolesAndSettings {
  /** The roles, in the same form as an instance's `allowedRoles`. Set either this or `instance`. */
  roles?: readonly AllowedRole[] | null | undefined;
  /**
   * An instance configuration. Used: `allowedRoles` or else `roleArn`, the tags, the source identity and the external
   * id.
   */
  instance?: IntegrationInstance | null | undefined;
  /** Keys of session tags that authors may add to the instance's tags, with any value. Default: none. */
  authorTagKeys?: readonly string[] | null | undefined;
  /**
   * Source identities that authors may set; may contain IAM's `*` and `?`. Only if the instance sets none. Default:
   * none.
   */
  sourceIdentities?: readonly string[] | null | undefined;
}

export const ROLES_AND_SETTINGS = ["roles", "instance", "authorTagKeys", "sourceIdentities"] as const;

const SOURCE_IDENTITY_PATTERN: TextRule = {
  pattern: /^(?!aws:)[\w+=,.@*?-]*$/,
  min: 1,
  max: 64,
  allowed: "1 to 64 letters, digits and _+=,.@-, with * and ? as in IAM, not starting with aws:",
};

export type Setup = ReturnType<typeof readRolesAndSettings>;

export function readRolesAndSettings(options: Partial<Record<keyof RolesAndSettings, unknown>>) {
  const { roles, instance } = options;
  if (isGiven(roles) && isGiven(instance)) {
    const hint = "List the roles in the allowedRoles of the instance.";
    throw conflict("roles", "cannot be combined with an instance", hint);
  }
  const settings = isGiven(instance) ? readInstance(instance) : undefined;
  if (settings?.roleArn) refuseUnlessAllowed(settings.allowedRoles, settings.roleArn);
  const fixedTags = settings?.tags ?? {};
  const tagKeys = readTagKeys(fixedTags, options.authorTagKeys);
  const fixedSourceIdentity = settings?.sourceIdentity;
  return {
    /** Whether the settings come from an instance. */
    hasInstance: settings !== undefined,
    /** The option that lists the roles, for errors. */
    field: settings ? "instance.allowedRoles" : "roles",
    role: settings?.roleArn,
    externalId: settings?.externalId,
    /** `undefined` if there is no list, so IAM alone decides. */
    allowed: settings ? settings.allowedRoles : readAllowedRoles("roles", roles),
    /** Tags that every session has. */
    fixedTags,
    /** All the tag keys that a session may have. */
    tagKeys,
    transitiveTagKeys: checkTransitiveTagKeys(
      "instance.transitiveTagKeys",
      settings?.transitiveTagKeys ?? [],
      toTags(tagKeys),
    ),
    /** The source identity of every session. */
    fixedSourceIdentity,
    /** All the source identities that a session may have. */
    sourceIdentities: readSourceIdentities(fixedSourceIdentity, options.sourceIdentities),
  };
}

/**
 * The ARNs and patterns of the roles to assume: the list, or else the instance's role. `undefined` if neither is set.
 */
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
  const list = readTextList("sourceIdentities", value, "source identities", SOURCE_IDENTITY_PATTERN) ?? [];
  if (fixed !== undefined && list.length > 0) {
    throw conflict(
      "sourceIdentities",
      "cannot be combined with instance.sourceIdentity",
      "Remove it. Authors cannot change the instance's source identity.",
    );
  }
  return fixed === undefined ? [...new Set(list)] : [fixed];
}

/** Reads a list of strings that follow a rule. */
export function readTextList(field: string, value: unknown, of: string, rule: TextRule): readonly string[] | undefined {
  return readList(field, value, of)?.map((item, index) => {
    const text = readText(`${field}[${index}]`, item, rule);
    if (text === undefined) throw invalid(`${field}[${index}]`, item, rule.allowed);
    return text;
  });
}
