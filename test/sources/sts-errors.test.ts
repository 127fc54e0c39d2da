import { describe, expect, it } from "vitest";
import { classifyStsError, type StsErrorKind, translateStsError } from "../../src/sources/sts-errors.js";

function stsError(name: string, status?: number, extra: object = {}): Error {
  const metadata =
    status === undefined ? {} : { $fault: "client", $metadata: { httpStatusCode: status, requestId: "r-1" } };
  return Object.assign(new Error(`words of ${name}`), { name, ...metadata, ...extra });
}

const corrected = (status: number) => ({ $metadata: { httpStatusCode: status, clockSkewCorrected: true } });

describe("classification", () => {
  it.each<[string, Error, StsErrorKind]>([
    ["Throttling", stsError("Throttling", 400), "throttling"],
    ["ThrottlingException", stsError("ThrottlingException", 400), "throttling"],
    ["status 429", stsError("Whatever", 429), "throttling"],
    ["status 500", stsError("InternalFailure", 500), "transient"],
    ["status 503", stsError("ServiceUnavailable", 503), "transient"],
    ["status 505", stsError("Odd", 505), "transient"],
    ["a refused connection", stsError("Error", undefined, { code: "ECONNREFUSED" }), "transient"],
    ["an unknown host", stsError("Error", undefined, { code: "ENOTFOUND" }), "transient"],
    ["a timeout", stsError("TimeoutError"), "transient"],
    ["an unreadable response", stsError("SyntaxError", 200), "transient"],
    ["a proxy's 403 without an error code", stsError("Unknown", 403), "transient"],
    ["ExpiredToken", stsError("ExpiredToken", 403), "base-identity"],
    ["ExpiredTokenException", stsError("ExpiredTokenException", 400), "base-identity"],
    ["InvalidClientTokenId", stsError("InvalidClientTokenId", 403), "base-identity"],
    ["UnrecognizedClientException", stsError("UnrecognizedClientException", 400), "base-identity"],
    ["SignatureDoesNotMatch", stsError("SignatureDoesNotMatch", 403), "base-identity"],
    ["AccessDenied", stsError("AccessDenied", 403), "denied"],
    ["AccessDeniedException", stsError("AccessDeniedException", 403), "denied"],
    ["RegionDisabledException", stsError("RegionDisabledException", 403), "region-disabled"],
    ["MalformedPolicyDocument", stsError("MalformedPolicyDocument", 400), "invalid"],
    ["PackedPolicyTooLarge", stsError("PackedPolicyTooLarge", 400), "invalid"],
    ["ValidationError", stsError("ValidationError", 400), "invalid"],
    ["a signature with the wrong time", stsError("SignatureDoesNotMatch", 403, corrected(403)), "clock-skew"],
    ["AccessDenied on a machine whose clock is wrong", stsError("AccessDenied", 403, corrected(403)), "denied"],
    ["503 on a machine whose clock is wrong", stsError("ServiceUnavailable", 503, corrected(503)), "transient"],
    ["Throttling on a machine whose clock is wrong", stsError("Throttling", 400, corrected(400)), "throttling"],
    ["ExpiredToken on a machine whose clock is wrong", stsError("ExpiredToken", 403, corrected(403)), "base-identity"],
  ])("%s", (_, error, kind) => {
    expect(classifyStsError(error)).toBe(kind);
  });
});

describe("translation", () => {
  const call = {
    action: "AssumeRole",
    step: "assume-role",
    caller: { step: "base-identity", roleArn: undefined },
    roleArn: "arn:aws:iam::123456789012:role/A",
    region: "eu-west-1",
  } as const;

  it("names role, region, AWS's code and request id, and the fix", () => {
    const error = translateStsError(stsError("AccessDenied", 403), "denied", { ...call, lastSuccess: undefined });
    expect(error).toMatchObject({
      code: "ASSUME_ROLE_DENIED",
      retryable: false,
      step: "assume-role",
      roleArn: call.roleArn,
      region: "eu-west-1",
      awsCode: "AccessDenied",
      requestId: "r-1",
    });
    expect(error.message).toBe(
      `AssumeRole of ${call.roleArn} in eu-west-1 failed: AccessDenied, words of AccessDenied. ${error.hint}`,
    );
  });

  it("names the time of the last success", () => {
    const lastSuccess = Date.UTC(2026, 0, 2, 3, 4, 5);
    const error = translateStsError(stsError("InternalFailure", 500), "transient", { ...call, lastSuccess });
    expect(error).toMatchObject({ code: "STS_UNAVAILABLE", retryable: true });
    expect(error.message).toContain("(last success 2026-01-02T03:04:05.000Z)");
  });

  it.each<[string, Error, string]>([
    [
      "Node's error code for a failed connection",
      stsError("TimeoutError", undefined, { code: "ECONNRESET" }),
      "ECONNRESET",
    ],
    ["the status of a proxy's error page", stsError("Unknown", 502), "status 502 without an AWS error code"],
    ["nothing from an unreadable response", stsError("Error", 200), "the response can't be parsed"],
  ])("shows %s", (_, error, told) => {
    const translated = translateStsError(error, "transient", { ...call, lastSuccess: undefined });
    expect(translated.message).toContain(` failed: ${told}. `);
    expect(translated.awsCode).toBeUndefined();
  });

  it("never repeats a message that quotes the signed request", () => {
    const quoting = stsError("SignatureDoesNotMatch", 403);
    quoting.message = "The Canonical String should have been x-amz-security-token:THE-TOKEN";
    const error = translateStsError(quoting, "base-identity", { ...call, lastSuccess: undefined });
    expect(error.code).toBe("BASE_IDENTITY_REJECTED");
    expect(`${error.message} ${(error.cause as Error).message} ${(error.cause as Error).stack}`).not.toContain(
      "THE-TOKEN",
    );
  });
});
