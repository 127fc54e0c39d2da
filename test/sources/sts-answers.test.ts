import { inspect } from "node:util";
import { STSClient } from "@aws-sdk/client-sts";
import { describe, expect, it } from "vitest";
import { createCredentialResolver, isRolecallError } from "../../src/index.js";
import { createManualClock } from "../../src/testing/index.js";
import { ACCOUNT, HOUR, ROLE, setUpLocal } from "../support/local.js";
import { httpAnswer, type RawAnswer, sendEndlessly, startRawServer } from "../support/raw-http-server.js";

const instance = { roleArn: ROLE, region: "eu-central-1" };
const assumeRole = { target: "sts", operation: "AssumeRole" } as const;
const externalId = "acme/7+3491==";

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error) => error,
  );

const MOST_SENT = 16 * 1024 * 1024;

describe("a rejection from STS that repeats what was sent", () => {
  it("does not show the external id or the caller's token or secret, in any encoding", async () => {
    const { aws, resolver } = await setUpLocal({ roles: [{ roleArn: ROLE, externalId }] });
    const base = await resolver.resolve({ region: "eu-central-1" });
    const secrets = [externalId, base.sessionToken as string, base.secretAccessKey];
    const forms = secrets.flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString("base64").replace(/=+$/, ""),
      Buffer.from(secret).toString("hex"),
    ]);
    aws.fault({ on: assumeRole, status: 403, code: "AccessDenied", message: `Refused: ${forms.join(" and ")}` });
    const error = await failureOf(resolver.resolve({ ...instance, externalId }));
    expect(error).toMatchObject({ code: "ASSUME_ROLE_DENIED", awsCode: "AccessDenied" });
    expect(error.message).toContain("Refused: [redacted]");
    const printed = inspect(error, { showHidden: true, depth: 10 }) + JSON.stringify(error) + error.cause.message;
    for (const form of forms) expect(printed).not.toContain(form);
  });

  it("has no characters that control a terminal or forge a log line", async () => {
    const { aws, resolver } = await setUpLocal();
    const message = "no\nroot: uid=0\u009b2J \u202edetimda \u200b";
    aws.fault({ on: assumeRole, status: 400, code: "ValidationError", message });
    const error = await failureOf(resolver.resolve(instance));
    expect(error.message).toContain("no\\u000aroot: uid=0\\u009b2J \\u202edetimda");
    expect(`${error.message}${error.cause.message}`).not.toMatch(/\p{C}/u);
  });

  it("is truncated", async () => {
    const { aws, resolver } = await setUpLocal();
    aws.fault({ on: assumeRole, status: 400, code: "ValidationError", message: "x".repeat(100_000) });
    const error = await failureOf(resolver.resolve(instance));
    expect(error.message).toContain("(100000 characters)");
    expect(error.message.length + error.cause.message.length).toBeLessThan(4000);
  });

  it.each([
    ["Access Denied", undefined],
    ["x".repeat(200), undefined],
    [externalId, undefined],
    ["constructor", "constructor"],
    ["__proto__", "__proto__"],
  ])("is shown with its code only if the code has the right shape: %j", async (code, awsCode) => {
    const { aws, resolver } = await setUpLocal({ roles: [{ roleArn: ROLE, externalId }] });
    aws.fault({ on: assumeRole, status: 400, code });
    const error = await failureOf(resolver.resolve({ ...instance, externalId }));
    expect(error).toMatchObject({ name: "RolecallError", code: "ASSUME_ROLE_INVALID" });
    expect(error.awsCode).toBe(awsCode);
    expect(error.hint).toMatch(/^[A-Z].*MaxSessionDuration.*\.$/);
    expect(inspect(error)).not.toContain(externalId);
    expect(error.message.length).toBeLessThan(800);
  });

  it.each([
    ["a line feed", "r-1\nforged"],
    ["the external id", externalId],
    ["an object", { id: 1 }],
  ])("is shown without a request id that is %s", async (_, requestId) => {
    const denied = Object.assign(new Error("no"), {
      name: "AccessDenied",
      $fault: "client",
      $metadata: { httpStatusCode: 403, requestId },
    });
    const stsClient = { send: () => Promise.reject(denied) };
    await using resolver = createCredentialResolver({ stsClient });
    const error = await failureOf(resolver.resolve({ ...instance, externalId }));
    expect(error).toMatchObject({ code: "ASSUME_ROLE_DENIED" });
    expect(error.requestId).toBeUndefined();
    expect(inspect(error.cause)).not.toContain("r-1");
    expect(inspect(error.cause)).not.toContain(externalId);
  });

  it("verify() does not show an invalid ARN", async () => {
    const stsClient = {
      send: async () => ({ Account: ACCOUNT, Arn: "arn:aws:iam::1\u001b[2J", UserId: "AIDA" }),
    };
    const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "made-up" };
    await using resolver = createCredentialResolver({ stsClient, assumeRole: { attempts: 1 } });
    const error = await failureOf(resolver.verify({ region: "eu-central-1", credentials }));
    expect(error).toMatchObject({ code: "STS_UNAVAILABLE", message: expect.stringContaining("no valid identity") });
    expect(error.message).not.toContain("\u001b");
  });
});

