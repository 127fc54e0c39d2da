import { inspect } from "node:util";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { mockClient } from "aws-sdk-client-mock";
import { afterAll, afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { createCredentialResolver, getClientForCommand, setDefaultResolver } from "../src/index.js";
import { createManualClock, startLocalAws } from "../src/testing/index.js";

const roleArn = "arn:aws:iam::123456789012:role/Inventory";
const sessionOf = (accessKeyId: string) => ({
  Credentials: {
    AccessKeyId: accessKeyId,
    SecretAccessKey: "made-up",
    SessionToken: "made-up",
    Expiration: new Date(Date.now() + 3_600_000),
  },
});

const stsMock = mockClient(STSClient);
afterAll(() => stsMock.restore());

beforeEach(async () => {
  stsMock.reset();
  const aws = await startLocalAws();
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  onTestFinished(async () => {
    expect(aws.requests).toEqual([]); // with a mock, nothing calls IMDS or any other endpoint
    await aws.close();
  });
});

afterEach(() => setDefaultResolver(undefined));

it("the default resolver works with mockClient(STSClient)", async () => {
  stsMock.on(AssumeRoleCommand, { RoleArn: roleArn }).resolves(sessionOf("ASIADEFAULT"));
  const ec2 = getClientForCommand(EC2Client, { roleArn }, { region: "eu-west-1" });
  expect(await ec2.config.credentials()).toMatchObject({ accessKeyId: "ASIADEFAULT" });
  expect(stsMock.commandCalls(AssumeRoleCommand)).toHaveLength(1);
});

it("createCredentialResolver({ stsClient }) works with an object that has send()", async () => {
  const sent: object[] = [];
  const stsClient = {
    async send(command: object) {
      sent.push(command);
      return sessionOf("ASIAOBJECT");
    },
  };
  await using resolver = createCredentialResolver({ stsClient });
  expect(await resolver.resolve({ roleArn })).toMatchObject({ accessKeyId: "ASIAOBJECT" });
  expect(sent).toEqual([expect.any(AssumeRoleCommand)]);
});

it("createCredentialResolver({ stsClient }) works with a client, and with a function that returns one", async () => {
  stsMock.on(AssumeRoleCommand).resolves(sessionOf("ASIACLIENT"));
  await using withClient = createCredentialResolver({ stsClient: new STSClient({ region: "us-east-1" }) });
  expect(await withClient.resolve({ roleArn })).toMatchObject({ accessKeyId: "ASIACLIENT" });
  await using withFunction = createCredentialResolver({
    stsClient: ({ credentials, region }) => new STSClient({ credentials, region }),
  });
  expect(await withFunction.resolve({ roleArn })).toMatchObject({ accessKeyId: "ASIACLIENT" });
});

it("setDefaultResolver() works with a mocked STS client", async () => {
  const stsClient = { send: async () => sessionOf("ASIASET") };
  setDefaultResolver(createCredentialResolver({ stsClient }));
  const ec2 = getClientForCommand(EC2Client, { roleArn }, { region: "eu-west-1" });
  expect(await ec2.config.credentials()).toMatchObject({ accessKeyId: "ASIASET" });
});

it("with a mocked service client, the command runs and no credentials are requested", async () => {
  const ec2Mock = mockClient(EC2Client);
  onTestFinished(() => ec2Mock.restore());
  ec2Mock.on(DescribeInstancesCommand).resolves({ Reservations: [] });
  const ec2 = getClientForCommand(EC2Client, { roleArn }, { region: "eu-west-1" });
  expect(await ec2.send(new DescribeInstancesCommand({}))).toEqual({ Reservations: [] });
  expect(stsMock.calls()).toHaveLength(0);
});

it("a mock that denies causes the same error as AWS", async () => {
  const denied = Object.assign(new Error("not authorized"), {
    name: "AccessDenied",
    $fault: "client",
    $metadata: { httpStatusCode: 403 },
  });
  stsMock.on(AssumeRoleCommand).rejects(denied);
  await using resolver = createCredentialResolver();
  await expect(resolver.resolve({ roleArn })).rejects.toMatchObject({
    code: "ASSUME_ROLE_DENIED",
    awsCode: "AccessDenied",
  });
});

it("a mock without an answer causes an error that mentions the mock", async () => {
  await using resolver = createCredentialResolver({ assumeRole: { attempts: 1 } });
  await expect(resolver.resolve({ roleArn })).rejects.toMatchObject({
    code: "STS_UNAVAILABLE",
    hint: expect.stringContaining("what the mock returns"),
  });
});

it("a mock that rejects with a plain error causes a hint about the mock instead of the network", async () => {
  stsMock.on(AssumeRoleCommand).rejects(new Error("Boom"));
  await using resolver = createCredentialResolver({ assumeRole: { attempts: 1 } });
  await expect(resolver.resolve({ roleArn })).rejects.toMatchObject({
    code: "STS_UNAVAILABLE",
    hint: expect.stringMatching(/^Make the STS mock reject with an error that has AWS's name: .*"AccessDenied"/),
  });
  await using withObject = createCredentialResolver({
    stsClient: { send: () => Promise.reject("Boom") },
    assumeRole: { attempts: 1 },
  });
  await expect(withObject.resolve({ roleArn })).rejects.toMatchObject({
    hint: expect.stringContaining("the STS mock"),
  });
});

it("a mock that throttles causes a hint about the manual clock", async () => {
  const throttling = Object.assign(new Error("Rate exceeded"), { name: "Throttling" });
  stsMock.on(AssumeRoleCommand).rejects(throttling);
  const clock = createManualClock();
  await using resolver = createCredentialResolver({ runtime: clock });
  const refused = expect(resolver.resolve({ roleArn })).rejects.toMatchObject({
    code: "STS_UNAVAILABLE",
    hint: expect.stringContaining("createManualClock()"),
  });
  await clock.advance(10_000);
  await refused;
  expect(stsMock.commandCalls(AssumeRoleCommand).length).toBeGreaterThan(3);
});

it("an error from the SDK or the connection keeps the hint about the network", async () => {
  await using resolver = createCredentialResolver({ assumeRole: { attempts: 1 } });
  for (const error of [
    Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }),
    Object.assign(new Error("socket hang up"), { $metadata: { attempts: 1 } }),
    Object.assign(new Error("slow"), { name: "TimeoutError" }),
  ]) {
    stsMock.on(AssumeRoleCommand).rejects(error);
    await expect(
      resolver.resolve({ roleArn, region: "eu-west-1" }, { roleSessionName: `n-${Math.random()}` }),
    ).rejects.toMatchObject({
      hint: expect.stringContaining("Check the network"),
    });
  }
});

