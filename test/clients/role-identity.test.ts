import { describe, expect, it } from "vitest";
import { liveProvider, RoleIdentity } from "../../src/clients/role-identity.js";
import { redacted } from "../../src/session/session-credentials.js";

const sessionOf = (number: number) =>
  redacted({
    accessKeyId: `ASIA${number}`,
    secretAccessKey: `made-up-secret-${number}`,
    sessionToken: `made-up-token-${number}`,
  });

/** A client's identity, whose provider returns the session that the test sets. */
function createIdentity() {
  let number = 1;
  const identity = new RoleIdentity(async () => sessionOf(number));
  const rotateTo = (next: number) => {
    number = next;
    return identity.credentials();
  };
  /** Remembers the answer of an operation, as the SDK's middleware would. */
  const answer = (operation: string, Credentials: unknown) => {
    const result = { output: { Credentials } };
    const send = identity.rememberBucketSession(async () => result, { __smithy_context: { operation } });
    return send({ input: {} });
  };
  const openBucketSession = (name: string) =>
    answer("CreateSession", {
      AccessKeyId: `ASIAS3${name}`,
      SecretAccessKey: `bucket-secret-${name}`,
      SessionToken: `bucket-token-${name}`,
    });
  return { identity, rotateTo, answer, openBucketSession };
}

it("a live provider tells the SDK to call it before each request", async () => {
  let calls = 0;
  const provider = liveProvider(async () => sessionOf(++calls));
  expect({ ...provider }).toEqual({ memoized: true, configBound: true, attributed: true });
  expect((await provider()).accessKeyId).toBe("ASIA1");
  expect((await provider()).accessKeyId).toBe("ASIA2");
});

describe("the keys that a client may sign with", () => {
  it("are none before the first request", () => {
    const { identity } = createIdentity();
    expect(identity.owns("ASIA1")).toBe(false);
    expect(identity.secrets().filter(Boolean)).toEqual([]);
  });

  it("are the last two, because a request in flight may use the older one", async () => {
    const { identity, rotateTo } = createIdentity();
    for (const number of [1, 2, 2, 3]) await rotateTo(number);
    expect([1, 2, 3, 4].map((number) => identity.owns(`ASIA${number}`))).toEqual([false, true, true, false]);
  });

  it("stay as they are if the provider fails", async () => {
    const { identity, rotateTo } = createIdentity();
    await rotateTo(1);
    const failing = new RoleIdentity(() => Promise.reject(new Error("down")));
    await expect(failing.credentials()).rejects.toThrow("down");
    expect([failing.owns("ASIA1"), identity.owns("ASIA1")]).toEqual([false, true]);
  });
});

describe("a session of S3 Express", () => {
  it("belongs to the client that opened it, and only with its own token", async () => {
    const { identity, openBucketSession } = createIdentity();
    await openBucketSession("1");
    expect(identity.owns("ASIAS31", "bucket-token-1")).toBe(true);
    expect(identity.owns("ASIAS31", "another token")).toBe(false);
    expect(identity.owns("ASIAS31")).toBe(false);
    expect(createIdentity().identity.owns("ASIAS31", "bucket-token-1")).toBe(false);
  });

  it("cannot be used with the role's own key", async () => {
    const { identity, rotateTo, openBucketSession } = createIdentity();
    await rotateTo(1);
    await openBucketSession("1");
    expect(identity.owns("ASIA1", "bucket-token-1")).toBe(false);
  });

  it.each<[string, string, unknown]>([
    ["another operation", "GetObject", { AccessKeyId: "A", SecretAccessKey: "b", SessionToken: "c" }],
    ["an answer without credentials", "CreateSession", undefined],
    ["an answer without a token", "CreateSession", { AccessKeyId: "A", SecretAccessKey: "b" }],
    ["a token that is not a string", "CreateSession", { AccessKeyId: "A", SecretAccessKey: "b", SessionToken: 7 }],
  ])("is not taken from %s", async (_, operation, credentials) => {
    const { identity, answer } = createIdentity();
    const result = await answer(operation, credentials);
    expect(result).toEqual({ output: { Credentials: credentials } });
    expect(identity.owns("A", "c")).toBe(false);
  });

  it("is forgotten after a thousand newer ones", async () => {
    const { identity, openBucketSession } = createIdentity();
    for (let number = 0; number <= 1000; number++) await openBucketSession(`${number}`);
    expect(identity.owns("ASIAS30", "bucket-token-0")).toBe(false);
    expect(identity.owns("ASIAS31", "bucket-token-1")).toBe(true);
  });
});

it("all secrets of a client are known, so that its errors can leave them out", async () => {
  const { identity, rotateTo, openBucketSession } = createIdentity();
  for (const number of [1, 2]) await rotateTo(number);
  await openBucketSession("1");
  expect(identity.secrets()).toEqual([
    "made-up-secret-2",
    "made-up-token-2",
    "made-up-secret-1",
    "made-up-token-1",
    "bucket-secret-1",
    "bucket-token-1",
  ]);
});
