import { readCondition } from "./iam-condition.js";
import { matchesResource } from "./iam-pattern.js";
import { ACTIONS, type IamPolicy, readIdentityPolicy, readTrustPolicy, type Statement } from "./iam-policy.js";
import { isOidcProvider, NO_PRINCIPALS, type Principal } from "./iam-principal.js";
import { readItems, shown } from "./read-options.js";
import { assertRoleArn } from "./role-identity.js";

/** A role in the local AWS, with its trust policy and the settings that affect STS. */
export interface LocalRole {
  /** `arn:<partition>:iam::<12 digits>:role/<path/name>`. */
  roleArn: string;
  /**
   * The role's trust policy, as a document. Replaces `trustedPrincipals`, `externalId`, `requiredSourceIdentity`,
   * `allowTagSession` and `allowSetSourceIdentity`, which are shorthands for common policies.
   */
  trustPolicy?: IamPolicy;
  /**
   * Who may assume the role: role, user or session ARNs, `arn:aws:iam::<account>:root` for everyone in an account, or
   * `"*"`. Default: the roles of all platforms, such as the role of the instance profile, including roles that were
   * attached earlier.
   */
  trustedPrincipals?: readonly string[];
  /**
   * The `sts:ExternalId` that the trust policy requires. Default: none. As in AWS, an external id that is not required
   * is ignored.
   */
  externalId?: string;
  /** The longest session in seconds, 3600 to 43200. Default 3600, as in IAM. */
  maxSessionDuration?: number;
  /** The role's own policy, as a document. Replaces `allowAssumeRole`. */
  policy?: IamPolicy;
  /** The `Resource` list of the role's `sts:AssumeRole` permission, with IAM's `*` and `?`. Default `[]`. */
  allowAssumeRole?: readonly string[];
  /** The values of `sts:SourceIdentity` that the trust policy accepts. Default: any value, or none. */
  requiredSourceIdentity?: readonly string[];
  /** Whether the trust policy grants `sts:TagSession`. Default `true`. */
  allowTagSession?: boolean;
  /** Whether the trust policy grants `sts:SetSourceIdentity`. Default `true`. */
  allowSetSourceIdentity?: boolean;
}

/** A parsed {@link LocalRole}. */
export interface KnownRole {
  readonly maxSessionDuration: number | undefined;
  /** The role's own policy. */
  readonly permissions: readonly Statement[];
  /** The role's trust policy. `defaults` are the trusted principals if the role names none. */
  trust(defaults: readonly string[]): readonly Statement[];
}

/** @throws TypeError or RangeError naming the invalid option */
export function readLocalRole(role: LocalRole): KnownRole {
  assertRoleArn("role.roleArn", role.roleArn);
  const { maxSessionDuration: seconds } = role;
  if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 3600 && seconds <= 43_200)) {
    throw new RangeError(`role.maxSessionDuration must be 3600 to 43200 seconds, got ${shown(seconds)}`);
  }
  return { maxSessionDuration: seconds, permissions: readPermissions("role", role, []), trust: readTrust(role) };
}

/** The policy of a role or user, from the document or from `allowAssumeRole`. */
export function readPermissions(
  option: string,
  { policy, allowAssumeRole }: { policy?: IamPolicy; allowAssumeRole?: readonly string[] },
  defaultResources: readonly string[],
): readonly Statement[] {
  if (policy === undefined)
    return [allowOn(readItems(`${option}.allowAssumeRole`, allowAssumeRole ?? defaultResources))];
  if (allowAssumeRole !== undefined) throw new TypeError(`${option} has both policy and allowAssumeRole`);
  return readIdentityPolicy(`${option}.policy`, policy);
}

function allowOn(resources: readonly string[]): Statement {
  return {
    effect: "Allow",
    principals: NO_PRINCIPALS,
    covers: ({ roleArn }) => resources.some((pattern) => matchesResource(pattern, roleArn)),
  };
}

const SHORT_FOR_TRUST = [
  "trustedPrincipals",
  "externalId",
  "requiredSourceIdentity",
  "allowTagSession",
  "allowSetSourceIdentity",
] as const satisfies readonly (keyof LocalRole)[];

function readTrust(role: LocalRole): KnownRole["trust"] {
  if (role.trustPolicy === undefined) return shortTrust(role);
  const other = SHORT_FOR_TRUST.find((option) => role[option] !== undefined);
  if (other) throw new TypeError(`role has both trustPolicy and ${other}`);
  const statements = readTrustPolicy(
    "role.trustPolicy",
    role.trustPolicy,
    (principal) => principal.type === "AWS" || isOidcProvider(principal),
  );
  return () => statements;
}

/** Builds the trust policy from the shorthand options. */
function shortTrust(role: LocalRole): KnownRole["trust"] {
  const { externalId, requiredSourceIdentity, allowTagSession = true, allowSetSourceIdentity = true } = role;
  const trusted = role.trustedPrincipals && readItems("role.trustedPrincipals", role.trustedPrincipals);
  const required = readCondition("role", {
    StringEquals: {
      ...(externalId !== undefined && { "sts:ExternalId": [externalId] }),
      ...(requiredSourceIdentity !== undefined && {
        "sts:SourceIdentity": readItems("role.requiredSourceIdentity", requiredSourceIdentity),
      }),
    },
  });
  const granted = {
    "sts:AssumeRole": required,
    "sts:TagSession": () => allowTagSession,
    "sts:SetSourceIdentity": () => allowSetSourceIdentity,
  };
  return (defaults) => {
    const named = (trusted ?? defaults).map((id): Principal => ({ type: "AWS", id }));
    const principals = { named, isException: false };
    return ACTIONS.map((action) => ({
      effect: "Allow",
      principals,
      covers: (asked) => asked.action === action && granted[action](asked.context),
    }));
  };
}
