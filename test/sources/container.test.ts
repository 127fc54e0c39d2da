import { inspect } from "node:util";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { ContainerEndpoint } from "../../src/request/container-endpoint.js";
import { readContainer } from "../../src/sources/container.js";
import { createManualClock } from "../../src/testing/index.js";
import { createCertificates } from "../support/certificates.js";
import { httpAnswer, type RawAnswer, sendEndlessly, startRawServer } from "../support/raw-http-server.js";
import { startTlsRelay } from "../support/tls-relay.js";

const SECRET = "hush/FEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const ROLE_ARN = "arn:aws:iam::111122223333:role/task";
/** More than any kernel buffers on loopback, but far less than an endless response. */
const MOST_SENT = 16 * 1024 * 1024;

const SET = {
  AccessKeyId: "ASIAIOSFODNN7EXAMPLE",
  SecretAccessKey: SECRET,
  Token: "hush-token",
  Expiration: "2030-01-31T12:00:00Z",
};

/** Reads an endpoint that answers one request after the other, and the last answer again and again. */
async function setUp(answers: (RawAnswer | string)[], authorization?: ContainerEndpoint["authorization"]) {
  const left = [...answers];
  const server = await startRawServer(async (head, send) => {
    const answer = (left.length > 1 ? left.shift() : left[0]) as RawAnswer | string;
    return typeof answer === "function" ? answer(head, send) : send(answer);
  });
  const clock = createManualClock({ now: Date.now() });
  const controller = new AbortController();
  const endpoint = { url: new URL(`${server.url}/hush-path?hush=1`), authorization };
  const read = () => readContainer(endpoint, clock, controller.signal);
  const failure = () =>
    read().then(
      () => expect.unreachable("it did not fail"),
      (error) => {
        expect(error).toMatchObject({ code: "BASE_IDENTITY_UNAVAILABLE", step: "base-identity", retryable: true });
        expect(inspect(error, { depth: 5, showHidden: true })).not.toContain("hush");
        return error;
      },
    );
  return { ...server, clock, controller, read, failure };
}

describe("the credentials of a container", () => {
  it("are read with one request", async () => {
    const { read, counted } = await setUp([httpAnswer(JSON.stringify({ ...SET, RoleArn: ROLE_ARN }))]);
    expect(await read()).toEqual({
      credentials: {
        accessKeyId: SET.AccessKeyId,
        secretAccessKey: SECRET,
        sessionToken: "hush-token",
        expiration: new Date(SET.Expiration),
      },
      identity: ROLE_ARN,
    });
    expect(counted.requests).toHaveLength(1);
    expect(counted.requests[0]).toMatch(/^GET \/hush-path\?hush=1 HTTP/);
    expect(counted.requests[0]).not.toMatch(/authorization/i);
  });

  it("belong to the account that the agent of EKS names", async () => {
    const { read } = await setUp([httpAnswer(JSON.stringify({ ...SET, AccountId: "111122223333" }))]);
    expect(await read()).toMatchObject({ identity: "111122223333", credentials: { accountId: "111122223333" } });
  });

  it("may belong to nobody that the endpoint names", async () => {
    const { read } = await setUp([httpAnswer(JSON.stringify({ ...SET, RoleArn: 7 }))]);
    expect((await read()).identity).toBeUndefined();
  });

  it("are opened by the token", async () => {
    const { read, counted } = await setUp([httpAnswer(JSON.stringify(SET))], { token: "Basic hush" });
    await read();
    expect(counted.requests[0]).toMatch(/\r\nAuthorization: Basic hush\r\n/);
  });

  it.each([
    ["500", httpAnswer("", "500 Internal Server Error")],
    ["429", httpAnswer("", "429 Too Many Requests")],
  ])("are asked for again after %s", async (_, first) => {
    const { clock, read, counted } = await setUp([first, httpAnswer(JSON.stringify(SET))]);
    const running = setInterval(() => void clock.advance(50), 2);
    onTestFinished(() => clearInterval(running));
    expect((await read()).credentials.accessKeyId).toBe(SET.AccessKeyId);
    expect(counted.requests).toHaveLength(2);
  });

  it("are asked for three times at most", async () => {
    const { clock, failure, counted } = await setUp([httpAnswer("", "503 Service Unavailable")]);
    const running = setInterval(() => void clock.advance(50), 2);
    onTestFinished(() => clearInterval(running));
    expect((await failure()).message).toContain("responded with status 503");
    expect(counted.requests).toHaveLength(3);
  });
});

describe("an answer without a credential set", () => {
  it.each([
    ["nothing", "", /something other than credentials/],
    ["null", "null", /something other than credentials/],
    ["a list", "[]", /something other than credentials/],
    ["HTML that quotes a secret", `<html>${SECRET}</html>`, /something other than credentials/],
    ["half a set", JSON.stringify({ ...SET, Token: undefined }), /something other than credentials/],
    ["a secret as the id", JSON.stringify({ ...SET, AccessKeyId: SECRET }), /something other than credentials/],
    ["an odd account", JSON.stringify({ ...SET, AccountId: "hush" }), /something other than credentials/],
    ["a code", JSON.stringify({ Code: "AccessDenied", Message: SECRET }), /responded with the Code AccessDenied/],
  ])("is refused: %s", async (_, body, message) => {
    const { failure, counted } = await setUp([httpAnswer(body)]);
    expect((await failure()).message).toMatch(message);
    expect(counted.requests).toHaveLength(1);
  });

  it.each<[string, RawAnswer, RegExp]>([
    [
      "an endless body",
      async (_, send) => {
        await send("HTTP/1.1 200 OK\r\n\r\n");
        await sendEndlessly(send);
      },
      /responded with more than 16 KiB/,
    ],
    [
      "endless headers",
      async (_, send) => {
        await send("HTTP/1.1 200 OK\r\n");
        await sendEndlessly(send, "x-more: more\r\n".repeat(1000));
      },
      /sent a response that is not HTTP/,
    ],
    [
      "endless 100 Continue",
      (_, send) => sendEndlessly(send, "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000)),
      /not HTTP/,
    ],
    ["no HTTP", (_, send) => send("hush\r\n\r\n"), /sent a response that is not HTTP/],
    [
      "another address",
      (_, send) => send("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/hush\r\ncontent-length: 0\r\n\r\n"),
      /responded with status 302/,
    ],
  ])("is refused: %s", async (_, answer, message) => {
    const { failure, counted } = await setUp([answer]);
    expect((await failure()).message).toMatch(message);
    expect(counted.sent).toBeLessThan(MOST_SENT);
  });

  it("is waited for five seconds", async () => {
    const { clock, failure } = await setUp([async () => undefined]);
    const failed = failure();
    await clock.advance(7000);
    expect((await failed).message).toMatch(/did not respond (in time|within 5 seconds)/);
  });

  it("is not waited for once nobody wants it", async () => {
    const { controller, read } = await setUp([async () => undefined]);
    const reading = read();
    const reason = new Error("closed");
    setImmediate(() => controller.abort(reason));
    await expect(reading).rejects.toBe(reason);
  });

  it("is refused over a certificate that nobody trusts, whatever NODE_TLS_REJECT_UNAUTHORIZED says", async () => {
    const { url, counted } = await setUp([httpAnswer(JSON.stringify(SET))]);
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    const endpoint = { url: new URL(await startTlsRelay(url, createCertificates())), authorization: undefined };
    const reading = readContainer(endpoint, createManualClock({ now: Date.now() }), new AbortController().signal);
    await expect(reading).rejects.toMatchObject({
      message: expect.stringContaining("UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
    });
    expect(counted.requests).toHaveLength(0);
  });
});
