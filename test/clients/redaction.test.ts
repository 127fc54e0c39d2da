import { Readable } from "node:stream";
import { inspect } from "node:util";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { describe, expect, it, vi } from "vitest";
import { withholdSecrets } from "../../src/clients/client-middleware.js";
import { ROLE, setUpLocal } from "../support/local.js";
import { ENCODINGS, hex } from "./encodings.js";

const instance = { roleArn: ROLE, region: "eu-central-1" };

async function setUp() {
  const { resolver } = await setUpLocal();
  const { sessionToken = "", secretAccessKey } = await resolver.resolve(instance);
  /** The error that a command gets if its request fails with this response. */
  const fail = (handle: () => Promise<unknown>): Promise<Error & Record<string, unknown>> => {
    const clientConfig = { requestHandler: { handle } as never, maxAttempts: 1 };
    const s3 = resolver.getClientForCommand(S3Client, instance, {}, { clientConfig });
    return s3.send(new ListBucketsCommand({})).then(
      () => expect.fail("nothing was thrown"),
      (error) => error,
    );
  };
  /** The same without the SDK in between, which can't throw every value. */
  const throwing = (error: unknown): Promise<Error & Record<string, unknown>> => {
    const identity = { secrets: () => [sessionToken, secretAccessKey] };
    const send = withholdSecrets(identity)(() => Promise.reject(error), {});
    return send({ input: {} }).then(
      () => expect.fail("nothing was thrown"),
      (thrown) => thrown,
    );
  };
  return { resolver, sessionToken, secretAccessKey, fail, throwing };
}

const printed = (value: unknown) =>
  inspect(value, { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null });

describe.each(Object.entries(ENCODINGS))("a secret in a service's error, as %s", (_, encode) => {
  it("is redacted for the session token and for the secret key", async () => {
    const { sessionToken, secretAccessKey, fail } = await setUp();
    for (const secret of [sessionToken, secretAccessKey]) {
      const text = `before ${encode(secret)} after`;
      const body = `<Error><Code>InvalidToken</Code><Message><![CDATA[${text}]]></Message></Error>`;
      const headers = { "content-type": "application/xml", "x-amz-echo": text };
      const error = await fail(async () => ({
        response: { statusCode: 400, headers, body: Readable.from([Buffer.from(body)]) },
      }));
      expect(error.name).toBe("InvalidToken");
      expect(error.message).toMatch(/^before .*\[redacted\].* after$/s);
      expect(error.stack).toContain("[redacted]");
      expect((error.$response as { headers: object }).headers).toMatchObject({ "x-amz-echo": error.message });
      const encoded = encode(secret);
      const core = encoded.slice(encoded.length / 2, encoded.length / 2 + 16);
      expect(error.message + error.stack + printed(error)).not.toContain(core);
    }
  });
});

it("S3's error does not show the token that it repeats, in any of its fields", async () => {
  const { sessionToken, fail } = await setUp();
  const details = `<Message>${sessionToken}</Message><Token-0>${sessionToken}</Token-0><Bytes>${hex(sessionToken, "", " ")}</Bytes>`;
  const body = `<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code>${details}</Error>`;
  const error = await fail(async () => ({
    response: { statusCode: 403, headers: { "content-type": "application/xml" }, body: Readable.from([body]) },
  }));
  expect(error).toMatchObject({ name: "SignatureDoesNotMatch", "Token-0": "[redacted]", Bytes: "[redacted]" });
  expect(printed(error)).not.toContain(sessionToken.slice(0, 40));
});

