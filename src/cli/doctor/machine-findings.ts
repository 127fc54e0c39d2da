import type { RolecallError, RolecallErrorCode } from "../../errors.js";
import type { MetadataProblem } from "../../sources/instance-profile.js";
import { isCertificateErrorCode, isSystemErrorCode } from "../../sources/safe-cause.js";
import { didYouMean, isKnownRegion, misspeltRegion, NEWER_REGION } from "../known-regions.js";
import { denialOf, describeDenial, OWNERS } from "./denial.js";
import { type Finding, failed, ok, skipped, warning } from "./finding.js";
import { callerArnOf, isAccepted, type Metadata, type Observations, type StsSeen, whatFailed } from "./observations.js";

const REQUIRE_TOKENS =
  "aws ec2 modify-instance-metadata-options --instance-id <id> --http-endpoint enabled --http-tokens required";
const RAISE_HOP_LIMIT =
  "aws ec2 modify-instance-metadata-options --instance-id <id> --http-endpoint enabled --http-put-response-hop-limit 2";
const EVERY_CONTAINER =
  "Every container on this machine can then use its role. To prevent that, give the instance credentials of its own.";
const STOPS_IMDSV1 =
  "Software on this machine that still uses IMDSv1 stops working: CloudWatch's MetadataNoToken counts its calls.";
const SET_CLOCK = "Let chrony or systemd-timesyncd set the clock; on EC2 from 169.254.169.123.";
const ELSEWHERE = "Outside of EC2: set credentials in the instance.";

const NO_USABLE_ANSWER: ReadonlySet<RolecallErrorCode> = new Set(["STS_UNAVAILABLE", "TIMEOUT"]);
const LET_THROUGH =
  "Let this machine reach the endpoint by HTTPS: DNS, proxy, security group; in a private subnet an interface VPC endpoint.";

/** Milliseconds. AWS refuses a signature that is five minutes off. */
const REFUSED_CLOCK = 5 * 60_000;
const NOTABLE_CLOCK = 30_000;

/** The machine's part of the guide, in the order in which a command meets it. */
export function machineFindings(seen: Observations): Finding[] {
  return [
    ...metadataFindings(seen),
    baseIdentityFinding(seen),
    regionFinding(seen),
    ...(seen.sts
      ? stsFindings(seen.sts, seen.notes.proxy)
      : [skipped("sts", "STS was not asked: there is no base identity to ask as, or no region.")]),
  ];
}

function metadataFindings({ metadata, source }: Observations): Finding[] {
  if (!metadata)
    return [skipped("metadata", "The metadata service was not asked: the instance sets keys and a region.")];
  const report = source === "static" ? warning : failed;
  if (metadata.problem) return [report("metadata", ...whyNoToken(metadata, metadata.problem))];
  const token = ok("metadata", "The metadata service gives IMDSv2 tokens.");
  if (metadata.statusWithoutToken !== 200) return [token];
  return [
    token,
    warning(
      "metadata-v1",
      "IMDSv1 is still on: whoever gets this machine to fetch a URL can read its credentials.",
      REQUIRE_TOKENS,
      STOPS_IMDSV1,
    ),
  ];
}

/** The hop limit holds for the token's answer alone: a read without a token comes back into a container too. */
function whyNoToken(
  { statusWithoutToken, isSilent, isRefused, isOfAddress }: Metadata,
  { cause, fix }: MetadataProblem,
): [summary: string, ...next: string[]] {
  if (isSilent && statusWithoutToken !== undefined) {
    return [
      "The metadata service answers, and its IMDSv2 token does not arrive: the hop limit is too low for this container.",
      RAISE_HOP_LIMIT,
      EVERY_CONTAINER,
    ];
  }
  if (isSilent && !isOfAddress) {
    return [
      "Nothing answers at the metadata service's address: this is no EC2 machine, or something keeps requests from it.",
      "On EC2: let this process reach 169.254.169.254, and see that HttpEndpoint is enabled.",
      ELSEWHERE,
    ];
  }
  if (isRefused && statusWithoutToken !== undefined && statusWithoutToken !== 403) {
    return [
      "A metadata proxy such as kube2iam refuses the IMDSv2 token: it is answered with 403, and other requests are not.",
      "Let PUT /latest/api/token through the proxy.",
      "Or give the instance credentials of its own.",
    ];
  }
  if (statusWithoutToken === 200) {
    return [
      "The metadata service answers IMDSv1 only: it gives no IMDSv2 token.",
      "Let PUT /latest/api/token reach the machine's own metadata service: what stands between knows IMDSv1 alone.",
    ];
  }
  return [`${cause}.`, `${fix.charAt(0).toUpperCase()}${fix.slice(1)}.`, ELSEWHERE];
}

