import { deflateRawSync } from "node:zlib";
import { AwsError } from "./aws-error.js";
import { parseRoleArn } from "./role-identity.js";

/** The parameters of an AssumeRole call. Validated as STS validates them before it looks up the role. */
export interface AssumeRoleInput {
  roleArn: string;
  roleSessionName: string;
  /** Seconds. */
  duration: number;
  /** Always own properties, because code in this process may have polluted `Object.prototype`. */
  externalId: string | undefined;
  sourceIdentity: string | undefined;
  tags: ReadonlyMap<string, string>;
  transitiveTagKeys: readonly string[];
  /** The inline session policy. */
  policy: string | undefined;
  /** The managed session policies. */
  policyArns: readonly string[];
  /** How much of the space for session policies and tags is used, in percent; absent if there are none. */
  packedPolicySize?: number;
}

export type QueryParameters = Readonly<Record<string, string>>;

/**
 * The packed format of STS is not public. Deflated, ordinary policies are well below this limit, and fifty long tags
 * exceed it.
 */
const PACKED_BYTES_ALLOTTED = 2048;
const DEFAULT_DURATION_SECONDS = 3600;

export function readAssumeRoleInput(parameters: QueryParameters): AssumeRoleInput {
  const { RoleArn = "", RoleSessionName = "", DurationSeconds, ExternalId, SourceIdentity, Policy } = parameters;
  const policyArns = members(parameters, "PolicyArns", "arn");
  const tagKeys = members(parameters, "Tags", "Key");
  const tagValues = members(parameters, "Tags", "Value");
  const duration = DurationSeconds === undefined ? DEFAULT_DURATION_SECONDS : Number(DurationSeconds);

  assertConstraints([
    ...checkPresent("roleArn", parameters.RoleArn),
    ...checkLength("roleArn", parameters.RoleArn, 20, 2048),
    ...checkPresent("roleSessionName", parameters.RoleSessionName),
    ...checkLength("roleSessionName", parameters.RoleSessionName, 2, 64),
    ...checkPattern("roleSessionName", parameters.RoleSessionName, /^[\w+=,.@-]*$/, "[\\w+=,.@-]*"),
    ...checkRange("durationSeconds", DurationSeconds, 900, 43_200),
    ...checkLength("externalId", ExternalId, 2, 1224),
    ...checkPattern("externalId", ExternalId, /^[\w+=,.@:/-]*$/, "[\\w+=,.@:\\/-]*"),
    ...checkLength("sourceIdentity", SourceIdentity, 2, 64),
    ...checkPattern("sourceIdentity", SourceIdentity, /^[\w+=,.@-]*$/, "[\\w+=,.@-]*"),
    ...checkLength("policy", Policy, 1, 2048),
    ...checkCount("policyArns", policyArns, 10),
    ...policyArns.flatMap((arn, index) => checkLength(`policyArns.${index + 1}.member.arn`, arn, 20, 2048)),
    ...checkCount("tags", tagKeys, 50),
    ...tagKeys.flatMap((key, index) => checkLength(`tags.${index + 1}.member.key`, key, 1, 128)),
    ...tagValues.flatMap((value, index) => checkLength(`tags.${index + 1}.member.value`, value, 0, 256)),
  ]);
  if (parseRoleArn(RoleArn) === undefined) throw new AwsError(400, "ValidationError", `${RoleArn} is invalid`);
  if (SourceIdentity?.startsWith("aws:")) {
    throw new AwsError(400, "ValidationError", "Source identity must not begin with the reserved prefix 'aws:'.");
  }
  const tags = uniqueTags(tagKeys, tagValues);
  const transitiveTagKeys = members(parameters, "TransitiveTagKeys");
  assertTransitiveTagKeys(transitiveTagKeys, tags);
  const packedPolicySize = packedSize([Policy ?? "", ...policyArns, ...[...tags].flat()].filter(Boolean));

  return {
    roleArn: RoleArn,
    roleSessionName: RoleSessionName,
    duration,
    tags,
    transitiveTagKeys,
    externalId: ExternalId,
    sourceIdentity: SourceIdentity,
    policy: Policy,
    policyArns,
    ...(packedPolicySize !== undefined && { packedPolicySize }),
  };
}

/** Reads `Tags.member.1.Key`, `Tags.member.2.Key` and so on, up to the first missing one. */
function members(parameters: QueryParameters, list: string, field?: string): string[] {
  const values: string[] = [];
  for (let index = 1; ; index++) {
    const value = parameters[`${list}.member.${index}${field === undefined ? "" : `.${field}`}`];
    if (value === undefined) return values;
    values.push(value);
  }
}

export function assertConstraints(violations: readonly string[]): void {
  if (violations.length === 0) return;
  const count = violations.length === 1 ? "1 validation error" : `${violations.length} validation errors`;
  throw new AwsError(400, "ValidationError", `${count} detected: ${violations.join("; ")}`);
}

function violation(name: string, value: string | undefined, rule: string): string[] {
  const shown = value === undefined ? "null" : `'${value}'`;
  return [`Value ${shown} at '${name}' failed to satisfy constraint: Member must ${rule}`];
}

export function checkPresent(name: string, value: string | undefined): string[] {
  return value === undefined ? violation(name, value, "not be null") : [];
}

export function checkLength(name: string, value: string | undefined, minimum: number, maximum: number): string[] {
  if (value === undefined) return [];
  const length = [...value].length;
  if (length < minimum) return violation(name, value, `have length greater than or equal to ${minimum}`);
  return length > maximum ? violation(name, value, `have length less than or equal to ${maximum}`) : [];
}

function checkPattern(name: string, value: string | undefined, pattern: RegExp, shown: string): string[] {
  if (value === undefined || pattern.test(value)) return [];
  return violation(name, value, `satisfy regular expression pattern: ${shown}`);
}

function checkRange(name: string, value: string | undefined, minimum: number, maximum: number): string[] {
  if (value === undefined) return [];
  if (!/^-?\d+$/.test(value)) return violation(name, value, "be a whole number");
  if (Number(value) < minimum) return violation(name, value, `have value greater than or equal to ${minimum}`);
  return Number(value) > maximum ? violation(name, value, `have value less than or equal to ${maximum}`) : [];
}

function checkCount(name: string, list: readonly string[], maximum: number): string[] {
  if (list.length <= maximum) return [];
  return violation(name, `[${list.length} members]`, `have length less than or equal to ${maximum}`);
}

function uniqueTags(keys: readonly string[], values: readonly string[]): Map<string, string> {
  if (new Set(keys.map((key) => key.toLowerCase())).size < keys.length) {
    throw invalidParameter("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  }
  return new Map(keys.map((key, index) => [key, values[index] ?? ""]));
}

function assertTransitiveTagKeys(transitiveTagKeys: readonly string[], tags: ReadonlyMap<string, string>): void {
  const keys = [...tags.keys()].map((key) => key.toLowerCase());
  if (transitiveTagKeys.every((key) => keys.includes(key.toLowerCase()))) return;
  throw invalidParameter("The specified transitive tag key must be included in the requested tags.");
}

function packedSize(texts: readonly string[]): number | undefined {
  if (texts.length === 0) return undefined;
  const percent = Math.ceil((100 * deflateRawSync(texts.join("\n")).length) / PACKED_BYTES_ALLOTTED);
  if (percent <= 100) return percent;
  const message = `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`;
  throw new AwsError(400, "PackedPolicyTooLarge", message);
}

export function invalidParameter(message: string): AwsError {
  return new AwsError(400, "InvalidParameterValue", message);
}
