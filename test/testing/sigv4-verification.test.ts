import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { HttpRequest } from "@smithy/core/protocols";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createManualClock, type LocalAws, startLocalAws } from "../../src/testing/index.js";
import {
  CALLER_IDENTITY,
  type Keys,
  presign,
  type RequestParts,
  ROLE,
  type SigningOptions,
  send,
  sign,
  USER,
  unsigned,
} from "./requests.js";

const MINUTE = 60_000;
const SERVICE: RequestParts = {
  method: "POST",
  path: "/things",
  headers: { "content-type": "application/json" },
  body: '{"a":1}',
};

let aws: LocalAws;
let keys: Keys;

beforeEach(async () => {
  aws = await startLocalAws();
  keys = aws.issueSession({ roleArn: ROLE });
});
afterEach(() => aws.close());

/** Signs a request, changes it, and returns the response's outcome. */
async function outcomeOf(
  parts: RequestParts,
  options: SigningOptions,
  change: (request: HttpRequest) => void,
  as: Keys = keys,
) {
  const request = HttpRequest.clone(await sign(aws, as, parts, options));
  change(request);
  return (await send(request)).outcome;
}

describe.each<[string, RequestParts, SigningOptions]>([
  ["STS", CALLER_IDENTITY, { service: "sts" }],
  ["a service", SERVICE, { service: "lambda", region: "eu-west-1" }],
])("%s", (_name, parts, options) => {
  it("accepts a request signed with issued keys", async () => {
    expect(await outcomeOf(parts, options, () => undefined)).toBe("200");
    expect(aws.requests.at(-1)).toMatchObject({ accessKeyId: keys.accessKeyId, session: { roleArn: ROLE } });
  });

  it.each<[string, (request: HttpRequest) => void]>([
    ["body", (request) => (request.body = request.body.replace("a", "b"))],
    [
      "body and its hash",
      (request) => {
        request.body += " ";
        delete request.headers["x-amz-content-sha256"];
      },
    ],
    ["method", (request) => (request.method = "PUT")],
    ["path", (request) => (request.path += "x")],
    ["query", (request) => (request.query.extra = "1")],
    ["date", (request) => (request.headers["x-amz-date"] = `${request.headers["x-amz-date"]?.slice(0, -3)}99Z`)],
    ["region", (request) => edit(request, /us-east-1|eu-west-1/, "us-west-2")],
    ["signature", (request) => edit(request, /Signature=../, "Signature=zz")],
    ["signature's length", (request) => edit(request, /.$/, "")],
    ["signed header", (request) => (request.headers["content-type"] = "text/plain")],
    ["set of signed headers", (request) => edit(request, "content-type;", "")],
    ["set of headers, with one of AWS's own,", (request) => (request.headers["x-amz-meta-extra"] = "1")],
  ])("rejects a request whose %s was changed", async (_what, change) => {
    expect(await outcomeOf(parts, options, change)).toBe("403 SignatureDoesNotMatch");
    expect(aws.requests.at(-1)).toMatchObject({ accessKeyId: keys.accessKeyId, errorCode: "SignatureDoesNotMatch" });
    expect(aws.requests.at(-1)?.session).toBeUndefined();
  });

  it("accepts an unsigned header that is not an AWS header", async () => {
    expect(await outcomeOf(parts, options, (request) => (request.headers.via = "1.1 proxy"))).toBe("200");
  });

  it("rejects a wrong secret key", async () => {
    const wrong = { ...keys, secretAccessKey: `${keys.secretAccessKey.slice(0, -1)}!` };
    expect(await outcomeOf(parts, options, () => undefined, wrong)).toBe("403 SignatureDoesNotMatch");
  });

  it.each<[string, (keys: Keys, other: Keys) => Keys]>([
    ["an unknown key", (own) => ({ ...own, accessKeyId: "ASIAAAAAAAAAAAAAAAAA" })],
    ["no session token", ({ sessionToken: _, ...own }) => own],
    ["another session's token", (own, other) => ({ ...own, sessionToken: other.sessionToken ?? "" })],
    ["a cut session token", (own) => ({ ...own, sessionToken: own.sessionToken?.slice(1) ?? "" })],
  ])("rejects %s", async (_what, change) => {
    const changed = change(keys, aws.issueSession({ roleArn: ROLE }));
    expect(await outcomeOf(parts, options, () => undefined, changed)).toBe("403 InvalidClientTokenId");
  });

  it("rejects a user's key with a session token", async () => {
    const user = { ...aws.issueUserKeys({ userArn: USER }), sessionToken: keys.sessionToken ?? "" };
    expect(await outcomeOf(parts, options, () => undefined, user)).toBe("403 InvalidClientTokenId");
  });

  it("rejects a session that a test expired, but still records its identity", async () => {
    aws.expireSession(keys.accessKeyId);
    const status = options.service === "sts" ? 403 : 400;
    expect(await outcomeOf(parts, options, () => undefined)).toBe(`${status} ExpiredToken`);
    expect(aws.requests.at(-1)?.session).toMatchObject({ accessKeyId: keys.accessKeyId, roleArn: ROLE });
  });

  it("rejects a request without a signature", async () => {
    expect((await send(unsigned(aws, parts))).outcome).toBe("403 MissingAuthenticationToken");
  });

  it.each([
    ["Bearer abc"],
    ["AWS4-HMAC-SHA256"],
    ["AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=00"],
    ["AWS4-ECDSA-P256-SHA256 Credential=a/20260101/sts/aws4_request, SignedHeaders=host, Signature=00"],
  ])("rejects the authorization %j", async (authorization) => {
    const outcome = await outcomeOf(parts, options, (request) => (request.headers.authorization = authorization));
    expect(outcome).toBe("400 IncompleteSignature");
  });

  it("accepts a presigned request until it expires", async () => {
    const query = { a: "1 2/3", b: "~*'()" };
    const request = await presign(
      aws,
      keys,
      { method: "GET", path: parts.path ?? "/", query: { ...query, ...stsQuery(options) } },
      options,
    );
    expect((await send(request)).outcome).toBe("200");
    request.query.a = "1";
    expect((await send(request)).outcome).toBe("403 SignatureDoesNotMatch");
  });

  it("rejects an expired presigned request", async () => {
    const signingDate = new Date(Date.now() - 2 * MINUTE);
    const request = (expiresIn: number) =>
      presign(
        aws,
        keys,
        { method: "GET", path: parts.path ?? "/", query: stsQuery(options) },
        { ...options, signingDate, expiresIn },
      );
    expect((await send(await request(180))).outcome).toBe("200");
    expect((await send(await request(60))).outcome).toBe("403 SignatureDoesNotMatch");
    expect((await send(await request(60))).body).toContain("Signature expired: ");
  });
});