it("verify() returns the mock's caller identity, and rejects a different role", async () => {
  stsMock.on(AssumeRoleCommand).resolves(sessionOf("ASIAVERIFY"));
  stsMock
    .on(GetCallerIdentityCommand)
    .resolvesOnce({
      Account: "123456789012",
      Arn: "arn:aws:sts::123456789012:assumed-role/Inventory/s",
      UserId: "AROA:s",
    })
    .resolvesOnce({
      Account: "111122223333",
      Arn: "arn:aws:sts::111122223333:assumed-role/profile/i-1",
      UserId: "AROA:i",
    })
    .resolves({ Account: "123456789012", Arn: "arn:aws:sts::123456789012:assumed-role/Admin/s", UserId: "AROA:s" });
  await using resolver = createCredentialResolver();
  const instance = { roleArn, region: "eu-west-1" };
  expect(await resolver.verify(instance)).toMatchObject({
    arn: "arn:aws:sts::123456789012:assumed-role/Inventory/s",
    base: { accountId: "111122223333" },
  });
  await expect(resolver.verify(instance)).rejects.toMatchObject({
    code: "ASSUME_ROLE_INVALID",
    message: expect.stringContaining("assumed-role/Admin/s"),
  });
});

it("the first session can be loaded under fake timers", async () => {
  stsMock.on(AssumeRoleCommand).resolves(sessionOf("ASIAFAKETIMERS"));
  await using resolver = createCredentialResolver();
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  expect(await resolver.resolve({ roleArn, region: "eu-west-1" })).toMatchObject({ accessKeyId: "ASIAFAKETIMERS" });
});

it.each<[string, (thrown: Error) => object]>([
  ["an object with send()", (thrown) => ({ stsClient: { send: () => Promise.reject(thrown) } })],
  ["a function's client", (thrown) => ({ stsClient: () => ({ send: () => Promise.reject(thrown) }) })],
  [
    "a class, mocked with aws-sdk-client-mock",
    (thrown) => {
      stsMock.on(AssumeRoleCommand).rejects(thrown);
      return {};
    },
  ],
])("an error from a mock of STS reaches the author but no log: %s", async (_, options) => {
  const thrown = Object.assign(new Error("Boom, hush-hush"), { name: "AccessDenied" });
  await using resolver = createCredentialResolver(options(thrown));
  const error = await resolver.resolve({ roleArn }).catch((failed) => failed);
  expect(error).toMatchObject({ code: "ASSUME_ROLE_DENIED" });
  expect(error.reason).toBe(thrown);
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain("hush-hush");
});
