import { findPartition } from "../request/regions.js";
import { isCertificateErrorCode } from "./safe-cause.js";
import type { StsCall, StsErrorKind } from "./sts-errors.js";

interface StsFailure {
  readonly action: StsCall["action"];
  readonly kind: StsErrorKind;
  /** AWS's documented error code. */
  readonly code: string | undefined;
  /** Node's error code. */
  readonly systemCode: string | undefined;
  /** Compared only, never quoted: it may contain secrets. */
  readonly message: string;
  /** The region of the signature. */
  readonly region: string | undefined;
  /** The machine's region, if it is known to be outside the role's partition. */
  readonly foreignRegion?: string | undefined;
  /** The role whose session signed the call; `undefined` for the base identity. */
  readonly callerRole: string | undefined;
}

const HINTS: Record<StsErrorKind, string> = {
  "clock-skew": "Correct the machine's clock: it differs from AWS's, and signing with AWS's time did not help.",
  throttling: "Try again later, or spread the calls over more time: STS limits the rate of calls per account.",
  transient: "Check the network to the STS endpoint (DNS, proxy, VPC endpoint, security group), and try again.",
  "base-identity":
    "Check the instance profile or instance.credentials, and the machine's clock: STS rejects the keys, and reading them again did not help.",
  denied: toDeniedHint("the base identity"),
  "region-disabled":
    "Activate STS in that region (IAM console, account settings), or set instance.sts.region to another region.",
  invalid: "Compare roleSessionDuration with the role's MaxSessionDuration, and check policy, policyArns and tags.",
};

const CERTIFICATE_HINT =
  "The certificate is not trusted. If the endpoint or a proxy uses a private CA, add that CA to instance.network.extraCa.";

/** Hints for codes that are more specific than their kind. */
const HINTS_BY_CODE: ReadonlyMap<string | undefined, (failure: StsFailure) => string | undefined> = new Map([
  ["MalformedPolicyDocument", () => "Check the session policy with IAM Access Analyzer: it is not a valid IAM policy."],
  [
    "PackedPolicyTooLarge",
    () => "Shorten the session policy or the tags, or move statements to policyArns: together they are too large.",
  ],
  ["InvalidClientTokenId", unknownKeys],
  ["UnrecognizedClient", unknownKeys],
  ["ExpiredToken", () => "Replace the keys at their source: they are temporary and have expired."],
  ["SignatureDoesNotMatch", refusedSignature],
  ["AccessDenied", deniedAction],
]);

function toDeniedHint(caller: string): string {
  return `Check, in this order: the role exists and its trust policy names ${caller}; the policy of ${caller} allows sts:AssumeRole on the requested role (plus sts:TagSession and sts:SetSourceIdentity if you use them); the external id matches; no service control policy denies the call.`;
}

/** Hints for a call that an OIDC token authenticates. */
const WEB_IDENTITY_HINTS: ReadonlyMap<string | undefined, string> = new Map([
  [
    "InvalidIdentityToken",
    "Check the IAM OIDC provider in the role's account: its URL must match the token's iss, and its audiences must include the token's aud. Then check that the token file contains a token from that issuer.",
  ],
  ["ExpiredToken", "Check what renews the token file: its token has expired, and reading the file again did not help."],
  ["IDPRejectedClaim", "Check the token at its issuer: the issuer rejects it, or it has been revoked."],
  ["IDPCommunicationError", "Try again: STS could not reach the token's issuer."],
  [
    "AccessDenied",
    "Check that the role exists and that its trust policy allows sts:AssumeRoleWithWebIdentity for the OIDC provider. The policy's conditions on <issuer>:aud and <issuer>:sub must match the token.",
  ],
]);

/** Says what to do next. */
export function chooseStsHint(failure: StsFailure): string {
  const { action, kind, code, systemCode, region, callerRole } = failure;
  if (isCertificateErrorCode(systemCode)) return CERTIFICATE_HINT;
  if (systemCode === "ENOTFOUND") {
    const spelling = region === undefined ? "the region" : `the region ${region}`;
    return `Check the spelling of ${spelling} and of instance.sts.endpoint, then DNS: there is no host with that name.`;
  }
  if (action === "AssumeRoleWithWebIdentity") {
    const hint = WEB_IDENTITY_HINTS.get(code);
    if (hint !== undefined) return hint;
  }
  if (callerRole !== undefined && kind === "base-identity") {
    return `Check the machine's clock and which server responds at the STS endpoint: STS rejects the session of the role ${callerRole}, and a new session did not help.`;
  }
  const hint = (kind !== "clock-skew" && HINTS_BY_CODE.get(code)?.(failure)) || HINTS[kind];
  return callerRole !== undefined && hint === HINTS.denied ? toDeniedHint(`the role ${callerRole}`) : hint;
}

function unknownKeys({ region, foreignRegion }: StsFailure): string {
  const where = region === undefined ? "" : ` in ${withPartition(region)}`;
  if (foreignRegion !== undefined) {
    return `STS${where} does not recognize these keys: this machine is in ${withPartition(foreignRegion)}, and credentials are valid in one partition only. Use a role in the machine's partition, or set instance.credentials.`;
  }
  const disabled = region === undefined ? "" : `, or ${region} is not enabled for their account`;
  return `STS${where} does not recognize these keys: they were deleted, or they belong to another partition, such as aws-cn or aws-us-gov${disabled}. Check the instance profile or instance.credentials.`;
}

function withPartition(region: string): string {
  const partition = findPartition(region);
  return partition === undefined ? region : `${region} (partition ${partition})`;
}

/** AWS's message may quote the request, so hints repeat only known phrases from it. */
function refusedSignature({ message, region = "another region" }: StsFailure): string {
  if (/scoped to a valid region/i.test(message)) {
    return `Set instance.sts.region to the endpoint's region: AWS says that the credential should be scoped to a valid region, and the request was signed for ${region}.`;
  }
  if (/scoped to (the )?correct service/i.test(message)) {
    return "Check instance.sts.endpoint and AWS_ENDPOINT_URL: AWS says that the credential should be scoped to the correct service, so the endpoint is not STS.";
  }
  return "Check that the secret access key belongs to the access key id, that the machine's clock is right, and that no proxy changes requests.";
}

/** Session tags and the source identity need separate actions. Policies that allow sts:AssumeRole often lack them. */
function deniedAction({ message, callerRole }: StsFailure): string | undefined {
  const action = /not authorized to perform:\s*(sts:(?:TagSession|SetSourceIdentity))\b/.exec(message)?.[1];
  if (action === undefined) return undefined;
  const need = action === "sts:TagSession" ? "session tags need" : "source identity needs";
  return `Allow ${action}, which the ${need}, in both the role's trust policy and the policy of ${callerRole === undefined ? "the base identity" : `the role ${callerRole}`}.`;
}
