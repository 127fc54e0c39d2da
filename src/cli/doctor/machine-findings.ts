import type { RolecallError } from "../../errors.js";
import { NO_ANSWER_IN_TIME, REFUSED } from "../../sources/imds-request.js";
import type { MetadataProblem } from "../../sources/metadata-endpoint.js";
import { isCertificateErrorCode, isSystemErrorCode } from "../../sources/safe-cause.js";
import { adviseOnRegion } from "../known-regions.js";
import { describeDenial, locatePolicy, readDenial } from "./denial.js";
import { type Finding, failed, ok, skipped, warning } from "./finding.js";
import {
  describeFailure,
  findCallerArn,
  isAccepted,
  type Metadata,
  type Observations,
  type StsSeen,
} from "./observations.js";

const SET_CLOCK = "Synchronize the clock with chrony or systemd-timesyncd. On EC2, the time server is 169.254.169.123.";
const OUTSIDE_EC2 = "Outside EC2: set credentials in the instance.";

const ALLOW_STS_ACCESS =
  "Give this machine HTTPS access to the endpoint: check DNS, the proxy and the security group. A private subnet needs an interface VPC endpoint.";

/** Milliseconds. AWS rejects signatures that are more than five minutes off. */
const REFUSED_CLOCK = 5 * 60_000;
const NOTABLE_CLOCK = 30_000;

/** The findings about the machine, in the order in which a command depends on them. */
export function machineFindings(seen: Observations): Finding[] {
  const { base } = seen;
  if (base.error) return [failed("base-identity", describeFailure(base.error), base.error.hint)];
  return [
    ...metadataFindings(seen),
    baseIdentityFinding(seen),
    regionFinding(seen),
    ...(seen.sts
      ? stsFindings(seen.sts, seen.notes.proxy)
      : [skipped("sts", "STS was not called: there is no base identity or no region.")]),
  ];
}

function metadataFindings({ metadata, base }: Observations): Finding[] {
  if (!metadata) {
    return [skipped("metadata", "The metadata service was not queried: keys and region come from elsewhere.")];
  }
  const report = isInstanceProfile(base) ? failed : warning;
  if (metadata.problem) return [report("metadata", ...whyNoToken(metadata, metadata.problem))];
  const token = ok("metadata", "The metadata service issues IMDSv2 tokens.");
  if (metadata.statusWithoutToken !== 200) return [token];
  return [
    token,
    warning(
      "metadata-v1",
      "IMDSv1 is still enabled: anyone who can make this machine fetch a URL can read its credentials.",
      "aws ec2 modify-instance-metadata-options --instance-id <id> --http-endpoint enabled --http-tokens required",
      "Software that still uses IMDSv1 then stops working. The CloudWatch metric MetadataNoToken counts its calls.",
    ),
  ];
}

/** The hop limit applies only to the token response. A read without a token still reaches a container. */
function whyNoToken({ rawProblem, statusWithoutToken }: Metadata, problem: MetadataProblem): [string, ...string[]] {
  const isSilent = rawProblem === NO_ANSWER_IN_TIME;
  if (isSilent && statusWithoutToken !== undefined) {
    return [
      "The metadata service responds, but its IMDSv2 token does not arrive: the hop limit is too low for this container.",
      "aws ec2 modify-instance-metadata-options --instance-id <id> --http-endpoint enabled --http-put-response-hop-limit 2",
      "Every container on this machine can then use its role. To prevent that, set credentials in the instance instead.",
    ];
  }
  if (isSilent && problem === rawProblem) {
    return [
      "The metadata service does not respond: this is not an EC2 machine, or something blocks the requests.",
      "On EC2: give this process access to 169.254.169.254, and check that HttpEndpoint is enabled.",
      OUTSIDE_EC2,
    ];
  }
  if (rawProblem === REFUSED && statusWithoutToken !== undefined && statusWithoutToken !== 403) {
    return [
      "A metadata proxy such as kube2iam rejects IMDSv2 token requests with 403, but answers other requests.",
      "Allow PUT /latest/api/token in the proxy.",
      "Or set credentials in the instance.",
    ];
  }
  if (statusWithoutToken === 200) {
    return [
      "The metadata service supports only IMDSv1: it issues no IMDSv2 token.",
      "Make PUT /latest/api/token reach the machine's own metadata service. Something in between supports only IMDSv1.",
    ];
  }
  const { cause, fix } = problem;
  return [`${cause}.`, `${fix.charAt(0).toUpperCase()}${fix.slice(1)}.`, OUTSIDE_EC2];
}

function isInstanceProfile({ value }: Observations["base"]): boolean {
  return value?.kind === "instance-profile";
}

