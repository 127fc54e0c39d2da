import { describe, expect, it, onTestFinished, vi } from "vitest";
import { lookAtMetadata } from "../../src/cli/doctor/look-at-machine.js";
import { createCredentialResolver } from "../../src/index.js";
import { createManualClock } from "../../src/testing/index.js";
import { SECOND } from "../support/local.js";
import { httpAnswer, type RawAnswer, sendEndlessly, startRawServer } from "../support/raw-http-server.js";

const TOKEN = "/latest/api/token";
const ROLE_LIST = "/latest/meta-data/iam/security-credentials/";
const CREDENTIALS = `${ROLE_LIST}engine`;
const REGION = "/latest/meta-data/placement/region";

/** More than any kernel buffers on loopback, but far less than an endless response. */
const MOST_SENT = 16 * 1024 * 1024;

const SET = {
  Code: "Success",
  AccessKeyId: "ASIAEXAMPLE",
  SecretAccessKey: "made-up",
  Token: "made-up",
  Expiration: new Date(Date.now() + 6 * 3_600_000).toISOString(),
};
const DOCUMENTS: Record<string, string> = {
  [TOKEN]: "a-token==",
  [ROLE_LIST]: "engine",
  [CREDENTIALS]: JSON.stringify(SET),
  [REGION]: "eu-west-1",
};

/** A metadata service with the test's responses for some paths, and a resolver that reads it. */
async function setUpImds(answers: Record<string, RawAnswer | string>) {
  const server = await startRawServer(async (head, send) => {
    const path = head.split(" ")[1] ?? "";
    const answer = answers[path] ?? DOCUMENTS[path];
    if (typeof answer === "function") return answer(head, send);
    return send(answer === undefined ? httpAnswer("", "404 Not Found") : httpAnswer(answer));
  });
  vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url);
  const clock = createManualClock({ now: Date.now() });
  const resolver = createCredentialResolver({ runtime: clock });
  onTestFinished(() => resolver.close());
  return { ...server, resolver, clock };
}