/** The same object with a property that throws when it is read. */
function hostile(name: string, object: object = {}): object {
  return Object.defineProperty(object, name, {
    enumerable: true,
    configurable: true,
    get() {
      throw new TypeError("hostile getter");
    },
  });
}
const credentials = {
  AccessKeyId: "ASIAEXAMPLE",
  SecretAccessKey: "made-up",
  SessionToken: "made-up",
  Expiration: new Date(Date.now() + HOUR),
};

describe("a response of the wrong shape", () => {
  it.each<[string, unknown]>([
    ["a string", "text"],
    ["null", null],
    ["a getter that throws", hostile("Credentials")],
    ["a field's getter that throws", { Credentials: hostile("AccessKeyId", { ...credentials }) }],
    ["an expiration that is a number", { Credentials: { ...credentials, Expiration: Date.now() + HOUR } }],
    ["an expiration that throws", { Credentials: { ...credentials, Expiration: hostile("getTime") } }],
    [
      "an expiration whose time is a string",
      { Credentials: { ...credentials, Expiration: { getTime: () => "soon" } } },
    ],
    ["an access key id that is an object", { Credentials: { ...credentials, AccessKeyId: {} } }],
    ["an access key id with a line feed", { Credentials: { ...credentials, AccessKeyId: "ASIA\nX" } }],
    ["a secret that is an array", { Credentials: { ...credentials, SecretAccessKey: ["a"] } }],
    ["a session token of a megabyte", { Credentials: { ...credentials, SessionToken: "x".repeat(2 ** 20) } }],
    ["a user whose getter throws", hostile("AssumedRoleUser", { Credentials: credentials })],
  ])("causes one of the library's errors: %s", async (_, answer) => {
    await using resolver = createCredentialResolver({
      stsClient: { send: async () => answer },
      assumeRole: { attempts: 1 },
    });
    const error = await failureOf(resolver.resolve(instance));
    expect(isRolecallError(error), String(error)).toBe(true);
    expect(error).toMatchObject({ code: "STS_UNAVAILABLE", retryable: true });
  });

  it.each<[string, unknown]>([
    ["a string", "text"],
    ["a name that throws", hostile("name", new Error("no"))],
    ["a name that is an object", Object.assign(new Error("no"), { name: { toString: () => "AccessDenied" } })],
    ["metadata that throws", hostile("$metadata", new Error("no"))],
    ["a code that is an object", Object.assign(new Error("no"), { code: {} })],
    ["a cause that throws", Object.assign(new Error("no"), { cause: hostile("name") })],
    ["no message", Object.assign(Object.create(null), { code: "ERR_HTTP2_STREAM_ERROR" })],
  ])("causes one of the library's errors if it is thrown as %s", async (_, thrown) => {
    await using resolver = createCredentialResolver({
      stsClient: { send: () => Promise.reject(thrown) },
      assumeRole: { attempts: 1 },
    });
    const error = await failureOf(resolver.resolve(instance));
    expect(isRolecallError(error), String(error)).toBe(true);
    expect(error).toMatchObject({ code: "STS_UNAVAILABLE", retryable: true });
  });
});

