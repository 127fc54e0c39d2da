import { once } from "node:events";
import { type IncomingHttpHeaders, request } from "node:http";
import { connect, Server } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startCredentialEndpoint } from "../../../src/cli/exec/credential-endpoint.js";
import { RolecallError } from "../../../src/errors.js";
import type { SessionCredentials } from "../../../src/session/session-credentials.js";
import { reachableAt } from "../../support/reachable.js";

const SESSION: SessionCredentials = {
  accessKeyId: "ASIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  sessionToken: "a-session-token",
  expiration: new Date("2026-01-31T12:00:00Z"),
  accountId: "123456789012",
};

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Before {@link SESSION} expires. */
const NOW = Date.parse("2026-01-31T11:30:00Z");

async function setUp(provide = async () => SESSION, options: Parameters<typeof startCredentialEndpoint>[1] = {}) {
  let asked = 0;
  const counted = () => {
    asked++;
    return provide();
  };
  const endpoint = await startCredentialEndpoint(counted, { now: () => NOW, ...options });
  onTestFinished(() => endpoint.close());
  const { port, pathname } = new URL(endpoint.uri);
  const send = (options: { method?: string; path?: string; headers?: Record<string, string> } = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const given = { host: "127.0.0.1", port, path: pathname, headers: { authorization: endpoint.token }, ...options };
      const outgoing = request(given, (response) => {
        let body = "";
        response.on("data", (chunk) => {
          body += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body }));
      });
      outgoing.on("error", reject);
      outgoing.end();
    });
  return { endpoint, port, send, asked: () => asked };
}

