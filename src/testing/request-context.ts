import { isRecord } from "../request/validation.js";
import { toIsoSeconds } from "./aws-time.js";
import { describeInvalidValues, findConditionKey } from "./condition-keys.js";
import { readItems, shown } from "./read-options.js";
import type { TrustQuestion } from "./trust.js";

/** The condition keys of a request, in lower case, with their values. Keys without a value are absent. */
export type RequestContext = ReadonlyMap<string, readonly string[]>;

/** Condition keys as AWS spells them, such as `aws:PrincipalOrgID`, each with its value or a list of values. */
export type ConditionKeyValues = Readonly<Record<string, string | readonly string[]>>;

/** @throws TypeError naming a key that is unknown, cannot be set, or has an invalid value */
export function readRequestContext(option: string, given: ConditionKeyValues): RequestContext {
  if (!isRecord(given)) throw new TypeError(`${option} must be an object of condition keys`);
  return new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), readValues(option, name, value)]));
}

function readValues(option: string, name: string, value: unknown): readonly string[] {
  const path = `${option}[${JSON.stringify(name)}]`;
  const key = findConditionKey(name);
  if (key === undefined) throw new TypeError(`${path} is not a condition key that the local AWS supports`);
  if (key.isDerived)
    throw new TypeError(`${path} cannot be set, because it is derived from the call, the caller or the clock`);
  const values = Array.isArray(value) ? readItems(path, value) : [value];
  const fault = describeInvalidValues(key, values);
  if (fault === undefined) return values as string[];
  throw new TypeError(`${path} ${fault}, got ${Array.isArray(value) ? `an array of ${value.length}` : shown(value)}`);
}

/** The properties of a call, apart from its parameters, that conditions may test. */
export interface Surroundings {
  /** Epoch milliseconds. */
  readonly time: number;
  /** The region that the call is signed for. */
  readonly region: string;
  readonly userAgent: string | undefined;
  /** The values that the test has set, and the values that follow from the organization. */
  readonly given: RequestContext;
}

const VPC_ENDPOINT_KEYS = ["aws:sourcevpce", "aws:sourcevpc", "aws:vpcsourceip"];

/**
 * The context of an AssumeRole call.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export function buildRequestContext(question: TrustQuestion): RequestContext {
  const { given } = question.surroundings;
  const isFromVpc = VPC_ENDPOINT_KEYS.some((key) => given.has(key));
  return new Map([
    ...toEntries({
      // AWS accepts only HTTPS. For calls through a VPC endpoint, another key has the source address.
      "aws:securetransport": "true",
      "aws:viaawsservice": "false",
      "aws:principalisawsservice": "false",
      "aws:sourceip": isFromVpc ? undefined : "127.0.0.1",
      "aws:multifactorauthpresent": question.caller.kind === "user" ? undefined : "false",
    }),
    ...given,
    ...callerEntries(question),
    ...callEntries(question),
    ...timeEntries(question.surroundings.time),
  ]);
}

/** An AssumeRoleWithWebIdentity call. */
export interface WebIdentityCall {
  /** The issuer's URL without its scheme. */
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  readonly roleArn: string;
  readonly roleSessionName: string;
  readonly userAgent: string | undefined;
  readonly time: number;
  readonly given: RequestContext;
}

/** The context of an AssumeRoleWithWebIdentity call. */
export function webIdentityContext({ issuer, subject, audience, ...call }: WebIdentityCall): RequestContext {
  return new Map([
    ...toEntries({ "aws:securetransport": "true", "aws:sourceip": "127.0.0.1" }),
    ...call.given,
    ...toEntries({
      [`${issuer}:sub`.toLowerCase()]: subject,
      [`${issuer}:aud`.toLowerCase()]: audience,
      "aws:resourceaccount": call.roleArn.split(":")[4],
      "aws:useragent": call.userAgent,
      "sts:rolesessionname": call.roleSessionName,
    }),
    ...timeEntries(call.time),
  ]);
}

/** A service that assumes the role of a platform. */
export interface ServiceCall {
  readonly service: string | undefined;
  /** The `aws:SourceArn` of the call. */
  readonly sourceArn: string | undefined;
  readonly time: number;
  readonly given: RequestContext;
  readonly tags: ReadonlyMap<string, string> | undefined;
}

/** The context when a service, such as EC2, assumes the role of a platform. */
export function serviceContext({ service, sourceArn, time, given, tags = new Map() }: ServiceCall): RequestContext {
  const source = toEntries({ "aws:sourcearn": sourceArn, "aws:sourceaccount": sourceArn?.split(":")[4] });
  const own = toEntries({
    "aws:principalisawsservice": "true",
    "aws:principalservicename": service,
    "aws:tagkeys": [...tags.keys()],
  });
  return new Map([...source, ...given, ...own, ...tagEntries("aws:requesttag/", tags), ...timeEntries(time)]);
}

function callerEntries({ caller, surroundings }: TrustQuestion): Entry[] {
  const { arn, roleArn, accountId, userId } = caller.identity;
  const isMachine = caller.kind === "instance-profile";
  const instance = `arn:${arn.split(":")[1]}:ec2:${surroundings.region}:${accountId}:instance/${caller.identity.roleSessionName}`;
  return [
    ...tagEntries("aws:principaltag/", caller.sessionTags),
    ...toEntries({
      "aws:principalarn": roleArn ?? arn,
      "aws:principalaccount": accountId,
      "aws:principaltype": roleArn === undefined ? "User" : "AssumedRole",
      "aws:userid": userId,
      "aws:username": roleArn === undefined ? arn.split("/").at(-1) : undefined,
      "aws:sourceidentity": caller.sourceIdentity,
      "aws:tokenissuetime": caller.issuedAt === undefined ? undefined : toIsoSeconds(caller.issuedAt),
      "ec2:sourceinstancearn": isMachine ? instance : undefined,
      "ec2:roledelivery": isMachine ? "2.0" : undefined,
    }),
  ];
}

function callEntries({ roleArn, roleSessionName, externalId, sourceIdentity, tags, ...call }: TrustQuestion): Entry[] {
  const { region, userAgent } = call.surroundings;
  return [
    ...tagEntries("aws:requesttag/", tags),
    ...toEntries({
      "aws:requestedregion": region,
      "aws:resourceaccount": roleArn.split(":")[4],
      "aws:tagkeys": [...tags.keys()],
      "aws:useragent": userAgent,
      "sts:externalid": externalId,
      "sts:rolesessionname": roleSessionName,
      "sts:sourceidentity": sourceIdentity,
      "sts:transitivetagkeys": call.transitiveTagKeys,
    }),
  ];
}

function timeEntries(time: number): Entry[] {
  return toEntries({ "aws:currenttime": toIsoSeconds(time), "aws:epochtime": `${Math.floor(time / 1000)}` });
}

type Entry = [string, readonly string[]];

/** Omits keys without a value. */
function toEntries(values: Readonly<Record<string, string | readonly string[] | undefined>>): Entry[] {
  return Object.entries(values).flatMap(([key, value]): Entry[] => {
    const list = value === undefined ? [] : [value].flat();
    return list.length === 0 ? [] : [[key, list]];
  });
}

function tagEntries(prefix: string, tags: ReadonlyMap<string, string>): Entry[] {
  return [...tags].map(([key, value]) => [prefix + key.toLowerCase(), [value]]);
}
