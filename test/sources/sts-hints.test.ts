import { describe, expect, it } from "vitest";
import type { StsErrorKind } from "../../src/sources/sts-errors.js";
import { chooseStsHint } from "../../src/sources/sts-hints.js";
import { ROLE } from "../support/local.js";

type Failure = Parameters<typeof chooseStsHint>[0];

const hintOf = (failure: Partial<Failure>) =>
  chooseStsHint({
    action: "AssumeRole",
    kind: "denied",
    code: undefined,
    systemCode: undefined,
    message: "",
    region: "eu-west-1",
    callerRole: undefined,
    ...failure,
  });

it.each<[string, StsErrorKind, string, RegExp]>([
  [
    "InvalidClientTokenId",
    "base-identity",
    "The security token included in the request is invalid",
    /^STS in eu-west-1 \(partition aws\) does not recognize these keys: .*deleted.*another partition.*eu-west-1 is not enabled/,
  ],
  [
    "SignatureDoesNotMatch",
    "base-identity",
    "Credential should be scoped to a valid region, not 'eu-west-1'. ",
    /instance\.sts\.region .*AWS says that the credential should be scoped to a valid region, .*signed for eu-west-1/,
  ],
  [
    "SignatureDoesNotMatch",
    "base-identity",
    "Credential should be scoped to correct service: 'execute-api'. ",
    /^Check instance\.sts\.endpoint .*AWS says that the credential should be scoped to the correct service/,
  ],
  [
    "SignatureDoesNotMatch",
    "base-identity",
    "The request signature we calculated does not match the signature you provided.",
    /^Check that the secret access key belongs to the access key id/,
  ],
  [
    "ExpiredToken",
    "base-identity",
    "The security token included in the request is expired",
    /^Replace the keys at their source: they .* have expired/,
  ],
  [
    "AccessDenied",
    "denied",
    "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: sts:TagSession on resource: arn",
    /^Allow sts:TagSession, which the session tags need, .*trust policy.*base identity/,
  ],
  [
    "AccessDenied",
    "denied",
    "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: sts:SetSourceIdentity on resource: arn",
    /^Allow sts:SetSourceIdentity, which the source identity needs, /,
  ],
])("the hint starts with the cause that AWS names: %s, %s, %s", (code, kind, message, hint) => {
  expect(hintOf({ code, kind, message })).toMatch(hint);
  expect(hintOf({ code, kind, message })).not.toMatch(/not 'eu-west-1'|we calculated/);
});

it.each(["MalformedPolicyDocument", "PackedPolicyTooLarge"])("there is a separate hint for %s", (code) => {
  expect(hintOf({ code, kind: "invalid" })).toMatch(/policy/i);
  expect(hintOf({ code, kind: "invalid" })).not.toContain("MaxSessionDuration");
});

it.each<StsErrorKind>([
  "clock-skew",
  "throttling",
  "transient",
  "base-identity",
  "denied",
  "region-disabled",
  "invalid",
])("the hint for %s is one sentence that says what to do, whatever the code", (kind) => {
  const hint = hintOf({ kind, code: "NeverSeenBefore" });
  expect(hint).toMatch(/^(Activate|Check|Compare|Correct|Try)\b.*\.$/);
  expect(hintOf({ kind, code: undefined })).toBe(hint);
});

describe("a failed connection", () => {
  it("suggests checking the region's spelling if its host is unknown", () => {
    const unknownHost = { kind: "transient", systemCode: "ENOTFOUND" } as const;
    expect(hintOf({ ...unknownHost, region: "eu-centrall-1" })).toMatch(
      /^Check the spelling of the region eu-centrall-1 .*: there is no host with that name/,
    );
    expect(hintOf({ ...unknownHost, region: undefined })).toMatch(/^Check the spelling of the region and of /);
  });

  it.each(["SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "CERT_HAS_EXPIRED"])(
    "suggests adding the CA if the certificate is not trusted: %s",
    (systemCode) => {
      expect(hintOf({ kind: "transient", systemCode })).toContain("instance.network.extraCa");
    },
  );
});

describe("keys that STS does not recognize", () => {
  const unknown = { kind: "base-identity", code: "InvalidClientTokenId" } as const;

  it("names no region if STS is mocked", () => {
    expect(hintOf({ ...unknown, region: undefined })).toMatch(
      /^STS does not recognize these keys: they were deleted, or they belong to another partition/,
    );
  });

  it("names both partitions if the machine and the role are in different ones", () => {
    expect(hintOf({ ...unknown, region: "cn-north-1", foreignRegion: "eu-west-1" })).toMatch(
      /^STS in cn-north-1 \(partition aws-cn\) .*this machine is in eu-west-1 \(partition aws\).*Use a role/,
    );
  });

  it("names a region that is newer than the library without a partition", () => {
    expect(hintOf({ ...unknown, region: "moon-base-1" })).toContain("STS in moon-base-1 does not recognize these keys");
  });

  it("does not blame the keys for a wrong clock", () => {
    expect(hintOf({ kind: "clock-skew", code: "SignatureDoesNotMatch" })).toMatch(/^Correct the machine's clock/);
  });
});

describe("a call that a source role signs", () => {
  it("names that role and not the base identity", () => {
    for (const code of ["AccessDenied", "Odd"]) {
      const hint = hintOf({ code, callerRole: ROLE });
      expect(hint).toContain(`names the role ${ROLE}`);
      expect(hint).not.toContain("base identity");
    }
    const message = "is not authorized to perform: sts:TagSession on resource";
    expect(hintOf({ code: "AccessDenied", message, callerRole: ROLE })).toContain(`the policy of the role ${ROLE}`);
  });

  it("suggests checking the endpoint, because its session was replaced", () => {
    const hint = hintOf({ kind: "base-identity", code: "ExpiredToken", callerRole: ROLE });
    expect(hint).toMatch(/^Check the machine's clock and which server responds at the STS endpoint/);
  });
});

describe("a call that a token proves", () => {
  const withToken = { action: "AssumeRoleWithWebIdentity" } as const;

  it.each<[string, StsErrorKind, RegExp]>([
    ["InvalidIdentityToken", "base-identity", /^Check the IAM OIDC provider/],
    ["ExpiredToken", "base-identity", /^Check what renews the token file/],
    ["IDPRejectedClaim", "base-identity", /^Check the token at its issuer/],
    ["IDPCommunicationError", "transient", /^Try again: /],
    ["AccessDenied", "denied", /sts:AssumeRoleWithWebIdentity .*:aud .*:sub/],
  ])("names the token's cause for %s", (code, kind, hint) => {
    expect(hintOf({ ...withToken, code, kind })).toMatch(hint);
    expect(hintOf({ code, kind })).not.toMatch(hint);
  });

  it("has the usual hint for any other error", () => {
    expect(hintOf({ ...withToken, code: "Throttling", kind: "throttling" })).toBe(hintOf({ kind: "throttling" }));
  });
});