describe("paths and payloads", () => {
  it.each(["/a b/ü/%", "/a//b/../c/./d/", "/", "/~user/(x)/*", "/a%2Fb"])(
    "of a service are signed in normalized form: %j",
    async (path) => {
      const encoded = encodeURI(path);
      expect(await outcomeOf({ path: encoded }, { service: "execute-api" }, () => undefined)).toBe("200");
    },
  );

  it("are not normalized for S3", async () => {
    const s3 = new S3Client({ endpoint: aws.endpoint, region: "us-east-1", forcePathStyle: true, credentials: keys });
    for (const Key of ["a b/ü/%/x", "a//b/../c", "~(x)*'!+&=", "plain.txt"]) {
      await s3.send(new PutObjectCommand({ Bucket: "reports", Key, Body: "text" }));
      await s3.send(new GetObjectCommand({ Bucket: "reports", Key }));
    }
    expect(aws.count({ service: "s3", status: 200 })).toBe(8);
  });

  it.each([
    ["s3", "UNSIGNED-PAYLOAD", "200"],
    ["s3", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "200"],
    ["lambda", "UNSIGNED-PAYLOAD", "200"],
    ["sts", "UNSIGNED-PAYLOAD", "403 SignatureDoesNotMatch"],
    ["s3", "0".repeat(64), "400 XAmzContentSHA256Mismatch"],
    ["lambda", "0".repeat(64), "403 SignatureDoesNotMatch"],
  ])("of %s with the hash %s get the response %s", async (service, hash, outcome) => {
    const parts = { ...CALLER_IDENTITY, headers: { ...CALLER_IDENTITY.headers, "x-amz-content-sha256": hash } };
    expect(await outcomeOf(parts, { service }, () => undefined)).toBe(outcome);
  });
});

