import { type Agent, type ClientRequest, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { KinesisClient, ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createCredentialResolver, type IntegrationInstance, type NetworkSettings } from "../src/index.js";
import { createCertificates, type TestCertificates } from "./support/certificates.js";
import { startConnectProxy } from "./support/connect-proxy.js";
import { listen } from "./support/events.js";
import { assumeRoleCalls, OTHER_ROLE, ROLE, setUpLocal } from "./support/local.js";
import { startTlsRelay } from "./support/tls-relay.js";

/**
 * There is no wait between two attempts, and the machine's own clock is used: the SDK's handlers use no other clock.
 */
const AT_ONCE = { random: () => 0 };

let certificates: TestCertificates;
let others: TestCertificates;
beforeAll(() => {
  certificates = createCertificates();
  others = createCertificates();
});

const settingsOf = (network: NetworkSettings, roleArn = ROLE): IntegrationInstance => ({
  roleArn,
  region: "eu-central-1",
  network,
});
const describeInstances = new DescribeInstancesCommand({});
const MAX_ONCE = { maxAttempts: 1 };

async function setUp(options: Parameters<typeof setUpLocal>[0] = {}) {
  const { aws, resolver } = await setUpLocal({ resolver: { runtime: AT_ONCE }, ...options });
  const call = (network: NetworkSettings) =>
    resolver.getClientForCommand(EC2Client, settingsOf(network)).send(describeInstances);
  return { aws, resolver, call };
}

/** The same, behind a TLS endpoint. */
async function setUpTls() {
  const local = await setUp();
  const endpoint = await startTlsRelay(local.aws.endpoint, certificates);
  vi.stubEnv("AWS_ENDPOINT_URL", endpoint);
  return { ...local, endpoint };
}

describe("a proxy", () => {
  it("carries every call to STS and to services, but none to IMDS", async () => {
    const { aws, resolver, call } = await setUp();
    const proxy = await startConnectProxy();
    await call({ proxy: proxy.url });
    await resolver.verify(settingsOf({ proxy: proxy.url }));
    await resolver.resolve({ region: "eu-central-1", network: { proxy: proxy.url } });

    expect(aws.count({ target: "sts", operation: "AssumeRole", status: 200 })).toBe(1);
    expect(aws.count({ target: "sts", operation: "GetCallerIdentity", status: 200 })).toBe(2);
    expect(aws.count({ target: "service", status: 200 })).toBe(1);
    expect(aws.count({ target: "imds" })).toBeGreaterThan(0);
    expect(new Set(proxy.connected)).toEqual(new Set([new URL(aws.endpoint).host]));
    expect(aws.sockets.aws.total).toBe(proxy.connected.length);
    expect(proxy.forwarded).toEqual([]);
  });

  it("is used only by instances that set it", async () => {
    const { aws, resolver, call } = await setUp();
    const proxy = await startConnectProxy();
    await resolver.getClientForCommand(EC2Client, settingsOf({})).send(describeInstances);
    expect(proxy.connected).toEqual([]);
    await call({ proxy: proxy.url });
    expect(proxy.connected).toHaveLength(1);
    expect(assumeRoleCalls(aws)).toBe(1); // one session, whatever the network path
  });

  it("from the environment is not used", async () => {
    const { call } = await setUp();
    const proxy = await startConnectProxy();
    for (const name of ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"]) vi.stubEnv(name, proxy.url);
    await call({ requestTimeout: 60_000 });
    expect(proxy.connected).toEqual([]);
  });

  it.each([
    ["http", () => undefined],
    ["https", () => certificates],
  ])("over %s gets user name and password, which are never printed", async (_, tls) => {
    const { resolver } = await setUpTls();
    const proxy = await startConnectProxy({ tls: tls() });
    const url = proxy.url.replace("//", "//engine:p%40ss-word-that-stays@");
    const instance = settingsOf({ proxy: url, extraCa: certificates.ca });
    const client = resolver.getClientForCommand(EC2Client, instance);
    await client.send(describeInstances);
    const basic = Buffer.from("engine:p@ss-word-that-stays").toString("base64");
    expect(new Set(proxy.authorizations)).toEqual(new Set([`Basic ${basic}`]));

    const handler = client.config.requestHandler as unknown as { httpHandlerConfigs(): { httpsAgent: Agent } };
    const { httpsAgent } = handler.httpHandlerConfigs();
    expect(Object.values(httpsAgent.freeSockets)).toHaveLength(1); // and with it the credentials for the proxy
    const printed = [client, handler, handler.httpHandlerConfigs()].map((value) =>
      inspect(value, { depth: 30, showHidden: true, maxStringLength: 2000 }),
    );
    expect(printed.join()).not.toContain("word-that-stays");
    expect(printed.join()).not.toContain(basic);
  });

  it("carries TLS from end to end, and can itself use TLS", async () => {
    const { aws, call, endpoint } = await setUpTls();
    const proxy = await startConnectProxy({ tls: certificates });
    await expect(call({ proxy: proxy.url })).rejects.toMatchObject({ code: "STS_UNAVAILABLE" });
    expect(aws.count({ target: "sts" })).toBe(0);
    await call({ proxy: proxy.url, extraCa: certificates.ca });
    expect(aws.count({ status: 200, target: "service" })).toBe(1);
    expect(new Set(proxy.connected)).toEqual(new Set([new URL(endpoint).host]));
  });

  it.each([407, 503])("that rejects the connection with %i is named in the error", async (answer) => {
    const { aws, resolver, call } = await setUp();
    const network = { proxy: (await startConnectProxy({ answer })).url, maxAttempts: 1 };
    await expect(call(network)).rejects.toMatchObject({
      code: "STS_UNAVAILABLE",
      message: expect.stringContaining("EPROXY"),
      cause: { message: `The proxy refused the connection: Bad response: ${answer}` },
    });
    const base = { region: "eu-central-1", network };
    const sent = resolver.getClientForCommand(EC2Client, base).send(describeInstances);
    await expect(sent).rejects.toMatchObject({ name: "ProxyError", code: "EPROXY" });
    expect(aws.count({ target: "sts" }) + aws.count({ target: "service" })).toBe(0);
  });

  it("that does not exist causes an error, and is not bypassed", async () => {
    const { aws, call } = await setUp();
    await expect(call({ proxy: "http://[::1]:1", maxAttempts: 1 })).rejects.toMatchObject({
      code: "STS_UNAVAILABLE",
      message: expect.stringMatching(/ECONNREFUSED|EADDRNOTAVAIL/),
    });
    expect(aws.count({ target: "sts" })).toBe(0);
  });

  it("cannot be used for a client that speaks HTTP/2", async () => {
    const { aws, resolver } = await setUp();
    const network = { proxy: "http://localhost:1" };
    expect(() => resolver.getClientForCommand(KinesisClient, settingsOf(network))).toThrow(
      expect.objectContaining({
        code: "INVALID_REQUEST",
        field: "instance.network.proxy",
        message: expect.stringContaining("KinesisClient uses HTTP/2"),
      }),
    );
    expect(aws.requests).toEqual([]);
  });
});

describe("a certificate of a private CA", () => {
  const base = { region: "eu-central-1" };
  const untrusted = { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" };

  it("is rejected by the clients of STS and of services, with a hint", async () => {
    const { aws, resolver, call } = await setUpTls();
    for (const network of [{ maxAttempts: 1 }, {}]) {
      await expect(call(network)).rejects.toMatchObject({
        code: "STS_UNAVAILABLE",
        message: expect.stringContaining(untrusted.code),
        hint: expect.stringContaining("instance.network.extraCa"),
        cause: untrusted,
      });
      const sent = resolver.getClientForCommand(EC2Client, { ...base, network }).send(describeInstances);
      await expect(sent).rejects.toMatchObject(untrusted);
    }
    expect(aws.count({ target: "sts" }) + aws.count({ target: "service" })).toBe(0);
  });

  it.each<[string, () => NetworkSettings]>([
    ["extraCa", () => ({ extraCa: certificates.ca })],
    ["extraCa, among others", () => ({ extraCa: `${others.ca}\n${certificates.ca}` })],
    ["dangerouslyDisableTlsVerification", () => ({ dangerouslyDisableTlsVerification: true })],
  ])("is accepted with %s, by the clients of STS and of services, also over HTTP/2", async (_, network) => {
    const { aws, resolver, call } = await setUpTls();
    await call(network());
    await resolver.getClientForCommand(KinesisClient, settingsOf(network())).send(new ListStreamsCommand({}));
    expect(
      aws.requests.filter(({ target }) => target !== "imds").map(({ operation, status }) => [operation, status]),
    ).toEqual([
      ["AssumeRole", 200],
      ["DescribeInstances", 200],
      ["ListStreams", 200],
    ]);
  });

  it("is accepted if NODE_EXTRA_CA_CERTS names a missing file, and an unused client causes no unhandled rejection", async () => {
    const { resolver, call } = await setUpTls();
    vi.stubEnv("NODE_EXTRA_CA_CERTS", "/nowhere/ca.pem");
    const network = { extraCa: certificates.ca };
    const rejected = vi.fn();
    process.on("unhandledRejection", rejected);
    onTestFinished(() => void process.off("unhandledRejection", rejected));
    resolver.getClientForCommand(S3Client, settingsOf(network));
    await call(network);
    expect(rejected).not.toHaveBeenCalled();
  });

  it("is rejected whatever the value of NODE_TLS_REJECT_UNAUTHORIZED", async () => {
    const { call } = await setUpTls();
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    await expect(call({ maxAttempts: 1 })).rejects.toMatchObject({ cause: untrusted });
  });

  it("is accepted for a large upload, for which the SDK would create its own agent", async () => {
    const { aws, resolver } = await setUpTls();
    const s3 = resolver.getClientForCommand(
      S3Client,
      settingsOf({ extraCa: certificates.ca }),
      {},
      {
        clientConfig: { forcePathStyle: true },
      },
    );
    await s3.send(new PutObjectCommand({ Bucket: "reports", Key: "large", Body: Buffer.alloc(3 * 1024 * 1024) }));
    expect(aws.requests.at(-1)).toMatchObject({ operation: "PutObject", status: 200 });
  });

  it("is accepted with NODE_TLS_REJECT_UNAUTHORIZED=0, but the session is not shared with an instance that verifies", async () => {
    const { aws, resolver } = await setUpTls();
    const unchecking = { roleArn: ROLE, region: "eu-central-1" };
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    await resolver.resolve(unchecking);
    const checking = settingsOf({ socketTimeout: 5000, maxAttempts: 1 });
    await expect(resolver.resolve(checking)).rejects.toMatchObject({ cause: untrusted });
    await resolver.resolve(settingsOf({ dangerouslyDisableTlsVerification: true })); // does not verify either
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("that is not verified affects neither the clock estimate nor the sessions of other instances", async () => {
    const { aws, resolver } = await setUp();
    const credentials = aws.issueUserKeys({ userArn: "arn:aws:iam::123456789012:user/laboratory" });
    aws.setRole({ roleArn: ROLE, trustedPrincipals: ["*"] });
    const day = 86_400_000;
    const skew = aws.fault({ on: { target: "sts" }, kind: "date-skew", ms: day });
    const late = aws.fault({
      on: { target: "sts" },
      kind: "patch-credentials",
      patch: ({ Expiration, ...rest }) => ({
        ...rest,
        Expiration: new Date(Date.parse(Expiration as string) + day).toISOString(),
      }),
    });
    const laboratory = settingsOf({ dangerouslyDisableTlsVerification: true });
    await resolver.resolve({ ...laboratory, credentials });
    skew.clear();
    late.clear();
    await resolver.resolve({ roleArn: ROLE, region: "eu-central-1" }); // the instance profile, at the real time
  });

  it("leads to a session that is not shared with instances that trust different CAs", async () => {
    const { aws, resolver } = await setUp();
    for (const network of [{}, { dangerouslyDisableTlsVerification: true }, { extraCa: certificates.ca }, {}]) {
      await resolver.resolve(settingsOf(network));
    }
    expect(assumeRoleCalls(aws)).toBe(3);
  });
});

describe("a connection made without verification", () => {
  const instance = { region: "eu-central-1" };
  const untrusted = { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" };
  const unverified = async (call: () => Promise<unknown>) => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    await call();
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", undefined);
  };

  it.each([
    ["HTTP/1.1", EC2Client, describeInstances, untrusted],
    ["HTTP/2", KinesisClient, new ListStreamsCommand({}), { cause: untrusted }],
  ])("is not reused by a later call that verifies: %s", async (_, Client, command, refusal) => {
    const { aws, resolver } = await setUpTls();
    const get = (options = {}) => {
      const client = resolver.getClientForCommand(Client as typeof EC2Client, instance, {}, options);
      return () => client.send(command as typeof describeInstances);
    };
    const [held, own] = [get({ clientConfig: { maxAttempts: 1 } }), get({ fresh: true })];
    for (const call of [get(), held, own]) await unverified(call);
    expect(aws.count({ target: "service", status: 200 })).toBe(3);
    for (const call of [get(), held, own]) await expect(call()).rejects.toMatchObject(refusal);
    expect(aws.count({ target: "service" })).toBe(3);
    await unverified(held);
  });

  it("is not reused by a later upload that verifies, nor is a rejected connection", async () => {
    const { aws, resolver } = await setUpTls();
    const clientConfig = { forcePathStyle: true, maxAttempts: 1 };
    const s3 = resolver.getClientForCommand(S3Client, instance, {}, { clientConfig });
    const upload = () =>
      s3.send(new PutObjectCommand({ Bucket: "reports", Key: "large", Body: Buffer.alloc(3 * 1024 * 1024) }));
    await unverified(upload);
    await expect(upload()).rejects.toMatchObject(untrusted);
    await unverified(upload);
    expect(aws.count({ operation: "PutObject" })).toBe(2);
  });

  it("is not used for an STS call for a session that requires verification", async () => {
    const { aws, resolver } = await setUpTls();
    const verifying = resolver.getClientForCommand(EC2Client, { roleArn: ROLE, ...instance });
    await unverified(() => resolver.resolve({ roleArn: ROLE, ...instance }));
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    await expect(verifying.send(describeInstances)).rejects.toMatchObject({ cause: untrusted });
    expect(assumeRoleCalls(aws)).toBe(1);
  });
});

describe("hanging calls", () => {
  it("for one role do not use up another role's sockets", async () => {
    const { aws, resolver } = await setUp();
    const hanging = aws.fault({ on: { target: "service", roleArn: ROLE }, kind: "hang" });
    const get = (roleArn: string) =>
      resolver.getClientForCommand(EC2Client, { roleArn, region: "eu-central-1" }, {}, { clientConfig: MAX_ONCE });
    const stop = new AbortController();
    const options = { abortSignal: stop.signal };
    const calls = Array.from({ length: 60 }, () =>
      get(ROLE)
        .send(describeInstances, options)
        .catch(() => {}),
    );
    await vi.waitFor(() => expect(aws.sockets.aws.open).toBeGreaterThanOrEqual(50), 30_000);
    await get(OTHER_ROLE).send(describeInstances);
    expect(aws.count({ target: "service", roleArn: ROLE })).toBe(50); // the SDK's own limit, for this role only
    stop.abort();
    await Promise.all(calls);
    hanging.clear();
    await get(ROLE).send(describeInstances);
  });
});

describe("an endpoint that hangs", () => {
  const hang = { kind: "hang" } as const;

  it.each<[string, NetworkSettings]>([
    ["requestTimeout", { requestTimeout: 50 }],
    ["socketTimeout", { socketTimeout: 50 }],
  ])("times out after %s, for STS and for a service", async (_, limit) => {
    // The resolver's own limits are far away, so only the instance's can end the calls.
    const patient = { runtime: AT_ONCE, assumeRole: { attemptTimeout: 600_000, timeout: 1_200_000 } };
    const { aws, resolver, call } = await setUp({ resolver: patient });
    aws.fault({ on: { target: "sts" }, ...hang });
    aws.fault({ on: { target: "service" }, ...hang });
    const network = { ...limit, maxAttempts: 2 };
    await expect(call(network)).rejects.toMatchObject({ code: "STS_UNAVAILABLE", cause: { name: "TimeoutError" } });
    expect(assumeRoleCalls(aws)).toBe(2);
    const base = { region: "eu-central-1", network };
    await expect(resolver.getClientForCommand(EC2Client, base).send(describeInstances)).rejects.toMatchObject({
      name: "TimeoutError",
    });
    expect(aws.count({ target: "service" })).toBe(2);
  });

  it("times out with HTTP/2 as well", async () => {
    const { aws, resolver } = await setUp();
    aws.fault({ on: { target: "service" }, ...hang });
    const network = { requestTimeout: 5000, socketTimeout: 50, connectionTimeout: 1000, maxAttempts: 1 };
    const kinesis = resolver.getClientForCommand(KinesisClient, settingsOf(network));
    await expect(kinesis.send(new ListStreamsCommand({}))).rejects.toMatchObject({ name: "TimeoutError" });
    expect(() => resolver.getClientForCommand(KinesisClient, settingsOf({ connectionTimeout: 1000 }))).toThrow(
      expect.objectContaining({ field: "instance.network.connectionTimeout" }),
    );
  });

  it("in the middle of a response times out after socketTimeout", async () => {
    const { resolver } = await setUp();
    const server = createServer((_, response) => {
      response.writeHead(200, { "content-type": "text/xml", "content-length": 100 }).write("<half");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.closeAllConnections());
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = resolver.getClientForCommand(
      EC2Client,
      settingsOf({ socketTimeout: 50, maxAttempts: 1 }),
      {},
      { clientConfig: { endpoint } },
    );
    await expect(client.send(describeInstances)).rejects.toThrow();
    server.close();
  });

  it("behind a silent proxy times out after connectionTimeout", async () => {
    const { call } = await setUp();
    const proxy = await startConnectProxy({ answer: "nothing" });
    const network = { proxy: proxy.url, connectionTimeout: 250, maxAttempts: 2 };
    await expect(call(network)).rejects.toMatchObject({ code: "STS_UNAVAILABLE", cause: { name: "TimeoutError" } });
    expect(proxy.connected).toHaveLength(2);
  });

  it("behind a silent proxy holds a connection until the resolver is closed, and for at most 10 s", async () => {
    const asked: ClientRequest[] = [];
    listen("http.client.request.start", (message) => {
      const { request } = message as { request: ClientRequest };
      if (request.method === "CONNECT") asked.push(request);
    });
    const { resolver, call } = await setUp({
      resolver: { runtime: AT_ONCE, assumeRole: { attemptTimeout: 250, attempts: 2 } },
    });
    const proxy = await startConnectProxy({ answer: "nothing" });
    await expect(call({ proxy: proxy.url })).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(proxy.open()).toBe(2);
    expect(asked.map(({ socket }) => socket?.timeout)).toEqual([10_000, 10_000]);
    await resolver.close();
    await vi.waitFor(() => expect(proxy.open()).toBe(0), 30_000);
  });

  it("times out after STS's own limit if that is shorter", async () => {
    const { aws, call } = await setUp({
      resolver: { runtime: AT_ONCE, assumeRole: { attemptTimeout: 50, attempts: 1 } },
    });
    aws.fault({ on: { target: "sts" }, ...hang });
    await expect(call({ requestTimeout: 60_000 })).rejects.toMatchObject({ code: "TIMEOUT" });
  });
});

describe("maxAttempts", () => {
  it.each([1, 2, 4])("%i is the number of attempts at STS and at a service", async (maxAttempts) => {
    const { aws, resolver, call } = await setUp();
    aws.fault({ on: { target: "sts" }, status: 503 });
    aws.fault({ on: { target: "service" }, status: 503 });
    await expect(call({ maxAttempts })).rejects.toMatchObject({ code: "STS_UNAVAILABLE" });
    expect(assumeRoleCalls(aws)).toBe(maxAttempts);
    if (maxAttempts > 2) return; // the SDK waits in real time between its attempts
    const base = { region: "eu-central-1", network: { maxAttempts } };
    await expect(resolver.getClientForCommand(EC2Client, base).send(describeInstances)).rejects.toThrow();
    expect(aws.count({ target: "service" })).toBe(maxAttempts);
  });

  it("includes throttled calls to STS", async () => {
    const { aws, call } = await setUp();
    aws.fault({ on: { target: "sts" }, status: 400, code: "Throttling" });
    await expect(call({ maxAttempts: 2 })).rejects.toMatchObject({ code: "STS_UNAVAILABLE", awsCode: "Throttling" });
    expect(assumeRoleCalls(aws)).toBe(2);
  });

  it("can be lowered by an author, but not raised", async () => {
    await using resolver = createCredentialResolver();
    const get = (clientConfig: object) =>
      resolver.getClientForCommand(EC2Client, settingsOf({ maxAttempts: 3 }), {}, { clientConfig });
    expect(await get({}).config.maxAttempts()).toBe(3);
    expect(await get({ maxAttempts: 2 }).config.maxAttempts()).toBe(2);
    for (const [key, value] of [
      ["maxAttempts", 4],
      ["maxAttempts", async () => 2],
      ["retryStrategy", { mode: "mine" }],
    ] as const) {
      const field = `options.clientConfig.${key}`;
      expect(() => get({ [key]: value })).toThrow(expect.objectContaining({ code: "INVALID_REQUEST", field }));
    }
  });
});

describe("a transport that bypasses the instance's network settings", () => {
  const network = { requestTimeout: 1000 };
  const refused = expect.objectContaining({ code: "INVALID_REQUEST", field: "instance.network" });
  const handler = () => new STSClient({ region: "us-east-1" }).config.requestHandler;

  it("is rejected if it is an author's handler, from clientConfig or from an extension", async () => {
    await using resolver = createCredentialResolver();
    const extension = {
      configure: (configuration: { setHttpHandler(own: unknown): void }) => configuration.setHttpHandler(handler()),
    };
    for (const clientConfig of [{ requestHandler: handler() }, { requestHandler: {} }, { extensions: [extension] }]) {
      const options = { clientConfig: clientConfig as object };
      expect(() => resolver.getClientForCommand(EC2Client, settingsOf(network), {}, options)).toThrow(refused);
    }
  });

  it("is rejected if it is the resolver's own handler or STS client", async () => {
    for (const options of [{ requestHandler: handler() }, { stsClient: { send: async () => ({}) } }]) {
      await using resolver = createCredentialResolver(options);
      await expect(resolver.resolve(settingsOf(network))).rejects.toThrow(refused);
      expect(resolver.stats().misses).toBe(0);
    }
  });

  it("is not a client that a function creates from its context, so that client works", async () => {
    const { aws, call } = await setUp({
      resolver: { runtime: AT_ONCE, stsClient: (context) => new STSClient(context) },
    });
    const proxy = await startConnectProxy();
    await call({ proxy: proxy.url });
    expect(aws.count({ target: "sts", status: 200 })).toBe(1);
    expect(proxy.connected.length).toBeGreaterThan(0);
    expect(aws.sockets.aws.total).toBe(proxy.connected.length);
  });
});

describe("a change of the network settings", () => {
  it("takes effect at the next call, even if made in place, and for a session's next refresh", async () => {
    const { aws, resolver } = await setUp();
    const [first, second] = [await startConnectProxy(), await startConnectProxy()];
    const network = { proxy: first.url };
    const instance = settingsOf(network);
    await resolver.resolve(instance);
    expect([first.connected.length, second.connected.length]).toEqual([1, 0]);
    network.proxy = second.url;
    const before = resolver.getClientForCommand(EC2Client, instance);
    await resolver.resolve(instance, {}, { forceRefresh: true });
    expect([first.connected.length, second.connected.length]).toEqual([1, 1]);
    expect(assumeRoleCalls(aws)).toBe(2);
    const handlerOf = (of: IntegrationInstance) => resolver.getClientForCommand(EC2Client, of).config.requestHandler;
    const { requestHandler } = before.config;
    expect(handlerOf(instance)).toBe(requestHandler);
    expect(handlerOf(settingsOf({ proxy: first.url }))).not.toBe(requestHandler);
    expect(handlerOf(settingsOf({ proxy: second.url }))).toBe(requestHandler);
  });

  it("keeps sockets shared by all clients of a class and network", async () => {
    const { resolver } = await setUp();
    const proxy = await startConnectProxy();
    const one = settingsOf({ proxy: proxy.url });
    const other = settingsOf({ proxy: proxy.url }, OTHER_ROLE);
    const clients = [one, other].map((instance) => resolver.getClientForCommand(EC2Client, instance));
    for (const client of clients) {
      await client.send(describeInstances);
      client.destroy();
    }
    expect(proxy.connected).toHaveLength(2); // one for STS, one for EC2
  });
});
