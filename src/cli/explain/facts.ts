import { hostname } from "node:os";
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

/** Every setting and where it comes from, without secrets. */
export function listFacts({ request, chosen }: DecidedRequest, env: Env): Fact[] {
  return [
    ...fact("baseIdentity", baseIdentity(request)),
    ...(chosen.role ? roleFacts(chosen) : fact("roleArn", byDefault("none: commands run as the base identity"))),
    ...fact("region", chosen.region ?? { value: "the machine's", from: AT_FIRST_USE }),
    ...fact("stsRegion", chosen.stsRegion ?? machineRegion(request)),
    ...fact("stsEndpoint", findStsEndpoint(request, chosen.stsRegion?.value, env)),
    ...instanceFact("network", request.network && givenNames(request.network.settings())),
    ...instanceFact("dangerouslyAllowPlainHttp", request.sts.plainHttp && "allowed"),
  ];
}

/** An empty list if the setting is not set. */
function fact(setting: Fact["setting"], chosen: Chosen<Value | undefined> | undefined): Fact[] {
  return chosen ? [{ setting, ...chosen }] : [];
}

/** For settings that a command cannot override. */
function instanceFact(setting: Fact["setting"], value: Value | undefined): Fact[] {
  return fact(setting, value === undefined ? undefined : { value, from: `instance.${setting}` });
}

function byDefault<T>(value: T): Chosen<T> {
  return { value, from: "default" };
}

function notShown(chosen: Chosen<unknown> | undefined): Chosen<undefined> | undefined {
  return chosen && { value: undefined, from: chosen.from };
}

function baseIdentity({ base }: RoleRequest): Chosen<string> {
  if (base.accessKeyId === undefined) return { value: "the instance profile", from: AT_FIRST_USE };
  return { value: `static keys ${base.accessKeyId}`, from: "instance.credentials" };
}

function roleFacts(chosen: ChosenSettings): Fact[] {
  const { role, allowedBy, limits } = chosen;
  const { policy, policyArns, sourceIdentity, tags, transitiveTagKeys } = limits;
  const allowed = { value: allowedBy?.pattern ?? "IAM alone", from: "instance.allowedRoles" };
  return [
    ...fact("roleArn", role && { value: role.value.arn, from: role.from }),
    ...fact("allowedBy", allowedBy ? allowed : { ...allowed, from: "default" }),
    ...fact("roleSessionName", chosen.roleSessionName ?? byDefault(toMachineSessionName(hostname()))),
    ...fact("roleSessionDuration", chosen.durationSeconds),
    ...fact("externalId", notShown(chosen.externalId)),
    ...fact("policy", policy === undefined ? undefined : { value: undefined, from: "instance.policy" }),
    ...instanceFact("policyArns", policyArns),
    ...instanceFact("sourceIdentity", sourceIdentity),
    ...instanceFact("tags", Object.keys(tags).length > 0 ? tags : undefined),
    ...instanceFact("transitiveTagKeys", transitiveTagKeys.length > 0 ? transitiveTagKeys : undefined),
  ];
}

function machineRegion({ sts }: RoleRequest): Chosen<string> {
  const fallback = sts.partition && findDefaultRegion(sts.partition);
  return { value: `the machine's${fallback ? `, else ${fallback}` : ""}`, from: AT_FIRST_USE };
}

/** Follows the SDK's order: these two variables, then its configuration file. */
function findStsEndpoint({ sts }: RoleRequest, region: string | undefined, env: Env): Chosen<string> {
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
  const kinds = [
    findVariant("FIPS", sts.useFipsEndpoint, "AWS_USE_FIPS_ENDPOINT", env),
    findVariant("dual-stack", sts.useDualstackEndpoint, "AWS_USE_DUALSTACK_ENDPOINT", env),
  ].filter((kind) => kind !== undefined);
  const value = ["the region's own", ...kinds.map((kind) => kind.value)].join(", ");
  if (kinds.length > 0) return { value, from: [...new Set(kinds.map(({ from }) => from))].join(", ") };
  return byDefault(`${value}, unless the SDK's configuration file names one`);
}

function findVariant(kind: string, setting: boolean | undefined, name: string, env: Env): Chosen<string> | undefined {
  const fixed = setting !== undefined;
  return (fixed ? setting : env[name] === "true") ? { value: kind, from: fixed ? "instance.sts" : name } : undefined;
}

/** The parts that are set. Empty parts are in every key, so they distinguish nothing. */
export function listKeyParts({ keyParts }: DecidedRequest): string[] {
  const isEmpty = (part: unknown) => typeof part === "object" && part !== null && givenNames(part).length === 0;
  return givenNames(keyParts).filter((name) => !isEmpty(keyParts[name]));
}

function givenNames(record: object): string[] {
  return Object.entries(record).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}