const endlessBody: RawAnswer = async (_, send) => {
  await send("HTTP/1.1 200 OK\r\n\r\n");
  await sendEndlessly(send);
};
const endlessChunks: RawAnswer = async (_, send) => {
  await send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
  await sendEndlessly(send, `10000\r\n${"x".repeat(65_536)}\r\n`);
};
const endlessRefusal: RawAnswer = async (_, send) => {
  await send("HTTP/1.1 500 Oops\r\n\r\n");
  await sendEndlessly(send);
};
const endlessHeader: RawAnswer = async (_, send) => {
  await send("HTTP/1.1 200 OK\r\nx-long: ");
  await sendEndlessly(send);
};
const endlessHeaders: RawAnswer = async (_, send) => {
  await send("HTTP/1.1 200 OK\r\n");
  await sendEndlessly(send, "x-more: more\r\n".repeat(1000));
};
const endlessContinue: RawAnswer = async (_, send) => {
  await sendEndlessly(send, "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000));
};

describe("an endless response from the metadata service", () => {
  it.each<[string, string, RawAnswer]>([
    ["token: body", TOKEN, endlessBody],
    ["token: chunks", TOKEN, endlessChunks],
    ["token: rejection", TOKEN, endlessRefusal],
    ["token: header", TOKEN, endlessHeader],
    ["token: headers", TOKEN, endlessHeaders],
    ["token: 100 Continue", TOKEN, endlessContinue],
    ["role list: body", ROLE_LIST, endlessBody],
    ["credentials: body", CREDENTIALS, endlessBody],
    ["credentials: chunks", CREDENTIALS, endlessChunks],
    ["credentials: headers", CREDENTIALS, endlessHeaders],
  ])("is aborted after a few kilobytes: %s", async (_, path, answer) => {
    const { resolver, clock, counted } = await setUpImds({ [path]: answer });
    const outcome = expect(resolver.resolve({ region: "eu-west-1" })).rejects.toMatchObject({
      code: expect.stringMatching(/^(IMDS_UNREACHABLE|INSTANCE_PROFILE_INVALID)$/),
      retryable: true,
    });
    await clock.advance(SECOND);
    await outcome;
    expect(counted.sent).toBeLessThan(MOST_SENT);
  });

  it("is aborted after a few kilobytes: region", async () => {
    const { resolver, counted } = await setUpImds({ [REGION]: endlessBody });
    await expect(resolver.verify({})).rejects.toMatchObject({ code: "IMDS_UNREACHABLE" });
    expect(counted.sent).toBeLessThan(MOST_SENT);
  });

  it("is named with its size limit in the hint", async () => {
    const { resolver } = await setUpImds({ [CREDENTIALS]: "x".repeat(20_000) });
    await expect(resolver.resolve({ region: "eu-west-1" })).rejects.toMatchObject({
      code: "INSTANCE_PROFILE_INVALID",
      hint: expect.stringContaining("larger than 16 KiB"),
    });
  });
});

it("the doctor's reads are also limited, and it prints no control characters from the service", async () => {
  const runtime = createManualClock({ now: Date.now() });
  const { counted } = await setUpImds({
    "/latest/meta-data/instance-id": endlessBody,
    "/latest/meta-data/iam/info": JSON.stringify({ InstanceProfileArn: "arn:aws:iam::1\u001b[2J" }),
  });
  expect(await lookAtMetadata(runtime)).toMatchObject({
    problem: undefined,
    statusWithoutToken: undefined,
    instanceProfileArn: "arn:aws:iam::1\\u001b[2J",
  });
  expect(counted.sent).toBeLessThan(MOST_SENT);
});

describe("the shape of a response", () => {
  it.each([
    ["../../user-data", "a path"],
    ["role?x=1", "a query"],
    ["role name", "a space"],
    ["engine\r\nother", "two lines"],
    ["r".repeat(65), "65 characters"],
    ["", "nothing"],
  ])("%j is not a role name and is not requested: %s", async (name) => {
    const { resolver, counted } = await setUpImds({ [ROLE_LIST]: name });
    await expect(resolver.resolve({ region: "eu-west-1" })).rejects.toMatchObject({
      code: "INSTANCE_PROFILE_INVALID",
      retryable: true,
    });
    expect(counted.requests).toHaveLength(2);
  });

  it.each([
    ["", "nothing"],
    ["a\u0001b", "a control character"],
    ["a b", "a space"],
  ])("%j is not a token and is not sent: %s", async (token) => {
    const { resolver, counted } = await setUpImds({ [TOKEN]: token });
    await expect(resolver.resolve({ region: "eu-west-1" })).rejects.toMatchObject({
      code: "IMDS_UNREACHABLE",
      hint: expect.stringContaining("not a token"),
    });
    expect(counted.requests).toHaveLength(1);
  });

  it("a region of 10,000 characters is rejected", async () => {
    const { resolver } = await setUpImds({ [REGION]: `eu${"-a".repeat(5000)}-1` });
    await expect(resolver.verify({})).rejects.toMatchObject({
      code: "IMDS_UNREACHABLE",
      hint: expect.stringContaining("not a region"),
    });
  });

  it("a set in the format of IMDS is accepted", async () => {
    const { resolver } = await setUpImds({});
    expect(await resolver.resolve({ region: "eu-west-1" })).toMatchObject({ accessKeyId: "ASIAEXAMPLE" });
  });

  it.each<[string, unknown]>([
    ["a string", "text"],
    ["null", null],
    ["an array", [SET]],
    ["an expiration that is a number", { ...SET, Expiration: 1 }],
    ["an expiration that is not a time", { ...SET, Expiration: "soon" }],
    ["an access key id that is an object", { ...SET, AccessKeyId: { id: 1 } }],
    ["an access key id with a line feed", { ...SET, AccessKeyId: "ASIA\nEXAMPLE" }],
    ["an empty secret", { ...SET, SecretAccessKey: "" }],
    ["a token that is an array", { ...SET, Token: ["a"] }],
    ["an account id that is an object", { ...SET, AccountId: {} }],
    ["an account id of the wrong shape", { ...SET, AccountId: "12\n3" }],
  ])("%s is not a credential set", async (_, set) => {
    const { resolver } = await setUpImds({ [CREDENTIALS]: JSON.stringify(set) });
    await expect(resolver.resolve({ region: "eu-west-1" })).rejects.toMatchObject({
      name: "RolecallError",
      code: "INSTANCE_PROFILE_INVALID",
      retryable: true,
    });
  });

  it("a Code other than Success is named in the hint, whatever else the response has", async () => {
    const { resolver } = await setUpImds({
      [CREDENTIALS]: JSON.stringify({ ...SET, Code: "AssumeRoleUnauthorizedAccess" }),
    });
    await expect(resolver.resolve({ region: "eu-west-1" })).rejects.toMatchObject({
      code: "INSTANCE_PROFILE_INVALID",
      retryable: true,
      hint: expect.stringMatching(/AssumeRoleUnauthorizedAccess.*trust policy/),
    });
  });

  it.each<[string, unknown]>([
    ["a terminal escape", "\u001b[2J"],
    ["a long code", `Code-${"x".repeat(100)}`],
    ["an object", { a: 1 }],
    ["a number", 7],
  ])("a Code of the wrong shape is not shown: %s", async (_, code) => {
    const { resolver } = await setUpImds({ [CREDENTIALS]: JSON.stringify({ ...SET, Code: code }) });
    const error = await resolver.resolve({ region: "eu-west-1" }).catch((caught) => caught);
    expect(error).toMatchObject({ code: "INSTANCE_PROFILE_INVALID" });
    expect(error.message).not.toContain("\u001b");
    expect(error.message.length).toBeLessThan(400);
  });
});