describe("a secret within an error", () => {
  it("is redacted in every kind of property", async () => {
    const { sessionToken, secretAccessKey, throwing } = await setUp();
    const request = { headers: { token: sessionToken }, lines: ["a", `b ${secretAccessKey}`] };
    const cause = Object.assign(new Error(`no: ${sessionToken}`), { request });
    const error = Object.assign(new AggregateError([cause, new Error(sessionToken)], "failed", { cause }), {
      map: new Map<unknown, unknown>([
        ["token", { sessionToken }],
        [sessionToken, 1],
      ]),
      set: new Set([sessionToken]),
      bytes: Buffer.from(`raw ${sessionToken}`),
      [sessionToken]: "a key",
      [Symbol("hidden")]: sessionToken,
    });
    Object.defineProperty(error, "hidden", { value: [sessionToken], enumerable: false });
    Object.defineProperty(error, "computed", { get: () => sessionToken, configurable: true });
    const seen = await throwing(error);
    expect(seen).toBeInstanceOf(AggregateError);
    expect(seen.message).toBe("failed");
    for (const secret of [sessionToken, secretAccessKey, Buffer.from(sessionToken).toString("hex")]) {
      expect(printed(seen)).not.toContain(secret);
    }
    expect(seen.computed).toBe("[redacted]");
    expect(request.headers.token).toBe(sessionToken); // only errors are changed; other objects are copied
  });

  it("is redacted in cycles, in frozen objects and beyond the search limits", async () => {
    const { sessionToken, throwing } = await setUp();
    const deep = Array.from({ length: 20 }).reduce<object>((inner) => ({ inner }), { sessionToken });
    const wide = Array.from({ length: 5000 }, () => ({ sessionToken }));
    const long = "x".repeat(100_000) + sessionToken;
    const error = Object.assign(new Error(sessionToken), { deep, wide, long, self: {} as unknown });
    error.self = { error };
    for (const thrown of [error, Object.freeze(new Error(sessionToken)), sessionToken]) {
      const seen = await throwing(thrown);
      expect(printed(seen)).not.toContain(sessionToken);
      expect(String(seen)).toContain("[redacted]");
    }
  });

  it("is redacted in the request that the response's socket refers to", async () => {
    const { aws, resolver } = await setUpLocal();
    aws.fault({ on: { target: "service" }, status: 400, code: "InvalidRequest" });
    const { sessionToken = "" } = await resolver.resolve(instance);
    const sent = resolver.getClientForCommand(S3Client, instance).send(new ListBucketsCommand({}));
    const error = await sent.catch((thrown) => thrown);
    expect(error).toMatchObject({ name: "InvalidRequest", $response: { statusCode: 400 } });
    expect(printed(error.$response)).not.toContain(sessionToken);
  });

  it("is redacted without changing the session itself", async () => {
    const { resolver, throwing } = await setUp();
    const session = await resolver.resolve(instance);
    const { sessionToken, secretAccessKey } = session;
    const seen = await throwing(Object.assign(new Error("failed"), { session, nested: { session } }));
    expect(JSON.stringify(seen.session)).not.toContain(secretAccessKey);
    expect(await resolver.resolve(instance)).toMatchObject({ sessionToken, secretAccessKey });
  });

  it("is searched for safely in hostile objects, whose getters run once", async () => {
    const { throwing } = await setUp();
    const getter = vi.fn(() => "text");
    const hostile = new Proxy({}, { ownKeys: () => expect.fail("hostile") });
    const failing = Object.defineProperty({}, "value", { get: () => expect.fail("hostile"), enumerable: true });
    const error = Object.assign(new Error("failed"), { hostile, failing, nothing: null, number: 1n, run: () => {} });
    Object.defineProperty(error, "counted", { get: getter, enumerable: true });
    const seen = await throwing(error);
    expect(seen).toBe(error);
    expect(getter).toHaveBeenCalledOnce();
    expect(seen.hostile).toBe("[redacted]");
    expect(await throwing(new Proxy(new Error("x"), { ownKeys: () => expect.fail("hostile") }))).toBeInstanceOf(Error);
    for (const thrown of [undefined, null, 7, "text", Symbol.iterator]) expect(await throwing(thrown)).toBe(thrown);
  });

  it("is not there: the error stays as it is", async () => {
    const { throwing } = await setUp();
    const cause = new TypeError("inner");
    const error = Object.assign(new Error("failed", { cause }), { data: { list: [1, "two"] }, at: new Date(0) });
    const { data, stack } = error;
    const seen = await throwing(error);
    expect(seen).toBe(error);
    expect([seen.cause, seen.data, seen.stack, seen.message]).toEqual([cause, data, stack, "failed"]);
    expect(seen.data).toBe(data);
  });
});
