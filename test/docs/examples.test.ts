import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeInstancesCommand, EC2Client, StopInstancesCommand } from "@aws-sdk/client-ec2";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { createCredentialResolver, setDefaultResolver } from "aws-rolecall";
import { commandPolicy } from "aws-rolecall/policies";
import { createManualClock, type LocalAws, type LocalAwsOptions, startLocalAws } from "aws-rolecall/testing";
import { mockClient } from "aws-sdk-client-mock";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import * as after from "../../docs/examples/after.js";
import { instanceWithOwnCredentials } from "../../docs/examples/base-identity.js";
import * as before from "../../docs/examples/before.js";
import { permissions, stopInstance } from "../../docs/examples/command-permissions.js";
import {
  afterRevocation,
  clientForPresigning,
  clientOfYourOwn,
  credentialsFor,
  shutDown,
} from "../../docs/examples/credentials.js";
import { run } from "../../docs/examples/errors.js";
import { warnOfFailedRefreshes } from "../../docs/examples/events.js";
import { listBuckets, listInstances, main } from "../../docs/examples/getting-started.js";
import { instance as fullInstance } from "../../docs/examples/instance-settings.js";
import { onLocalStack } from "../../docs/examples/localstack.js";
import { readReport } from "../../docs/examples/narrow-a-command.js";
import { behindTheProxy, withAnStsClientOfYourOwn } from "../../docs/examples/network.js";
import { printEvents } from "../../docs/examples/print-events.js";
import { configure } from "../../docs/examples/resolver-options.js";
import { testConnection } from "../../docs/examples/verify.js";
import { runCommand } from "../../docs/examples/xsoar.js";
import * as xsoarAccounts from "../../docs/examples/xsoar-accounts.js";
import { createCertificates } from "../support/certificates.js";
import { startConnectProxy } from "../support/connect-proxy.js";
import { OWN_ADDRESS, startSimulator } from "../support/simulator.js";
import { startTlsRelay } from "../support/tls-relay.js";

const INVENTORY = "arn:aws:iam::123456789012:role/Inventory";
const AUDIT = "arn:aws:iam::444455556666:role/integration-audit";
const instance = { roleArn: INVENTORY, region: "eu-central-1" };

/** A local AWS for this process, without any other setting of the machine. */
async function setUp(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const aws = await startLocalAws({ roles: [{ roleArn: INVENTORY }, { roleArn: AUDIT }], ...options });
  const isolated = { AWS_CONFIG_FILE: "/dev/null", AWS_SHARED_CREDENTIALS_FILE: "/dev/null", AWS_ACCESS_KEY_ID: "" };
  for (const [name, value] of Object.entries({ ...isolated, ...aws.env })) vi.stubEnv(name, value);
  onTestFinished(() => aws.close());
  return aws;
}

const assumeRoleCalls = (aws: LocalAws) => aws.count({ operation: "AssumeRole" });
const lastRequest = (aws: LocalAws) => aws.requests.at(-1);

beforeEach(() => setDefaultResolver(undefined));

describe("before and after", () => {
  it("without the library, ten commands call STS ten times", async () => {
    const aws = await setUp();
    for (let command = 0; command < 10; command++) await before.listInstances(instance, {});
    expect(assumeRoleCalls(aws)).toBe(10);
  });

  it("with the library, ten commands call STS once and act as the same role", async () => {
    const aws = await setUp();
    for (let command = 0; command < 10; command++) await after.listInstances(instance, {});
    expect(assumeRoleCalls(aws)).toBe(1);
    expect(lastRequest(aws)).toMatchObject({ service: "ec2", session: { roleArn: INVENTORY } });
  });

  it("an empty roleArn falls back to the instance's role without the library, and is an error with it", async () => {
    const aws = await setUp();
    await before.listInstances(instance, { roleArn: "" });
    expect(lastRequest(aws)).toMatchObject({ session: { roleArn: INVENTORY } });
    await expect(after.listInstances(instance, { roleArn: "" })).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      field: "command.roleArn",
    });
  });
});

