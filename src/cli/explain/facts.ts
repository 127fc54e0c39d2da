import { hostname } from "node:os";
import { type Assumption, digestParts, linksOf } from "../../request/chain.js";
import { ROLE_SESSION_DURATION, toMachineSessionName } from "../../request/limits.js";
import { assertConfidential } from "../../request/plain-http.js";
import type { ChosenSettings } from "../../request/precedence.js";
import { findDefaultRegion } from "../../request/regions.js";
import type { DecidedRequest, RoleRequest } from "../../request/role-request.js";
import type { Chosen } from "../../request/settings-table.js";
import { ASSUME_ANY_ROLE, inheritedTags } from "../../request/source-role.js";
import { assertStsRegion } from "../../request/sts-endpoint-region.js";

type Env = Record<string, string | undefined>;
type Value = string | number | readonly string[] | Readonly<Record<string, string>>;

/** The label of each setting in the text output, keyed by its name in the JSON output. */
export const LABELS = {
  baseIdentity: "base identity",
  sourceRole: "source role",
  "sourceRole.roleSessionName": "source role session name",
  "sourceRole.roleSessionDuration": "source role duration, seconds",
  "sourceRole.externalId": "source role external id",
  "sourceRole.policy": "source role session policy",
  "sourceRole.sourceIdentity": "source role source identity",
  "sourceRole.tags": "source role tags",
  "sourceRole.transitiveTagKeys": "source role transitive tag keys",
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
  inheritedSourceIdentity: "inherited source identity",
  inheritedTags: "inherited tags",
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
  const sourceRole = linksOf(request.chain).find(({ step }) => step === "source-role")?.assumption;
  const rows: Row[] = [
    ["baseIdentity", baseIdentity(request)],
    ...sourceRoleRows(sourceRole, chosen.allowedBy),
    ...roleRows(chosen),
    ...inheritedRows(sourceRole),
    ["region", chosen.region ?? { value: "the machine's", from: AT_FIRST_USE }],
    ["stsRegion", chosen.stsRegion ?? machineRegion(request)],
    ["stsEndpoint", findStsEndpoint(request, chosen.stsRegion?.value, env)],
    ofInstance("network", request.network && givenNames(request.network.settings())),
    ofInstance("dangerouslyAllowPlainHttp", request.chain.sts.plainHttp && "allowed"),
  ];
  return rows.flatMap(([setting, found]) => (found ? [{ setting, ...found }] : []));
}

function sourceRoleRows(sourceRole: Assumption | undefined, allowedBy: ChosenSettings["allowedBy"]): Row[] {
  if (!sourceRole) return [];
  const { role, roleSessionName, durationSeconds, externalId, sourceIdentity, tags, transitiveTagKeys } = sourceRole;
  const isDefaultDuration = durationSeconds === ROLE_SESSION_DURATION.default;
  return [
    ofInstance("sourceRole", role.arn),
    roleSessionName === undefined
      ? ["sourceRole.roleSessionName", byDefault(toMachineSessionName(hostname()))]
      : ofInstance("sourceRole.roleSessionName", roleSessionName),
    isDefaultDuration
      ? ["sourceRole.roleSessionDuration", byDefault(durationSeconds)]
      : ofInstance("sourceRole.roleSessionDuration", durationSeconds),
    ["sourceRole.externalId", externalId ? { value: undefined, from: "instance.sourceRole.externalId" } : undefined],
    ["sourceRole.policy", sourceRoleScope(sourceRole, allowedBy)],
    ofInstance("sourceRole.sourceIdentity", sourceIdentity),
    ofInstance("sourceRole.tags", unlessEmpty(tags)),
    ofInstance("sourceRole.transitiveTagKeys", unlessEmpty(transitiveTagKeys)),
  ];
}

/** Summarizes the source role's session policy, without showing it. */
function sourceRoleScope({ policy }: Assumption, allowedBy: ChosenSettings["allowedBy"]): Chosen<string> {
  if (!allowedBy) return byDefault("limited to assuming roles");
  const roles =
    policy === ASSUME_ANY_ROLE ? "any role, because the list is too long for a session policy" : "the listed roles";
  return { value: `limited to assuming ${roles}`, from: "instance.allowedRoles" };
}

/** What the role's session inherits from the source role's session. */
function inheritedRows(sourceRole: Assumption | undefined): Row[] {
  if (!sourceRole) return [];
  const { sourceIdentity } = sourceRole;
  const tags = unlessEmpty(inheritedTags(sourceRole));
  return [
    ["inheritedSourceIdentity", sourceIdentity ? { value: sourceIdentity, from: "instance.sourceRole" } : undefined],
    ["inheritedTags", tags && { value: tags, from: "instance.sourceRole" }],
  ];
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
    ofInstance("tags", unlessEmpty(tags)),
    ofInstance("transitiveTagKeys", unlessEmpty(transitiveTagKeys)),
  ];
}

/** For settings that a command cannot override. */
function ofInstance(setting: Fact["setting"], value: Value | undefined): Row {
  return [setting, value === undefined ? undefined : { value, from: `instance.${setting}` }];
}

function unlessEmpty<T extends object>(value: T): T | undefined {
  return Object.keys(value).length > 0 ? value : undefined;
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
  return { value: `the machine's${fallback ? `, otherwise ${fallback}` : ""}`, from: AT_FIRST_USE };
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