describe("the time of a signature", () => {
  const at = (time: number) => ({ service: "sts", signingDate: new Date(time) });

  it.each([
    [14, "200"],
    [-14, "200"],
    [16, "403 SignatureDoesNotMatch"],
    [-16, "403 SignatureDoesNotMatch"],
  ])("can be off by 15 minutes: %i minutes give %s", async (minutes, outcome) => {
    expect(await outcomeOf(CALLER_IDENTITY, at(Date.now() + minutes * MINUTE), () => undefined)).toBe(outcome);
  });

  it("is required", async () => {
    const outcome = await outcomeOf(CALLER_IDENTITY, {}, (request) => delete request.headers["x-amz-date"]);
    expect(outcome).toBe("400 IncompleteSignature");
  });

  it("must match the day of the credential scope", async () => {
    const outcome = await outcomeOf(CALLER_IDENTITY, {}, (request) => edit(request, /\/\d{8}\//, "/20200101/"));
    expect(outcome).toBe("403 SignatureDoesNotMatch");
  });

  it("can follow the machine's clock or the server's", async () => {
    const clock = createManualClock();
    await using moved = await startLocalAws({ clock });
    const own = moved.issueSession({ roleArn: ROLE });
    const outcome = async (time: number) => (await send(await sign(moved, own, CALLER_IDENTITY, at(time)))).outcome;
    expect(await outcome(Date.now())).toBe("200");
    expect(await outcome(clock.now())).toBe("200");
    expect(await outcome(clock.now() - 16 * MINUTE)).toBe("403 SignatureDoesNotMatch");
  });

  it("can be as old as the last server time that the SDK has seen", async () => {
    const clock = createManualClock();
    await using moved = await startLocalAws({ clock });
    const own = moved.issueSession({ roleArn: ROLE });
    const outcome = async (time: number) => (await send(await sign(moved, own, CALLER_IDENTITY, at(time)))).outcome;
    const heard = clock.now();
    expect(await outcome(heard)).toBe("200");
    await clock.advance(50 * MINUTE);
    expect(await outcome(heard)).toBe("200");
    expect(await outcome(heard - 16 * MINUTE)).toBe("403 SignatureDoesNotMatch");
  });

  it("must follow only the server's clock with strictSignatureTime", async () => {
    const clock = createManualClock();
    await using strict = await startLocalAws({ clock, strictSignatureTime: true });
    const own = strict.issueSession({ roleArn: ROLE });
    const answer = async (time: number) => send(await sign(strict, own, CALLER_IDENTITY, at(time)));
    expect((await answer(clock.now())).outcome).toBe("200");
    expect((await answer(clock.now() - 15 * MINUTE)).outcome).toBe("200");
    expect((await answer(clock.now() - 15 * MINUTE - 1000)).body).toContain(
      "Signature expired: 20251231T234459Z is now earlier than 20251231T234500Z (20260101T000000Z - 15 min.)",
    );
    expect((await answer(clock.now() + 15 * MINUTE + 1000)).body).toContain(
      "Signature not yet current: 20260101T001501Z is still later than 20260101T001500Z (20260101T000000Z + 15 min.)",
    );
  });
});

function edit(request: HttpRequest, from: string | RegExp, to: string): void {
  request.headers.authorization = request.headers.authorization?.replace(from, to) ?? "";
}

function stsQuery({ service }: SigningOptions): Record<string, string> {
  return service === "sts" ? { Action: "GetCallerIdentity", Version: "2011-06-15" } : {};
}