describe("getting started", () => {
  it("runs three commands with two sessions", async () => {
    const aws = await setUp();
    await main();
    expect(aws.requests.filter(({ target }) => target === "service")).toMatchObject([
      { service: "ec2", region: "eu-central-1", session: { roleArn: INVENTORY } },
      { service: "ec2", region: "us-east-1", session: { roleArn: INVENTORY } },
      { service: "s3", region: "eu-central-1", session: { roleArn: AUDIT } },
    ]);
    expect(assumeRoleCalls(aws)).toBe(2);
  });

  it("returns the services' responses", async () => {
    await setUp();
    expect(await listInstances({})).toEqual([expect.stringMatching(/^i-/)]);
    expect(await listBuckets({})).toEqual([]);
  });

  it("rejects a role that is not listed", async () => {
    const aws = await setUp();
    await expect(listInstances({ roleArn: "arn:aws:iam::123456789012:role/Admin" })).rejects.toMatchObject({
      code: "ROLE_NOT_ALLOWED",
    });
    expect(aws.requests).toEqual([]);
  });
});

it("a command that narrows its session sends a session policy and a tag", async () => {
  const aws = await setUp();
  await readReport(instance, { bucket: "reports" });
  const { parameters } = aws.requests.find(({ operation }) => operation === "AssumeRole") ?? {};
  expect(JSON.parse(parameters?.Policy ?? "")).toMatchObject({
    Statement: [{ Action: "s3:GetObject", Resource: "arn:aws:s3:::reports/*" }],
  });
  expect(parameters).toMatchObject({ "Tags.member.1.Key": "command", "Tags.member.1.Value": "read-report" });
});

describe("a command with the policy of what it needs", () => {
  it("makes its call, in a session that allows nothing else", async () => {
    const aws = await setUp();
    await stopInstance(instance, { instanceId: "i-0123456789abcdef0" });
    expect(lastRequest(aws)).toMatchObject({ operation: "StopInstances", status: 200 });
    const { parameters } = aws.requests.find(({ operation }) => operation === "AssumeRole") ?? {};
    expect(JSON.parse(parameters?.Policy ?? "")).toEqual(commandPolicy(permissions, "stop-instances"));
  });

  it("is denied a call that only another command needs", async () => {
    await setUp();
    await using resolver = createCredentialResolver();
    const session = { policy: commandPolicy(permissions, "list-instances") };
    const ec2 = resolver.getClientForCommand(EC2Client, instance, {}, { session });
    await expect(ec2.send(new DescribeInstancesCommand({}))).resolves.toBeDefined();
    const stop = ec2.send(new StopInstancesCommand({ InstanceIds: ["i-0123456789abcdef0"] }));
    await expect(stop).rejects.toMatchObject({ name: "UnauthorizedOperation" });
  });
});

describe("every setting of an instance", () => {
  it("is sent to STS", async () => {
    const aws = await setUp({ roles: [{ roleArn: fullInstance.roleArn ?? "", externalId: "acme-4711" }] });
    await using resolver = createCredentialResolver();
    await resolver.resolve(fullInstance);
    expect(lastRequest(aws)).toMatchObject({
      region: "eu-central-1",
      parameters: {
        RoleArn: "arn:aws:iam::123456789012:role/integrations/Inventory",
        RoleSessionName: "inventory-integration",
        DurationSeconds: "3600",
        "PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "Tags.member.1.Key": "team",
        "TransitiveTagKeys.member.1": "team",
        SourceIdentity: "inventory",
        ExternalId: "acme-4711",
      },
    });
  });

  it("sends the external id that allowedRoles binds to a role", async () => {
    const roleArn = "arn:aws:iam::444455556666:role/Audit";
    const aws = await setUp({ roles: [{ roleArn, externalId: "partner-0815" }] });
    await using resolver = createCredentialResolver();
    await resolver.resolve(fullInstance, { roleArn });
    expect(lastRequest(aws)).toMatchObject({ status: 200, parameters: { ExternalId: "partner-0815" } });
  });
});

