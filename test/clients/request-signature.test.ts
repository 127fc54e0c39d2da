import { createHash, createHmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBucketToken, readSigning } from "../../src/clients/request-signature.js";

const KEY = "AKIAIOSFODNN7EXAMPLE";
const CREDENTIAL = `${KEY}/20260101/eu-west-1/ec2/aws4_request`;
const HEADER = `AWS4-HMAC-SHA256 Credential=${CREDENTIAL}, SignedHeaders=host, Signature=00`;
const SIGNED = { accessKeyId: KEY, regions: ["eu-west-1"] };

class Sha256 {
  readonly #hash;
  constructor(secret?: Uint8Array | string) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret);
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

const withHeader = (authorization: unknown, others: object = {}) =>
  readSigning({ headers: { authorization, ...others } });

describe("a request that the SDK signed", () => {
  it.each(["header", "query"] as const)("has the key and the region of its signature in the %s", async (place) => {
    const region = fc.constantFrom("us-east-1", "us-gov-west-1", "eu-isoe-west-1");
    const service = fc.constantFrom("ec2", "s3", "execute-api");
    const accessKeyId = fc.stringMatching(/^(AKIA|ASIA)[A-Z0-9]{16}$/);
    await fc.assert(
      fc.asyncProperty(region, service, accessKeyId, async (region, service, accessKeyId) => {
        const credentials = { accessKeyId, secretAccessKey: "made-up" };
        const signer = new SignatureV4({ credentials, region, service, sha256: Sha256 as never });
        const request = { method: "GET", protocol: "https:", hostname: "host", path: "/", headers: { host: "host" } };
        const signed = await (place === "header" ? signer.sign(request) : signer.presign(request));
        expect(readSigning(signed)).toEqual({ accessKeyId, regions: [region] });
      }),
      { numRuns: 20 },
    );
  });
});

describe("the signature of a request", () => {
  it("is found in the header whatever its case and spaces, and in the query or path", () => {
    expect(readSigning({ headers: { AUTHORIZATION: HEADER.replaceAll(", ", ",") } })).toEqual(SIGNED);
    expect(readSigning({ headers: { Authorization: `  ${HEADER}` } })).toEqual(SIGNED);
    const query = { "X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": CREDENTIAL };
    expect(readSigning({ query })).toEqual(SIGNED);
    expect(readSigning({ path: `/a?${new URLSearchParams(query)}` })).toEqual(SIGNED);
  });

  it("covers several regions with SigV4a, and patterns of them", () => {
    const header = HEADER.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256").replace("/eu-west-1/", "/");
    expect(withHeader(header, { "x-amz-region-set": "us-*, cn-north-1" })).toEqual({
      accessKeyId: KEY,
      regions: ["us-*", "cn-north-1"],
    });
    expect(withHeader(header)).toBe("unknown");
    expect(withHeader(header.replace("AWS4-ECDSA-P256-SHA256", "AWS4-HMAC-SHA256"))).toBe("unknown");
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["no headers", {}],
    ["other headers", { headers: { host: "host" }, query: { a: "b" }, path: "/?c=d" }],
    ["an empty slot", { headers: { authorization: undefined }, query: { "x-amz-credential": null } }],
  ])("is missing in a request with %s", (_, request) => {
    expect(readSigning(request)).toBe("unsigned");
  });

  it.each(["Bearer abc", "bearer abc", "BEARER"])("is a bearer token: %s", (authorization) => {
    expect(withHeader(authorization)).toBe("bearer token");
  });

  it.each<[string, object]>([
    ["two in the headers", { headers: { authorization: HEADER, Authorization: HEADER } }],
    ["a list of two in the headers", { headers: { authorization: [HEADER, HEADER] } }],
    [
      "one in the header and one in the query",
      { headers: { authorization: HEADER }, query: { "X-Amz-Credential": CREDENTIAL } },
    ],
    [
      "one in the query and one in the path",
      { query: { "X-Amz-Credential": CREDENTIAL }, path: `/?X-Amz-Credential=${CREDENTIAL}` },
    ],
    ["two credentials in one header", { headers: { authorization: `${HEADER}, Credential=${CREDENTIAL}` } }],
    [
      "two algorithms in the query",
      { query: { "X-Amz-Credential": CREDENTIAL, "X-Amz-Algorithm": ["AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256"] } },
    ],
    ["an old version", { headers: { authorization: `AWS ${KEY}:c2ln` } }],
    ["another algorithm", { headers: { authorization: HEADER.replace("SHA256", "SHA512") } }],
    ["no credential", { headers: { authorization: "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=00" } }],
    ["a credential without a region", { headers: { authorization: HEADER.replace("/eu-west-1", "") } }],
    ["a key of 129 characters", { headers: { authorization: HEADER.replace(KEY, "A".repeat(129)) } }],
    ["an empty text", { headers: { authorization: "" } }],
  ])("is unknown if the request has %s", (_, request) => {
    expect(readSigning(request)).toBe("unknown");
  });

  it("is never taken from anything but a complete credential, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), fc.string({ maxLength: 80 }), (authorization, path) => {
        const signing = readSigning({ headers: { authorization }, path: `/?${path}` });
        expect(["unsigned", "bearer token", "unknown"]).toContain(signing);
      }),
      { numRuns: 100 },
    );
  });
});

it("the token of an S3 Express request is in its headers or its query", () => {
  expect(readBucketToken({ headers: { "X-Amz-S3session-Token": "token" } })).toBe("token");
  expect(readBucketToken({ query: { "x-amz-s3session-token": "token" } })).toBe("token");
  expect(readBucketToken({ headers: { "x-amz-security-token": "token" } })).toBeUndefined();
  expect(readBucketToken(undefined)).toBeUndefined();
});