function baseIdentityFinding({ base, keys, metadata, notes }: Observations): Finding {
  if (!keys) {
    const summary = "The instance profile was not read: there is no IMDSv2 token.";
    return skipped("base-identity", summary, notes.identities);
  }
  if (keys.error) return failed("base-identity", describeFailure(keys.error), keys.error.hint);
  if (base.value?.kind === "static") {
    return ok("base-identity", `The instance sets static keys, ${base.value.accessKeyId}.`);
  }
  if (base.value && !isInstanceProfile(base)) {
    return ok("base-identity", `${base.value.description.replace(/^t/, "T")} provides credentials.`);
  }
  const profile = metadata?.instanceProfileArn ?? "(name unknown)";
  return ok("base-identity", `The instance profile ${profile} provides credentials.`);
}

function regionFinding({ region, base }: Observations): Finding {
  if (!region && !isInstanceProfile(base)) {
    return failed(
      "region",
      "No region is set, and the metadata service does not provide the machine's region.",
      "Set region in the instance, or AWS_REGION.",
    );
  }
  if (!region) return skipped("region", "The machine's region was not read: there is no IMDSv2 token.");
  if (region.error) return failed("region", describeFailure(region.error), region.error.hint);
  const summary = `The region is ${region.value.value}, from ${region.value.from}`;
  const advice = adviseOnRegion(region.value.value);
  if (advice === undefined) return ok("region", `${summary}.`);
  return warning("region", `${summary}, but it is unknown to this release.`, advice);
}

function stsFindings(sts: StsSeen, proxy: string | undefined): Finding[] {
  const { region, caller, host, clockOffset } = sts;
  const failure = caller.error && stsFailure(sts, caller.error, proxy);
  if (failure) return [failure];
  return [
    ok("sts", `STS in ${region} responds at ${host}.`),
    ...(clockOffset === undefined ? [] : [clockFinding(clockOffset)]),
    callerFinding(sts),
  ];
}

function stsFailure({ region, host }: StsSeen, error: RolecallError, proxy: string | undefined): Finding | undefined {
  const isNetwork = isNetworkError(error);
  const next = isNetwork ? [ALLOW_STS_ACCESS, proxy] : [error.hint];
  if (error.code === "REGION_DISABLED") {
    return failed("sts", `STS is not activated in ${region} for this account.`, error.hint);
  }
  if (host === undefined) {
    const silence = isNetwork ? `STS in ${region} does not respond. ` : "";
    const advice = adviseOnRegion(region);
    const unknown = advice && `The region ${region} is unknown to this release. ${advice}`;
    return failed("sts", `${silence}${describeFailure(error)}`, unknown, ...next);
  }
  if (error.code !== "STS_UNAVAILABLE" && error.code !== "TIMEOUT") return undefined;
  return failed("sts", `STS in ${region} returned no usable response at ${host}. ${describeFailure(error)}`, ...next);
}

/** Timeouts and system errors of a connection, but not certificate errors. */
function isNetworkError({ code, cause }: RolecallError): boolean {
  const { code: system } = (cause ?? {}) as { code?: unknown };
  return code === "TIMEOUT" || (isSystemErrorCode(system) && !isCertificateErrorCode(system));
}

function clockFinding(offset: number): Finding {
  const off = Math.abs(offset);
  const amount = off < 120_000 ? `${Math.round(off / 1000)} seconds` : `${Math.round(off / 60_000)} minutes`;
  const summary = `The machine's clock is ${amount} ${offset > 0 ? "behind" : "ahead of"} AWS's`;
  if (off > REFUSED_CLOCK) {
    const meaning = "AWS rejects its signatures. This library corrects for the difference; other tools may fail.";
    return failed("clock", `${summary}. ${meaning}`, SET_CLOCK);
  }
  if (off > NOTABLE_CLOCK) return warning("clock", `${summary}.`, SET_CLOCK);
  return ok("clock", "The machine's clock agrees with AWS's.");
}

function callerFinding(sts: StsSeen): Finding {
  const { caller } = sts;
  if (!caller.error) return ok("caller", `The base identity is ${caller.value.arn}.`);
  if (isAccepted(sts)) return unnamedCaller(sts, caller.error);
  const { awsCode, hint, code } = caller.error;
  if (code !== "BASE_IDENTITY_REJECTED") return failed("caller", describeFailure(caller.error), hint);
  return failed("caller", `STS rejects the base identity's keys: ${awsCode}.`, hint);
}

/** IAM allows GetCallerIdentity to everyone, so an endpoint policy is the most likely cause. */
function unnamedCaller(sts: StsSeen, error: RolecallError): Finding {
  const denial = { ...readDenial(error), action: "sts:GetCallerIdentity" };
  const arn = findCallerArn(sts);
  const named = arn === undefined ? "" : ` The error message names ${arn}.`;
  return warning(
    "caller",
    `STS does not return the caller identity: ${describeDenial(denial)}.${named}`,
    `${locatePolicy(denial.policy ?? "VPC endpoint policy", "the base identity")}: allow ${denial.action} there.`,
  );
}
