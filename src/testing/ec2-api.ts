import { createHash, randomUUID } from "node:crypto";
import type { AccountRegion, AccountRegions } from "./account-regions.js";
import { AwsError } from "./aws-error.js";
import { element } from "./aws-xml.js";
import type { Answer } from "./exchange.js";
import type { SignerIdentity } from "./issued-sessions.js";
import { xml } from "./service-protocols.js";

const NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/";

/** A call to EC2. */
export interface Ec2Call {
  operation: string;
  parameters: Readonly<Record<string, string>>;
  region: string;
  caller: SignerIdentity;
}

/** Answers DescribeInstances and DescribeRegions. Every other operation succeeds with an empty response. */
export function answerEc2(call: Ec2Call, regions: AccountRegions): Answer {
  const { operation } = call;
  const result = findResult(call, regions);
  return xml(element(`${operation}Response`, [element("requestId", randomUUID()), ...result], NAMESPACE));
}

function findResult({ operation, parameters, region, caller }: Ec2Call, regions: AccountRegions): string[] {
  if (operation === "DescribeRegions") {
    return [element("regionInfo", describeRegions(parameters, regions.list(caller.accountId)))];
  }
  if (operation === "DescribeInstances") return [element("reservationSet", [reservation(region, caller.accountId)])];
  return [];
}

/** The value that each filter of DescribeRegions compares. */
const FILTERS: ReadonlyMap<string, (region: AccountRegion) => string> = new Map([
  ["endpoint", toEndpoint],
  ["opt-in-status", toOptInStatus],
  ["region-name", ({ name }: AccountRegion) => name],
]);

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html */
function describeRegions(parameters: Ec2Call["parameters"], regions: readonly AccountRegion[]): string[] {
  const asked = listOf(parameters, "RegionName");
  const unknown = asked.filter((name) => !regions.some((region) => region.name === name));
  if (unknown.length > 0) throw invalidValue(`Invalid region names: [${unknown.join(", ")}]`);
  const filters = listOf(parameters, "Filter", ".Name").map((name, index) => {
    const read = FILTERS.get(name);
    if (read === undefined) throw invalidValue(`The filter '${name}' is invalid`);
    const wanted = listOf(parameters, `Filter.${index + 1}.Value`);
    return (region: AccountRegion) => wanted.includes(read(region));
  });
  return regions
    .filter(({ name }) => asked.length === 0 || asked.includes(name))
    .filter(({ isEnabled }) => isEnabled || asked.length > 0 || parameters.AllRegions === "true")
    .filter((region) => filters.every((passes) => passes(region)))
    .map((region) =>
      element("item", [
        element("regionName", region.name),
        element("regionEndpoint", toEndpoint(region)),
        element("optInStatus", toOptInStatus(region)),
      ]),
    );
}

function toEndpoint({ name }: AccountRegion): string {
  return `ec2.${name}.amazonaws.com`;
}

function toOptInStatus({ isOptIn, isEnabled }: AccountRegion): string {
  if (!isEnabled) return "not-opted-in";
  return isOptIn ? "opted-in" : "opt-in-not-required";
}

/** The members `<name>.1<suffix>`, `<name>.2<suffix>`, … of a list. */
function listOf(parameters: Ec2Call["parameters"], name: string, suffix = ""): string[] {
  const members: string[] = [];
  for (let index = 1; ; index++) {
    const member = parameters[`${name}.${index}${suffix}`];
    if (member === undefined) return members;
    members.push(member);
  }
}

/** One instance per account and region, the same for every call. */
function reservation(region: string, accountId: string): string {
  const id = createHash("sha256").update(`${accountId}/${region}`).digest("hex").slice(0, 17);
  const instance = element("item", [
    element("instanceId", `i-${id}`),
    element("imageId", "ami-0123456789abcdef0"),
    element("instanceState", [element("code", 16), element("name", "running")]),
    element("instanceType", "t3.micro"),
    element("placement", [element("availabilityZone", `${region}a`)]),
  ]);
  return element("item", [
    element("reservationId", `r-${id}`),
    element("ownerId", accountId),
    element("instancesSet", [instance]),
  ]);
}

function invalidValue(message: string): AwsError {
  return new AwsError(400, "InvalidParameterValue", message);
}
