import { isIP } from "node:net";
import { parseBoolean, parseNumber, parseTime } from "./iam-operators.js";

/** A key that conditions and policy variables use. */
export interface ConditionKey {
  /** The type of its values. */
  readonly kind: Kind;
  /** Whether a request may have several values for it. */
  readonly isMultivalued: boolean;
  /** Whether its value is derived from the call, the caller or the clock, so that a test cannot set it. */
  readonly isDerived: boolean;
}

type Kind = "text" | "boolean" | "number" | "time" | "address";

const KINDS: Record<Kind, { readonly is: (value: string) => boolean; readonly allowed: string }> = {
  text: { is: (value) => value !== "", allowed: "a string that is not empty" },
  boolean: { is: (value) => parseBoolean(value) !== undefined, allowed: '"true" or "false"' },
  number: { is: (value) => parseNumber(value) !== undefined, allowed: "a number in a string" },
  time: { is: (value) => parseTime(value) !== undefined, allowed: "a date such as 2026-01-31T00:00:00Z" },
  address: { is: (value) => isIP(value) !== 0, allowed: "an IP address" },
};

/**
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html. A key that ends in `/`
 * is the prefix of one key per tag.
 */
const DERIVED: Partial<Record<Kind, string>> = {
  text: `aws:PrincipalAccount aws:PrincipalArn aws:PrincipalType aws:RequestedRegion aws:RequestTag/ aws:ResourceAccount
    aws:SourceIdentity aws:userid aws:UserAgent aws:username sts:ExternalId sts:RoleSessionName sts:SourceIdentity`,
  time: "aws:CurrentTime aws:EpochTime aws:TokenIssueTime",
};
const DERIVED_MULTIVALUED = "aws:TagKeys sts:TransitiveTagKeys";
const SETTABLE: Partial<Record<Kind, string>> = {
  text: `aws:CalledViaFirst aws:CalledViaLast aws:ChatbotSourceArn aws:Ec2InstanceSourceVpc aws:FederatedProvider
    aws:PrincipalOrgID aws:PrincipalServiceName aws:PrincipalTag/ aws:referer aws:ResourceOrgID aws:ResourceTag/
    aws:SourceAccount aws:SourceArn aws:SourceOrgID aws:SourceVpc aws:SourceVpcArn aws:SourceVpce aws:VpceAccount
    aws:VpceOrgID sts:AWSServiceName sts:RequestContext/ sts:SigningAlgorithm sts:TaskPolicyArn`,
  boolean: `aws:AssumedRoot aws:IsMcpServiceAction aws:MultiFactorAuthPresent aws:PrincipalIsAWSService
    aws:SecureTransport aws:ViaAWSService`,
  number: "aws:MultiFactorAuthAge sts:DurationSeconds",
  address: "aws:Ec2InstanceSourcePrivateIPv4 aws:SourceIp aws:VpcSourceIp",
};
const SETTABLE_MULTIVALUED = `aws:CalledVia aws:PrincipalOrgPaths aws:PrincipalServiceNamesList
  aws:ResourceOrgPaths aws:SourceOrgPaths aws:VpceOrgPaths sts:IdentityTokenAudience sts:RequestContextProviders`;

const KEYS = new Map<string, ConditionKey>();
add(DERIVED, false, true);
add({ text: DERIVED_MULTIVALUED }, true, true);
add(SETTABLE, false, false);
add({ text: SETTABLE_MULTIVALUED }, true, false);

function add(names: Partial<Record<Kind, string>>, isMultivalued: boolean, isDerived: boolean): void {
  for (const [kind, list = ""] of Object.entries(names)) {
    for (const name of list.split(/\s+/))
      KEYS.set(name.toLowerCase(), { kind: kind as Kind, isMultivalued, isDerived });
  }
}

const SHAPE = /^[\w.-]+(\/[\w.-]+)*:[^\s*?$:][^*?$]*$/;
const OTHER_SERVICE_KEY: ConditionKey = { kind: "text", isMultivalued: false, isDerived: false };

/**
 * Looks up a condition key. Accepts any key of a service other than STS; such keys have no value unless a test sets
 * one.
 * @returns `undefined` for an invalid key and for an unknown `aws:` or `sts:` key
 */
export function findConditionKey(name: string): ConditionKey | undefined {
  const key = name.toLowerCase();
  const [group = "", ...tag] = key.split(/(?<=\/)/);
  const known = tag.length > 0 ? KEYS.get(group) : key.endsWith("/") ? undefined : KEYS.get(key);
  if (known || !SHAPE.test(key) || /^(aws|sts):/.test(key)) return known;
  return OTHER_SERVICE_KEY;
}

/** Describes what is wrong with the values of a key; `undefined` if they are valid. */
export function describeInvalidValues(
  { kind, isMultivalued }: ConditionKey,
  values: readonly unknown[],
): string | undefined {
  if (values.length === 0 || (values.length > 1 && !isMultivalued)) {
    return isMultivalued ? "must have at least one value" : "must have exactly one value";
  }
  const { is, allowed } = KINDS[kind];
  return values.every((value) => typeof value === "string" && is(value)) ? undefined : `must be ${allowed}`;
}