describe("the session in a response", () => {
  const xml = (assumedRoleUser: string) =>
    `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>${assumedRoleUser}<Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>made-up</SecretAccessKey><SessionToken>made-up</SessionToken><Expiration>${new Date(Date.now() + HOUR).toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;
  const keys = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "made-up" };

  async function resolveFrom(answer: RawAnswer | string, options: object = {}) {
    const server = await startRawServer((head, send) =>
      typeof answer === "function" ? answer(head, send) : send(httpAnswer(answer)),
    );
    const resolver = createCredentialResolver({
      runtime: createManualClock({ now: Date.now() }),
      assumeRole: { attempts: 1 },
      ...options,
    });
    const settings = { ...instance, credentials: keys, sts: { endpoint: server.url }, roleSessionName: "mine" };
    const outcome = resolver.resolve(settings).finally(() => resolver.close());
    return { outcome, counted: server.counted };
  }
  const user = (arn: string) =>
    xml(`<AssumedRoleUser><AssumedRoleId>AROA:mine</AssumedRoleId><Arn>${arn}</Arn></AssumedRoleUser>`);

  it("must be for the requested role and session name", async () => {
    const { outcome } = await resolveFrom(user(`arn:aws:sts::${ACCOUNT}:assumed-role/Inventory/mine`));
    expect(await outcome).toMatchObject({ accessKeyId: "ASIAEXAMPLE" });
  });

  it("must name its role session, over the network", async () => {
    const { outcome } = await resolveFrom(xml(""));
    await expect(outcome).rejects.toMatchObject({
      code: "STS_UNAVAILABLE",
      message: expect.stringContaining("the response has no AssumedRoleUser.Arn"),
    });
  });

  it.each(["another", "mine/more", ""])("is not used under the session name %j", async (name) => {
    const { outcome } = await resolveFrom(user(`arn:aws:sts::${ACCOUNT}:assumed-role/Inventory/${name}`));
    await expect(outcome).rejects.toMatchObject({ code: "ASSUME_ROLE_INVALID" });
  });

  it("does not have to name its role session for a mock, and can have the mock's session name", async () => {
    for (const AssumedRoleUser of [undefined, { Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Inventory/theirs` }]) {
      const stsClient = { send: async () => ({ Credentials: credentials, AssumedRoleUser }) };
      await using resolver = createCredentialResolver({ stsClient });
      expect(await resolver.resolve(instance)).toMatchObject({ accessKeyId: "ASIAEXAMPLE" });
    }
  });

  it("is also checked for a mock that names its role session, and the error escapes the name", async () => {
    const Arn = `arn:aws:sts::${ACCOUNT}:assumed-role/Inventory/a\u001b[2J`;
    const stsClient = { send: async () => ({ Credentials: credentials, AssumedRoleUser: { Arn } }) };
    await using resolver = createCredentialResolver({ stsClient });
    const error = await failureOf(resolver.resolve(instance));
    expect(error).toMatchObject({ code: "ASSUME_ROLE_INVALID" });
    expect(error.message).not.toContain("\u001b");
  });

  const endless =
    (status: string): RawAnswer =>
    async (_, send) => {
      await send(`HTTP/1.1 ${status}\r\ncontent-type: text/xml\r\n\r\n<a>`);
      await sendEndlessly(send);
    };

  it.each<[string, string, object]>([
    ["a response", "200 OK", {}],
    ["a rejection", "403 Forbidden", {}],
    ["an outage", "500 Oops", {}],
    [
      "a response to the caller's own client",
      "200 OK",
      { stsClient: (context: object) => new STSClient({ ...context, maxAttempts: 1 }) },
    ],
    [
      "a rejection of the caller's own client",
      "403 Forbidden",
      { stsClient: (context: object) => new STSClient({ ...context, maxAttempts: 1 }) },
    ],
  ])("is not searched for in %s without an end", async (_, status, options) => {
    const { outcome, counted } = await resolveFrom(endless(status), options);
    await expect(outcome).rejects.toMatchObject({
      code: "STS_UNAVAILABLE",
      message: expect.stringContaining("larger than 256 KiB"),
    });
    expect(counted.sent).toBeLessThan(MOST_SENT);
  });
});