function baseIdentityFinding({ source, accessKeyId, keys, metadata, notes }: Observations): Finding {
  if (!keys) {
    const summary = "The instance profile was not read: there is no token to read it with.";
    return skipped("base-identity", summary, ...given(notes.identities));
  }
  if (keys.error) {
    return failed("base-identity", whatFailed(keys.error), keys.error.hint);
  }
  if (source === "static") return ok("base-identity", `The instance sets static keys, ${accessKeyId}.`);
  return ok(
    "base-identity",
    `The instance profile ${metadata?.instanceProfileArn ?? "(of no name)"} gives credentials.`,
  );
}

function regionFinding({ region, source }: Observations): Finding {
  if (!region && source === "static") {
    return failed(
      "region",
      "No region is set, and the metadata service does not tell the machine's.",
      "Set region in the instance, or AWS_REGION.",
    );
  }
  if (!region) return skipped("region", "The machine's region was not read: there is no token to read it with.");
  if (region.error) return failed("region", whatFailed(region.error), region.error.hint);
  const summary = `The region is ${region.value.value}, from ${region.value.from}`;
  if (isKnownRegion(region.value.value)) return ok("region", `${summary}.`);
  return warning(
    "region",
    `${summary}, and this release does not know it.`,
    [didYouMean(region.value.value), NEWER_REGION].filter(Boolean).join(" "),
  );
}

function stsFindings(sts: StsSeen, proxy: string | undefined): Finding[] {
  const { region, caller, host, clockOffset } = sts;
  const failure = caller.error && stsFailure(sts, caller.error, proxy);
  if (failure) return [failure];
  return [
    ok("sts", `STS in ${region} answers, at ${host}.`),
    ...(clockOffset === undefined ? [] : [clockFinding(clockOffset)]),
    callerFinding(sts),
  ];
}

function stsFailure({ region, host }: StsSeen, error: RolecallError, proxy: string | undefined): Finding | undefined {
  const next = isOfNetwork(error) ? [LET_THROUGH, ...given(proxy)] : [error.hint];
  if (error.code === "REGION_DISABLED") {
    return failed("sts", `STS is not activated in ${region} for this account.`, error.hint);
  }
  if (host === undefined) {
    const silence = isOfNetwork(error) ? `STS in ${region} does not answer. ` : "";
    return failed("sts", `${silence}${whatFailed(error)}`, ...given(misspeltRegion(region)), ...next);
  }
  if (!NO_USABLE_ANSWER.has(error.code)) return undefined;
  return failed("sts", `STS in ${region} gives no answer that can be used, at ${host}. ${whatFailed(error)}`, ...next);
}

/** A time limit that was reached, or what Node says of a connection; not a certificate that nobody vouches for. */
function isOfNetwork({ code, cause }: RolecallError): boolean {
  const { code: system } = (cause ?? {}) as { code?: unknown };
  return code === "TIMEOUT" || (isSystemErrorCode(system) && !isCertificateErrorCode(system));
}

function clockFinding(offset: number): Finding {
  const off = Math.abs(offset);
  const amount = off < 120_000 ? `${Math.round(off / 1000)} seconds` : `${Math.round(off / 60_000)} minutes`;
  const summary = `The machine's clock is ${amount} ${offset > 0 ? "behind" : "ahead of"} AWS's`;
  if (off > REFUSED_CLOCK) {
    const meaning = "AWS refuses what it signs. This library signs by AWS's time and goes on, other tools may not.";
    return failed("clock", `${summary}: ${meaning}`, SET_CLOCK);
  }
  if (off > NOTABLE_CLOCK) return warning("clock", `${summary}.`, SET_CLOCK);
  return ok("clock", "The machine's clock agrees with AWS's.");
}

function callerFinding(sts: StsSeen): Finding {
  const { caller } = sts;
  if (!caller.error) return ok("caller", `The base identity is ${caller.value.arn}.`);
  if (isAccepted(sts)) return unnamedCaller(sts, caller.error);
  const { awsCode, hint, code } = caller.error;
  if (code !== "BASE_IDENTITY_REJECTED") return failed("caller", whatFailed(caller.error), hint);
  return failed("caller", `STS refuses the base identity's keys: ${awsCode}.`, hint);
}

/** IAM itself allows GetCallerIdentity to everybody, so that an endpoint's policy is the likeliest. */
function unnamedCaller(sts: StsSeen, error: RolecallError): Finding {
  const denial = { ...denialOf(error), action: "sts:GetCallerIdentity" };
  const arn = callerArnOf(sts);
  const named = arn === undefined ? "" : ` The refusal names ${arn}.`;
  return warning(
    "caller",
    `STS does not say who the base identity is: ${describeDenial(denial)}.${named}`,
    `${OWNERS[denial.policy ?? "VPC endpoint policy"]}: allow ${denial.action} there.`,
  );
}

/** What is known, as a list. */
function given(line: string | undefined): string[] {
  return line === undefined ? [] : [line];
}
