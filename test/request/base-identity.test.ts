import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { expectInvalid, refusalOf, requestOf, roleRequestOf } from "./support.js";

const SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const TOKEN = "IQoJb3JpZ2luX2VjTOKEN/token+token=";
const identity = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: SECRET };
const ALLOWED =
  '"Ec2InstanceMetadata", "EcsContainer", "WebIdentity", "Environment", "Runtime", { profile }, { webIdentityTokenFile, roleArn, roleSessionName? }, { accessKeyId, secretAccessKey, sessionToken? }, or a function that resolves to keys';
const baseOf = (credentials: unknown) => requestOf({ instance: { credentials } }).chain.base;
const keyOf = (credentials: unknown) => requestOf({ instance: { credentials } }).chain.key;

describe("the base identity", () => {
  it.each([undefined, null])("is the instance profile for %s", (credentials) => {
    const base = baseOf(credentials);
    expect(base.kind).toBe("instance-profile");
  });

  it("can be static keys, which are copied when they are read", () => {
    const given = { ...identity, sessionToken: TOKEN, accountId: "123456789012" };
    const base = baseOf(given);
    given.secretAccessKey = "changed";
    expect(base.kind).toBe("static");
    expect(base.origin()).toEqual({
      kind: "static",
      identity: { ...identity, sessionToken: TOKEN, accountId: "123456789012" },
    });
    const withoutToken = baseOf({ ...identity, sessionToken: null, accountId: undefined });
    expect(withoutToken.origin()).toEqual({ kind: "static", identity });
  });

  it("can be any provider, which is not called while the request is read", () => {
    const provider = () => {
      throw new Error("too early");
    };
    const base = baseOf(provider);
    expect(base.kind).toBe("provider");
    expect(base.origin()).toEqual({ kind: "provider", provider });
  });

  it("is the same for all functions with the same name, and different for a function without one", () => {
    const named = (credentialsName: unknown) =>
      requestOf({ instance: { credentials: async () => identity, credentialsName } });
    expect(named("vault").chain.base).toMatchObject({ kind: "provider", name: "vault", keyPart: "named:vault" });
    expect(named("vault").chain.key).toBe(named("vault").chain.key);
    expect(new Set(["vault", "other", undefined, undefined].map((name) => named(name).chain.key)).size).toBe(4);
  });

  it.each([
    [undefined, "is not set"],
    [null, "is not set"],
    [identity, "contains keys"],
    ["Ec2InstanceMetadata", 'is "Ec2InstanceMetadata"'],
  ])("cannot have a name if everybody knows which it is: %s", (credentials, why) => {
    expectInvalid(
      () => requestOf({ instance: { credentials, credentialsName: "vault" } }),
      "instance.credentialsName",
      `instance.credentialsName is set, but instance.credentials ${why}. Leave it out: the instance profile and keys need no name.`,
    );
  });

  it.each([
    ["", "an empty string"],
    ["a b", '"a b"'],
    ["x".repeat(65), `"${"x".repeat(65)}"`],
    [7, "a number"],
  ])("cannot have a name that is %s", (credentialsName, received) => {
    expectInvalid(
      () => requestOf({ instance: { credentials: async () => identity, credentialsName } }),
      "instance.credentialsName",
      `instance.credentialsName is invalid: received ${received}. Allowed: 1 to 64 characters of [\\w+=,.@-].`,
    );
  });

  it("can have the SDK's note about its source", () => {
    expect(baseOf({ ...identity, $source: { CREDENTIALS_CODE: "e" } }).kind).toBe("static");
    expect(baseOf({ ...identity, expiration: undefined, credentialScope: null }).keyPart).toBe(
      baseOf(identity).keyPart,
    );
  });

  it.each([
    [
      "expiration",
      new Date(),
      "instance.credentials.expiration is set, but static keys cannot be renewed. Set a function that renews the keys, such as the SDK provider that they come from.",
    ],
    [
      "credentialScope",
      "us-east-1",
      "instance.credentials.credentialScope is set, but requests are signed without a scope. Leave it out.",
    ],
    ["sessionTokn", TOKEN, /^instance\.credentials\.sessionTokn is not a setting, but looks like sessionToken\./],
    ["session_token", TOKEN, /^instance\.credentials\.session_token is not a setting, but looks like sessionToken\./],
  ])("cannot have %s, which would be dropped", (key, value, message) => {
    expectInvalid(() => baseOf({ ...identity, [key]: value }), `instance.credentials.${key}`, message);
  });

  it.each([
    ["both", { accessKeyId: SECRET, secretAccessKey: identity.accessKeyId }],
    ["a secret as the id", { accessKeyId: SECRET, secretAccessKey: SECRET }],
    ["a secret of letters and digits as the id", { accessKeyId: "aB3".padEnd(40, "x"), secretAccessKey: "x" }],
    ["an id as the secret", { accessKeyId: "other", secretAccessKey: identity.accessKeyId }],
    ["a temporary id as the secret", { accessKeyId: "other", secretAccessKey: "ASIAIOSFODNN7EXAMPLE" }],
  ])("is rejected without being shown if id and secret are swapped: %s", (_, credentials) => {
    const error = expectInvalid(
      () => baseOf(credentials),
      "instance.credentials.accessKeyId",
      "instance.credentials.accessKeyId and the secret access key appear to be swapped. Set the shorter string, such as AKIA…, as the id, and the longer one as the secret.",
    );
    expect(inspect(error, { showHidden: true })).not.toContain(SECRET);
  });

  it.each([
    "GOOG1EABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGHIJKLMNOPQRS",
    "0123456789abcdef".repeat(4),
    "a".repeat(40),
  ])("can have an access key id of another cloud: %s", (accessKeyId) => {
    expect(baseOf({ accessKeyId, secretAccessKey: SECRET }).kind).toBe("static");
  });

  it("has a separate session key for each value, with and without a role", () => {
    const given = [
      undefined,
      identity,
      { ...identity, accessKeyId: "AKIAIOSFODNN7EXAMPL2" },
      { ...identity, secretAccessKey: `${SECRET}2` },
      { ...identity, sessionToken: TOKEN },
      { ...identity, sessionToken: `${TOKEN}2` },
      { ...identity, accountId: "123456789012" },
      { ...identity, accountId: "444455556666" },
      async () => identity,
      async () => identity,
    ];
    expect(new Set(given.map(keyOf)).size).toBe(given.length);
    const assumed = given.map((credentials) => roleRequestOf({ instance: { credentials } }));
    expect(new Set(assumed.map(({ chain }) => chain.key)).size).toBe(given.length);
    expect(assumed.map(({ chain }) => chain.base.key)).toEqual(given.map(keyOf));
  });

  it("has the same session key for equal keys, and for the same provider", () => {
    const provider = async () => identity;
    expect(keyOf({ ...identity })).toBe(keyOf(identity));
    expect(keyOf(provider)).toBe(keyOf(provider));
  });

  it.each<[string, object, string]>([
    ["accessKeyId", { ...identity, accessKeyId: "short+id" }, "a string of 8 characters"],
    ["accessKeyId", { ...identity, accessKeyId: "A".repeat(129) }, "a string of 129 characters"],
    ["accessKeyId", { ...identity, accessKeyId: "AKIA IOSFODNN7EXAMPLE" }, "a string of 21 characters"],
    ["accessKeyId", { ...identity, accessKeyId: "" }, "an empty string"],
    ["accessKeyId", { secretAccessKey: SECRET }, "undefined"],
    ["accessKeyId", { ...identity, accessKeyId: 1234567890123456 }, "a number"],
    ["secretAccessKey", { ...identity, secretAccessKey: undefined }, "undefined"],
    ["secretAccessKey", { ...identity, secretAccessKey: null }, "null"],
    ["secretAccessKey", { ...identity, secretAccessKey: "" }, "an empty string"],
    ["secretAccessKey", { ...identity, secretAccessKey: `${SECRET}\n` }, `a string of ${SECRET.length + 1} characters`],
    ["secretAccessKey", { ...identity, secretAccessKey: [SECRET] }, "an array of 1"],
    ["sessionToken", { ...identity, sessionToken: "" }, "an empty string"],
    ["sessionToken", { ...identity, sessionToken: ` ${TOKEN}` }, `a string of ${TOKEN.length + 1} characters`],
    ["sessionToken", { ...identity, sessionToken: { token: TOKEN } }, "an object"],
    ["accountId", { ...identity, accountId: "12345678901" }, "a string of 11 characters"],
    ["accountId", { ...identity, accountId: "1234567890123" }, "a string of 13 characters"],
    ["accountId", { ...identity, accountId: 123456789012 }, "a number"],
    ["accountId", { ...identity, accountId: SECRET }, `a string of ${SECRET.length} characters`],
  ])("with an invalid %s is rejected, and the error shows no secret", (key, credentials, received) => {
    const allowed = {
      accessKeyId: "1 to 128 letters, digits and _-",
      secretAccessKey: "a string without spaces",
      sessionToken: "a string without spaces, or nothing",
      accountId: "12 digits, or nothing",
    }[key];
    const error = expectInvalid(
      () => baseOf(credentials),
      `instance.credentials.${key}`,
      `instance.credentials.${key} is invalid: received ${received}. Allowed: ${allowed}.`,
    );
    expect(inspect(error, { depth: null, showHidden: true })).not.toMatch(
      new RegExp(`${SECRET}|${TOKEN.slice(0, 20)}`),
    );
  });

  it.each([1, 15, 128])("accepts an access key id of %d characters", (length) => {
    expect(baseOf({ ...identity, accessKeyId: "A".repeat(length) }).kind).toBe("static");
  });

  it.each<[unknown, string]>([
    [SECRET, `a string of ${SECRET.length} characters`],
    [JSON.stringify(identity), `a string of ${JSON.stringify(identity).length} characters`],
    ["", "an empty string"],
    [1234, "a number"],
    [true, "a boolean"],
    [[identity], "an array of 1"],
    [Promise.resolve(identity), "an object"],
    [new Map(Object.entries(identity)), "an object"],
  ])("is rejected without being shown if it is %s", (credentials, received) => {
    expectInvalid(
      () => baseOf(credentials),
      "instance.credentials",
      `instance.credentials is invalid: received ${received}. Allowed: ${ALLOWED}.`,
    );
  });

  it("is never printed with its secrets, however a request is printed", () => {
    const request = roleRequestOf({ instance: { credentials: { ...identity, sessionToken: TOKEN } } });
    const printed = [
      inspect(request, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true }),
      JSON.stringify(request),
      String(request.chain.base),
    ].join();
    expect(printed).not.toContain(SECRET);
    expect(printed).not.toContain(TOKEN);
    expect(
      refusalOf(() => requestOf({ instance: { credentials: { ...identity, accessKeyId: "x x" } } })).message,
    ).not.toContain(SECRET);
  });
});
