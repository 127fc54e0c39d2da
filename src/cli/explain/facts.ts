import { hostname } from "node:os";
import { digestParts } from "../../request/chain.js";
import { toMachineSessionName } from "../../request/limits.js";
import { assertConfidential } from "../../request/plain-http.js";
import type { ChosenSettings } from "../../request/precedence.js";
import { findDefaultRegion } from "../../request/regions.js";
import type { DecidedRequest, RoleRequest } from "../../request/role-request.js";
import type { Chosen } from "../../request/settings-table.js";
import { assertStsRegion } from "../../request/sts-endpoint-region.js";

type Env = Record<string, string | undefined>;
type Value = string | number | readonly string[] | Readonly<Record<string, string>>;

/** The label of each setting in the text output, keyed by its name in the JSON output. */
export const LABELS = {
  baseIdentity: "base identity",
  roleArn: "role",
  allowedBy: "allowed by",
  roleSessionName: "role session name",
  roleSessionDuration: "duration, seconds",
  externalId: "external id",
  policy: "session policy",
  policyArns: "policy ARNs",
  sourceIdentity: "source identity",
  tags: "tags",
  transitiveTagKeys: "transitive tag keys",
  region: "region",
  stsRegion: "STS region",
  stsEndpoint: "STS endpoint",
  network: "network",
  dangerouslyAllowPlainHttp: "plain http",
} as const;

/** One setting of a command. */
export interface Fact {
  readonly setting: keyof typeof LABELS;
  /** `undefined` if the value is set but must not be shown. */
  readonly value: Value | undefined;
  readonly from: string;
}

const AT_FIRST_USE = "IMDS, at first use";

type Row = readonly [setting: Fact["setting"], chosen: Chosen<Value | undefined> | undefined];

/** Every setting that is set and where it comes from, without secrets. */
export function listFacts({ request, chosen }: DecidedRequest, env: Env): Fact[] {
  const rows: Row[] = [
    ["baseIdentity", baseIdentity(request)],
    ...roleRows(chosen),
    ["region", chosen.region ?? { value: "the machine's", from: AT_FIRST_USE }],
    ["stsRegion", chosen.stsRegion ?? machineRegion(request)],
    ["stsEndpoint", findStsEndpoint(request, chosen.stsRegion?.value, env)],
    ofInstance("network", request.network && givenNames(request.network.settings())),
    ofInstance("dangerouslyAllowPlainHttp", request.chain.sts.plainHttp && "allowed"),
  ];
  return rows.flatMap(([setting, found]) => (found ? [{ setting, ...found }] : []));
}

function roleRows(chosen: ChosenSettings): Row[] {
  const { role, allowedBy, externalId } = chosen;
  const { policy, policyArns, sourceIdentity, tags, transitiveTagKeys } = chosen.limits;
  if (!role) return [["roleArn", byDefault("none: commands run as the base identity")]];
  return [
    ["roleArn", { value: role.value.arn, from: role.from }],
    ["allowedBy", allowedBy ? { value: allowedBy.pattern, from: "instance.allowedRoles" } : byDefault("IAM alone")],
    ["roleSessionName", chosen.roleSessionName ?? byDefault(toMachineSessionName(hostname()))],
    ["roleSessionDuration", chosen.durationSeconds],
    ["externalId", externalId && { value: undefined, from: externalId.from }],
    ["policy", policy === undefined ? undefined : { value: undefined, from: "instance.policy" }],
    ofInstance("policyArns", policyArns),
    ofInstance("sourceIdentity", sourceIdentity),
    ofInstance("tags", Object.keys(tags).length > 0 ? tags : undefined),
    ofInstance("transitiveTagKeys", transitiveTagKeys.length > 0 ? transitiveTagKeys : undefined),
  ];
}

/** For settings that a command cannot override. */
function ofInstance(setting: Fact["setting"], value: Value | undefined): Row {
  return [setting, value === undefined ? undefined : { value, from: `instance.${setting}` }];
}

function byDefault<T>(value: T): Chosen<T> {
  return { value, from: "default" };
}

function baseIdentity({ chain: { base } }: RoleRequest): Chosen<string> {
  if (base.kind === "instance-profile") return { value: base.description, from: AT_FIRST_USE };
  const value = base.kind === "static" ? `static keys ${base.accessKeyId}` : base.description;
  return { value, from: "instance.credentials" };
}

function machineRegion({ chain: { sts } }: RoleRequest): Chosen<string> {
  const fallback = sts.partition && findDefaultRegion(sts.partition);
  return { value: `the machine's${fallback ? `, else ${fallback}` : ""}`, from: AT_FIRST_USE };
}

/** Follows the SDK's order: these two variables, then its configuration file. */
function findStsEndpoint({ chain: { sts } }: RoleRequest, region: string | undefined, env: Env): Chosen<string> {
  if (sts.endpoint) return { value: sts.endpoint, from: "instance.sts.endpoint" };
  for (const name of ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"]) {
    const url = env[name];
    if (!url) continue;
    if (!URL.canParse(url)) return { value: "an invalid URL", from: name };
    const endpoint = new URL(url);
    if (!sts.plainHttp) assertConfidential(endpoint, name);
    assertStsRegion(name, endpoint.hostname, region, "the region of STS");
    return { value: endpoint.origin, from: name };
  }
  const variants = [
    ["FIPS", sts.useFipsEndpoint, "AWS_USE_FIPS_ENDPOINT"],
    ["dual-stack", sts.useDualstackEndpoint, "AWS_USE_DUALSTACK_ENDPOINT"],
  ] as const;
  const used = variants.filter(([, setting, name]) => setting ?? env[name] === "true");
  const value = ["the region's own", ...used.map(([kind]) => kind)].join(", ");
  if (used.length === 0) return byDefault(`${value}, unless the SDK's configuration file names one`);
  const from = used.map(([, setting, name]) => (setting === undefined ? name : "instance.sts"));
  return { value, from: [...new Set(from)].join(", ") };
}

/** The parts that are set. Empty parts are in every key, so they distinguish nothing. */
export function listKeyParts({ request: { chain }, stsGiven }: DecidedRequest): string[] {
  const { parent, ...others } = chain.parent ? digestParts(chain.parent, chain.assumption, stsGiven) : { parent: "" };
  const parts = { [chain.parent?.parent ? "sourceRole" : "base"]: parent, ...others };
  const isEmpty = (part: unknown) => typeof part === "object" && part !== null && givenNames(part).length === 0;
  return givenNames(parts).filter((name) => !isEmpty(parts[name as keyof typeof parts]));
}

function givenNames(record: object): string[] {
  return Object.entries(record).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}
