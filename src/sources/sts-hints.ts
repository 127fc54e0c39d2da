import { findPartition } from "../request/regions.js";
import { isCertificateErrorCode } from "./safe-cause.js";
import type { StsErrorKind } from "./sts-errors.js";

/** What is known of a failed call to STS. */
export interface StsFailure {
  readonly kind: StsErrorKind;
  /** AWS's code, as documented. */
  readonly code: string | undefined;
  /** Node's. */
  readonly systemCode: string | undefined;
  /** The message, which may hold secrets: it is compared and never repeated. */
  readonly words: string;
  /** That the request was signed for. */
  readonly region: string | undefined;
  /** Where the machine is, if that is known to be in another partition than the role. */
  readonly foreignRegion?: string | undefined;
}

const HINTS: Record<StsErrorKind, string> = {
  "clock-skew": "Set the machine's clock: it differs from AWS's, and signing with AWS's time did not help.",
  throttling: "STS limits the rate of calls for the account: try again later, or spread the roles over more time.",
  transient: "Check the network to the STS endpoint (DNS, proxy, VPC endpoint, security group), and try again.",
  "base-identity":
    "The keys that call STS are refused, and reading them again did not help: look at the instance profile or at instance.credentials, and at the machine's clock.",
  denied:
    "Check, in this order: the role exists and its trust policy names the base identity; the base identity's own policy allows sts:AssumeRole on it (and sts:TagSession, sts:SetSourceIdentity if used); the external id; a service control policy.",
  "region-disabled":
    "Activate STS in that region (IAM console, account settings), or set instance.sts.region to another one.",
  invalid: "Compare roleSessionDuration with the role's MaxSessionDuration, and look at policy, policyArns and tags.",
};

const CERTIFICATE_HINT =
  "The endpoint's certificate is not trusted: if it, or a proxy's on the way, is of a CA of your own, put that into instance.network.extraCa.";

/** For codes that say more than their kind does. */
const HINTS_BY_CODE: ReadonlyMap<string | undefined, (failure: StsFailure) => string | undefined> = new Map([
  ["MalformedPolicyDocument", () => "The session policy is no valid IAM policy: check it with IAM Access Analyzer."],
  [
    "PackedPolicyTooLarge",
    () => "Session policy and tags are too large together: shorten them, or move statements to policyArns.",
  ],
  ["InvalidClientTokenId", unknownKeys],
  ["UnrecognizedClient", unknownKeys],
  ["ExpiredToken", () => "The keys have expired: a session's keys last for hours. Put new ones where these came from."],
  ["SignatureDoesNotMatch", refusedSignature],
  ["AccessDenied", deniedAction],
]);

/** What to do next. Where AWS names the cause, the hint begins with it. */
export function hintFor(failure: StsFailure): string {
  const { kind, code, systemCode, region } = failure;
  if (isCertificateErrorCode(systemCode)) return CERTIFICATE_HINT;
  if (systemCode === "ENOTFOUND") {
    const spelling = region === undefined ? "the region" : `the region ${region}`;
    return `No host of that name: check the spelling of ${spelling} and of instance.sts.endpoint, then DNS.`;
  }
  return (kind !== "clock-skew" && HINTS_BY_CODE.get(code)?.(failure)) || HINTS[kind];
}

function unknownKeys({ region, foreignRegion }: StsFailure): string {
  const where = region === undefined ? "" : ` in ${withPartition(region)}`;
  if (foreignRegion !== undefined) {
    return `STS${where} does not know these keys: this machine is in ${withPartition(foreignRegion)}, and credentials hold within one partition. Name a role of the machine's partition, or set instance.credentials.`;
  }
  const reasons = [
    "they were deleted",
    "they belong to another partition, such as aws-cn or aws-us-gov",
    ...(region === undefined ? [] : [`${region} is not enabled for their account`]),
  ];
  return `STS${where} does not know these keys: ${reasons.join(", or ")}. Look at the instance profile or at instance.credentials.`;
}

function withPartition(region: string): string {
  const partition = findPartition(region);
  return partition === undefined ? region : `${region} (partition ${partition})`;
}

/** AWS's message quotes the request for some causes, so that only what is recognized is repeated. */
function refusedSignature({ words, region = "another region" }: StsFailure): string {
  if (/scoped to a valid region/i.test(words)) {
    return `AWS says that the credential should be scoped to a valid region: the request was signed for ${region}, and the endpoint is of another region. Set instance.sts.region to the endpoint's.`;
  }
  if (/scoped to (the )?correct service/i.test(words)) {
    return "AWS says that the credential should be scoped to the correct service: the endpoint is not STS. Look at instance.sts.endpoint and AWS_ENDPOINT_URL.";
  }
  return "The secret access key does not belong to the access key id, or the machine's clock is wrong, or a proxy changes requests.";
}

/** Only what a session carries needs these actions, and they are often forgotten beside sts:AssumeRole. */
function deniedAction({ words }: StsFailure): string | undefined {
  const action = /not authorized to perform:\s*(sts:(?:TagSession|SetSourceIdentity))\b/.exec(words)?.[1];
  if (action === undefined) return undefined;
  const need = action === "sts:TagSession" ? "session tags need" : "source identity needs";
  return `Allow ${action}, which the ${need}, both in the role's trust policy and in the base identity's own policy.`;
}
