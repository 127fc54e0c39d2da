import { readCondition } from "./iam-condition.js";
import { matchesResource } from "./iam-pattern.js";
import { ACTIONS, type IamPolicy, readIdentityPolicy, readTrustPolicy, type Statement } from "./iam-policy.js";
import { NO_PRINCIPALS, type Principal } from "./iam-principal.js";
import { readItems, shown } from "./read-options.js";
import { assertRoleArn } from "./role-identity.js";

/** A role that the local STS knows, with the parts of its trust policy and settings that STS acts on. */
export interface LocalRole {
  /** `arn:<partition>:iam::<12 digits>:role/<path/name>`. */
  roleArn: string;
  /**
   * The role's trust policy, as a document. In place of `trustedPrincipals`, `externalId`, `requiredSourceIdentity`,
   * `allowTagSession` and `allowSetSourceIdentity`, which are short for the usual ones.
   */
  trustPolicy?: IamPolicy;
  /**
   * Who may assume the role: role, user or session ARNs, `arn:aws:iam::<account>:root` for everyone in an account, or
   * `"*"`. Default: every role that has been attached as the instance profile.
   */
  trustedPrincipals?: readonly string[];
  /** The `sts:ExternalId` that the trust policy demands. Default: none; one that is sent all the same is ignored, as in AWS. */
  externalId?: string;
  /** The longest session in seconds, 3600 to 43200. Default 3600, as IAM's. */
  maxSessionDuration?: number;
  /** The policy of the role itself, as a document. In place of `allowAssumeRole`. */
  policy?: IamPolicy;
  /** `Resource` list of the `sts:AssumeRole` permission that this role's sessions hold, with IAM's `*` and `?`. Default `[]`. */
  allowAssumeRole?: readonly string[];
  /** The values of `sts:SourceIdentity` that the trust policy accepts. Default: any, or none. */
  requiredSourceIdentity?: readonly string[];
  /** Whether the trust policy grants `sts:TagSession`. Default `true`. */
  allowTagSession?: boolean;
  /** Whether the trust policy grants `sts:SetSourceIdentity`. Default `true`. */
  allowSetSourceIdentity?: boolean;
}

/** A {@link LocalRole}, read. */
export interface KnownRole {
  readonly maxSessionDuration: number | undefined;
  /** What the role's own policy says. */
  readonly permissions: readonly Statement[];
  /** What its trust policy says, where `defaults` are trusted by a role that names no one. */
  trust(defaults: readonly string[]): readonly Statement[];
}

/** @throws TypeError or RangeError naming the option that is wrong */
export function readLocalRole(role: LocalRole): KnownRole {
  assertRoleArn("role.roleArn", role.roleArn);
  const { maxSessionDuration: seconds } = role;
  if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 3600 && seconds <= 43_200)) {
    throw new RangeError(`role.maxSessionDuration must be 3600 to 43200 seconds, got ${shown(seconds)}`);
  }
  return { maxSessionDuration: seconds, permissions: readPermissions("role", role, []), trust: readTrust(role) };
}

/** The policy of a role or user: the document, or what `allowAssumeRole` is short for. */
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
  const statements = readTrustPolicy("role.trustPolicy", role.trustPolicy, ({ type }) => type === "AWS");
  return () => statements;
}

/** The trust policy that the short options stand for. */
function shortTrust(role: LocalRole): KnownRole["trust"] {
  const { externalId, requiredSourceIdentity, allowTagSession = true, allowSetSourceIdentity = true } = role;
  const trusted = role.trustedPrincipals && readItems("role.trustedPrincipals", role.trustedPrincipals);
  const demanded = readCondition("role", {
    StringEquals: {
      ...(externalId !== undefined && { "sts:ExternalId": [externalId] }),
      ...(requiredSourceIdentity !== undefined && {
        "sts:SourceIdentity": readItems("role.requiredSourceIdentity", requiredSourceIdentity),
      }),
    },
  });
  const granted = {
    "sts:AssumeRole": demanded,
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