describe("the endpoint of a program", () => {
  it("gives the credentials as SDKs read them from a container's endpoint", async () => {
    const { send } = await setUp();
    const { status, headers, body } = await send();
    expect(status).toBe(200);
    expect(headers).toMatchObject({ "content-type": "application/json", "cache-control": "no-store" });
    expect(JSON.parse(body)).toEqual({
      AccessKeyId: "ASIAIOSFODNN7EXAMPLE",
      SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
      Token: "a-session-token",
      Expiration: "2026-01-31T12:00:00.000Z",
      AccountId: "123456789012",
    });
  });

  it("has a different token each time, with 256 bits", async () => {
    const tokens = await Promise.all(["a", "b"].map(async () => (await setUp()).endpoint.token));
    expect(new Set(tokens).size).toBe(2);
    for (const token of tokens) expect(Buffer.from(token, "base64url")).toHaveLength(32);
  });

  it("listens on 127.0.0.1 only", async () => {
    const { port } = await setUp();
    expect(await reachableAt(Number(port))).toEqual(["127.0.0.1"]);
  });

  it("says why there are no credentials, with a status that SDKs retry only if that can help", async () => {
    const error = (code: "STS_UNAVAILABLE" | "ASSUME_ROLE_DENIED", retryable: boolean) =>
      new RolecallError(code, `This is ${code}.`, { step: "assume-role", retryable, hint: "Wait." });
    let thrown: Error = error("STS_UNAVAILABLE", true);
    const { send } = await setUp(() => Promise.reject(thrown));
    const first = await send();
    expect(first.status).toBe(503);
    expect(JSON.parse(first.body)).toMatchObject({ code: "STS_UNAVAILABLE" });
    expect(JSON.parse(first.body).message).toContain("This is STS_UNAVAILABLE.");
    thrown = error("ASSUME_ROLE_DENIED", false);
    expect(await send()).toMatchObject({ status: 403 });
    thrown = new Error("with a secret: wJalrXUtnFEMI");
    const last = await send();
    expect(last.status).toBe(500);
    expect(last.body).not.toContain("wJalrXUtnFEMI");
  });

  it("says that credentials expire later if they are served after their expiration, which the AWS CLI and boto3 refuse", async () => {
    const { send } = await setUp(undefined, { now: () => Date.parse("2026-01-31T12:00:00Z") });
    expect(JSON.parse((await send()).body).Expiration).toBe("2026-01-31T12:01:00.000Z");
  });

  it("answers with an error if the credentials can't even be asked for", async () => {
    const { send } = await setUp(() => {
      throw new Error("with a secret: wJalrXUtnFEMI");
    });
    const { status, body } = await send();
    expect(status).toBe(500);
    expect(body).not.toContain("wJalrXUtnFEMI");
  });

  it("goes on if a connection can't be accepted", async () => {
    const listen = vi.spyOn(Server.prototype, "listen");
    onTestFinished(() => listen.mockRestore());
    const { send } = await setUp();
    const [server] = listen.mock.contexts as Server[];
    server?.emit("error", Object.assign(new Error("accept EMFILE"), { code: "EMFILE" }));
    expect((await send()).status).toBe(200);
  });

  it("goes on if a client leaves before the answer", async () => {
    let give = (_: SessionCredentials): void => {};
    const { endpoint, port, send, asked } = await setUp(
      () =>
        new Promise((resolve) => {
          give = resolve;
        }),
    );
    const client = connect(Number(port), "127.0.0.1");
    client.write(`GET /credentials HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: ${endpoint.token}\r\n\r\n`);
    await vi.waitFor(() => expect(asked()).toBe(1));
    client.destroy();
    const refused = await send({ headers: {} });
    give(SESSION);
    expect(refused.status).toBe(401);
    const answered = send();
    await vi.waitFor(() => expect(asked()).toBe(2));
    give(SESSION);
    expect((await answered).status).toBe(200);
  });

  it("ends the connection of a client that sends its request too slowly", async () => {
    const { port } = await setUp(undefined, { requestTimeout: 100 });
    const client = connect(Number(port), "127.0.0.1");
    client.write("GET /cred");
    let answer = "";
    client.on("data", (chunk) => {
      answer += chunk;
    });
    await once(client, "close");
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("refuses connections once it is closed, also open ones", async () => {
    const { endpoint, send, asked } = await setUp(() => new Promise(() => {}));
    const waiting = send();
    await vi.waitFor(() => expect(asked()).toBe(1));
    await endpoint.close();
    await expect(waiting).rejects.toThrow();
    await expect(send()).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

describe("a request that is not the program's", () => {
  it.each([
    ["without a token", {}],
    ["with another token", { authorization: "guessed" }],
    ["with the token as a bearer token", { authorization: "Bearer TOKEN" }],
    ["with the start of the token", { authorization: "TOKE" }],
    ["with the token in another header", { "x-amz-security-token": "TOKEN" }],
  ])("is refused %s", async (_, headers) => {
    const { endpoint, send, asked } = await setUp();
    const real = Object.entries(headers).map(([name, value]) => [
      name,
      value.replace("TOKEN", endpoint.token).replace("TOKE", endpoint.token.slice(0, -1)),
    ]);
    const { status, body } = await send({ headers: Object.fromEntries(real) });
    expect({ status, asked: asked() }).toEqual({ status: 401, asked: 0 });
    expect(body).not.toMatch(/EXAMPLE/);
    expect(body).not.toContain(endpoint.token);
  });

  it("is refused with the token in its query", async () => {
    const { endpoint, send, asked } = await setUp();
    const { status } = await send({ path: `/credentials?authorization=${endpoint.token}`, headers: {} });
    expect({ status, asked: asked() }).toEqual({ status: 401, asked: 0 });
  });

  it.each(["rebound.example.com", "localhost", "127.0.0.1", "127.0.0.1:1", "[::1]", "169.254.170.2"])(
    "is refused with the host name %s, even with the token: a web page had it resolve to this machine",
    async (host) => {
      const { endpoint, port, send, asked } = await setUp();
      for (const name of [host, `${host}:${port}`].filter((each) => each !== `127.0.0.1:${port}`)) {
        const { status, body } = await send({ headers: { host: name, authorization: endpoint.token } });
        expect({ status, asked: asked() }).toEqual({ status: 403, asked: 0 });
        expect(body).not.toMatch(/EXAMPLE/);
      }
    },
  );

  it.each([
    "/",
    "/credentials/",
    "/credentials/Admin",
    "/credentials?role=arn:aws:iam::123456789012:role/Admin",
    "/credentials/../credentials",
    "//credentials",
    "/CREDENTIALS",
    "/latest/meta-data/iam/security-credentials/",
    "http://127.0.0.1/credentials",
  ])("is refused for another path, even with the token: %s", async (path) => {
    const { send, asked } = await setUp();
    const { status, body } = await send({ path });
    expect({ status, asked: asked() }).toEqual({ status: 404, asked: 0 });
    expect(body).not.toMatch(/EXAMPLE/);
  });

  it.each(["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])("is refused with the method %s", async (method) => {
    const { send, asked } = await setUp();
    const { status, headers, body } = await send({ method });
    expect({ status, asked: asked() }).toEqual({ status: 405, asked: 0 });
    expect(headers).not.toHaveProperty("access-control-allow-origin");
    expect(body).not.toMatch(/EXAMPLE/);
  });

  it("cannot choose a role: its headers and body change nothing", async () => {
    const { endpoint, send } = await setUp();
    const headers = {
      authorization: endpoint.token,
      "x-role-arn": "arn:aws:iam::123456789012:role/Admin",
      "x-aws-role-session-name": "admin",
    };
    expect(JSON.parse((await send({ headers })).body).AccessKeyId).toBe(SESSION.accessKeyId);
  });
});