it("an instance works behind a proxy with the company's own certificate", async () => {
  const aws = await setUp();
  const certificates = createCertificates();
  vi.stubEnv("AWS_ENDPOINT_URL", await startTlsRelay(aws.endpoint, certificates));
  const folder = await mkdtemp(join(tmpdir(), "rolecall-docs-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "ca.pem"), certificates.ca);
  const proxy = await startConnectProxy();

  const behind = behindTheProxy(proxy.url, join(folder, "ca.pem"));
  await after.listInstances(behind, {});
  await using resolver = withAnStsClientOfYourOwn();
  await resolver.resolve(behind);
  expect(aws.count({ target: "sts", status: 200 })).toBe(2);
  expect(aws.count({ target: "service", status: 200 })).toBe(1);
  expect(proxy.connected).toHaveLength(3);
});

describe("a Cortex XSOAR integration", () => {
  const params = {
    defaultRegion: "eu-central-1",
    roleArn: INVENTORY,
    roleSessionName: "",
    sessionDuration: "900",
    credentials: { identifier: "", password: "" },
    timeout: "60,10",
    retries: "0",
    proxy: true,
    insecure: true,
    fetch_limit: "50",
  };

  it("calls STS and the service through the server's proxy, but not IMDS", async () => {
    const aws = await setUp();
    vi.stubEnv("AWS_ENDPOINT_URL", await startTlsRelay(aws.endpoint, createCertificates()));
    const proxy = await startConnectProxy();
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    const args = { roleArn: AUDIT, roleSessionName: "", region: "us-east-1", filters: "Name=tag:team" };

    expect(await runCommand("test-module", params, {})).toBe("ok");
    expect(await runCommand("aws-ec2-describe-instances", params, args)).toEqual([expect.stringMatching(/^i-/)]);
    expect(lastRequest(aws)).toMatchObject({ region: "us-east-1", session: { roleArn: AUDIT } });
    const [host] = proxy.connected;
    expect(host).toBe(new URL(process.env.AWS_ENDPOINT_URL ?? "").host);
    expect(proxy.connected.every((other) => other === host)).toBe(true);
    expect(aws.sockets.aws.total).toBe(proxy.connected.length);
    expect(aws.count({ target: "imds" })).toBeGreaterThan(0);
  });

  it("uses its own keys with a token, and an endpoint for STS and for the service", async () => {
    const aws = await setUp({ roles: [{ roleArn: INVENTORY, trustedPrincipals: ["*"] }] });
    vi.stubEnv("AWS_ENDPOINT_URL", "http://localhost:1");
    const { accessKeyId, secretAccessKey, sessionToken } = aws.issueSession({ roleArn: AUDIT });
    const keys = { identifier: accessKeyId, password: `${secretAccessKey}@@@${sessionToken}` };
    const endpoints = { endpoint_url: aws.endpoint, sts_endpoint_url: aws.endpoint, sts_region: "us-east-1" };
    const own = { ...params, ...endpoints, proxy: false, insecure: false, roleArn: "", credentials: keys };

    await runCommand("aws-ec2-describe-instances", own, {});
    expect(lastRequest(aws)).toMatchObject({ region: "eu-central-1", session: { accessKeyId } });
    await runCommand("test-module", own, {});
    expect(lastRequest(aws)).toMatchObject({ target: "sts", region: "us-east-1", session: { accessKeyId } });
    expect(aws.count({ target: "imds" })).toBe(0);
  });

  it("makes one attempt at STS and at the service if retries is 0", async () => {
    const aws = await setUp();
    const direct = { ...params, proxy: "", insecure: "", sessionDuration: "1200" };
    const run = () => runCommand("aws-ec2-describe-instances", direct, {});
    const { clear } = aws.fault({ on: { target: "sts" }, status: 503 });
    await expect(run()).rejects.toMatchObject({ code: "STS_UNAVAILABLE" });
    expect(assumeRoleCalls(aws)).toBe(1);
    clear();
    aws.fault({ on: { target: "service" }, status: 503 });
    await expect(run()).rejects.toThrow();
    expect(aws.count({ target: "service" })).toBe(1);
  });
});

describe("a Cortex XSOAR integration for many accounts", () => {
  const params = {
    defaultRegion: "eu-central-1",
    access_role_name: "role/integrations/Audit",
    accounts_to_access: "123456789012, 444455556666,000012345678",
    max_workers: "5",
    roleSessionName: "xsoar",
  };
  const organization = {
    accounts: ["123456789012", { id: "444455556666", memberRoles: false }, "000012345678"],
    memberRoles: [{ roleName: "integrations/Audit" }],
  };
  const accountsOf = ({ instances }: { instances: object[] }) =>
    instances.map((each) => ("AccountId" in each ? each.AccountId : undefined));

  it("works in each account, and names the one that fails", async () => {
    const aws = await setUp({ organization });
    const result = await xsoarAccounts.listInstances(params, { account_id: "", region: "" });
    expect(accountsOf(result)).toEqual(["123456789012", "000012345678"]);
    expect(result.errors).toEqual(["Account 444455556666: ASSUME_ROLE_DENIED"]);
    expect(aws.count({ service: "ec2", status: 200 })).toBe(2);
  });

  it("works in the account that a command names, with its leading zeros", async () => {
    const aws = await setUp({ organization });
    expect(accountsOf(await xsoarAccounts.listInstances(params, { account_id: "000012345678" }))).toEqual([
      "000012345678",
    ]);
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("acts as a command's own role only", async () => {
    const aws = await setUp();
    expect(accountsOf(await xsoarAccounts.listInstances(params, { roleArn: AUDIT }))).toEqual([undefined]);
    expect(lastRequest(aws)).toMatchObject({ service: "ec2", session: { roleArn: AUDIT } });
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("refuses an account that is not listed before any call", async () => {
    const aws = await setUp({ organization });
    await expect(xsoarAccounts.listInstances(params, { account_id: "777788889999" })).rejects.toMatchObject({
      field: "args.account_id",
    });
    expect(aws.requests).toEqual([]);
  });
});

it("another base identity calls STS without a request to IMDS", async () => {
  const userArn = "arn:aws:iam::111122223333:user/operator";
  const aws = await setUp({ roles: [{ roleArn: INVENTORY, trustedPrincipals: [userArn] }] });
  const keys = aws.issueUserKeys({ userArn });
  await after.listInstances(
    instanceWithOwnCredentials(async () => keys),
    {},
  );
  expect(aws.requests[0]).toMatchObject({ operation: "AssumeRole", session: { arn: userArn } });
  expect(aws.count({ target: "imds" })).toBe(0);
});

it("a credential set, a provider, invalidate() and close() work as shown", async () => {
  const aws = await setUp();
  const session = await credentialsFor(instance, {});
  expect(session.assumedRoleArn).toMatch(/^arn:aws:sts::123456789012:assumed-role\/Inventory\/rolecall-/);
  const presigning = await clientForPresigning(instance, {}).config.credentials();
  expect(presigning.accessKeyId).toBe(session.accessKeyId);
  const own = clientOfYourOwn(instance, {});
  expect(await own.config.credentials()).toMatchObject({ accessKeyId: session.accessKeyId });
  expect(assumeRoleCalls(aws)).toBe(1);
  await afterRevocation(instance, {});
  expect(assumeRoleCalls(aws)).toBe(2);
  await shutDown();
  await expect(credentialsFor(instance, {})).rejects.toMatchObject({ code: "RESOLVER_CLOSED" });
});

it("a configured resolver becomes the default resolver", async () => {
  const aws = await setUp();
  const resolver = configure();
  onTestFinished(() => resolver.close());
  await after.listInstances(instance, {});
  expect(assumeRoleCalls(aws)).toBe(1);
  expect(resolver.stats()).toMatchObject({ clients: 1, refreshes: 2 });
});

describe("the Test button", () => {
  it("shows who the integration acts as", async () => {
    await setUp();
    expect(await testConnection({ ...instance, roleSessionName: "test" })).toBe(
      "ok: acts as arn:aws:sts::123456789012:assumed-role/Inventory/test in account 123456789012 (STS in eu-central-1), " +
        "called by arn:aws:sts::111122223333:assumed-role/rolecall-instance-profile/i-0123456789abcdef0",
    );
  });

  it("shows why it fails", async () => {
    await setUp({ roles: [] });
    expect(await testConnection(instance)).toMatch(/^ASSUME_ROLE_DENIED: .*trust policy/);
  });
});

it("an instance works with LocalStack, also in a different container if the machine can simulate one", async () => {
  const { url, signedBy } = await startSimulator(OWN_ADDRESS ?? "127.0.0.1");
  vi.stubEnv("AWS_ENDPOINT_URL", url);
  await using resolver = createCredentialResolver();
  await resolver.resolve(onLocalStack);
  expect(signedBy).toEqual(["test"]);
});

describe("errors by code", () => {
  it("names the setting, the role or the fix", async () => {
    const aws = await setUp({ roles: [] });
    expect(await run({ roleArn: "" })).toMatch(/^Wrong setting command\.roleArn\. Allowed: a role ARN/);
    expect(await run({})).toMatch(`No access to ${INVENTORY}. Check, in this order: the role exists`);
    aws.fault({ on: { target: "sts" }, status: 503, code: "ServiceUnavailable" });
    expect(await run({ roleArn: AUDIT })).toMatch(/^Try again later\. /);
  });

  it("leaves a service's error unchanged", async () => {
    const aws = await setUp();
    aws.fault({ on: { service: "ec2" }, status: 403, code: "UnauthorizedOperation" });
    await expect(run({})).rejects.toMatchObject({ name: "UnauthorizedOperation" });
  });
});

it("an event reports a failed refresh while the session is still served", async () => {
  const clock = createManualClock({ now: Date.now() });
  const aws = await setUp({ clock, roles: [{ roleArn: INVENTORY }] });
  await using resolver = createCredentialResolver({ runtime: clock, refresh: { ahead: false } });
  await resolver.resolve(instance);
  const warnings: string[] = [];
  const end = warnOfFailedRefreshes((text) => warnings.push(text));
  onTestFinished(end);
  aws.fault({ on: { target: "sts" }, status: 503, code: "ServiceUnavailable" });
  await clock.advance(55 * 60_000);
  await resolver.resolve(instance);
  await clock.advance(10_000);
  expect(warnings).toEqual([expect.stringMatching(`^${INVENTORY}: STS_UNAVAILABLE, served until \\d{4}-`)]);
});

it("every event can be printed", async () => {
  await setUp();
  const printed: unknown[] = [];
  const stop = printEvents((_, name, event) => printed.push([name, event]));
  onTestFinished(stop);

  await listInstances({});

  const ofRole = expect.objectContaining({ roleArn: INVENTORY });
  expect(printed).toEqual(
    expect.arrayContaining([
      ["aws-rolecall:miss", ofRole],
      ["aws-rolecall:refreshed", ofRole],
      ["aws-rolecall:hit", ofRole],
    ]),
  );
});

describe("the README's comparison: an SDK client whose credential provider assumes the role", () => {
  it("keeps one session per client, and waits for STS in the session's last five minutes", async () => {
    const aws = await setUp();
    let asked = 0;
    let isUp = true;
    const provider = async () => {
      asked++;
      if (!isUp) throw new Error("STS is down");
      const { accessKeyId, secretAccessKey, sessionToken = "" } = aws.issueSession({ roleArn: INVENTORY });
      return { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(Date.now() + 240_000) };
    };
    const { DescribeInstancesCommand, EC2Client } = await import("@aws-sdk/client-ec2");
    const clients = [1, 2, 3].map(() => new EC2Client({ region: "eu-central-1", credentials: provider }));
    for (const client of clients) await client.send(new DescribeInstancesCommand({}));
    expect(asked).toBeGreaterThanOrEqual(3);

    const [client] = clients;
    asked = 0;
    for (let send = 0; send < 5; send++) await client?.send(new DescribeInstancesCommand({}));
    expect(asked).toBeGreaterThanOrEqual(5);

    isUp = false;
    await expect(client?.send(new DescribeInstancesCommand({}))).rejects.toThrow("STS is down");
  });
});

it("a mocked STS client causes no request to IMDS, as the docs say", async () => {
  const aws = await setUp();
  const stsClient = mockClient(new STSClient({ region: "eu-central-1" }));
  stsClient.on(AssumeRoleCommand).resolves({
    Credentials: {
      AccessKeyId: "ASIAEXAMPLEEXAMPLE00",
      SecretAccessKey: "example-secret",
      SessionToken: "example-token",
      Expiration: new Date(Date.now() + 3_600_000),
    },
  });
  await using resolver = createCredentialResolver({ stsClient });
  expect(await resolver.resolve(instance)).toMatchObject({ accountId: "123456789012" });
  expect(aws.requests).toEqual([]);
});
