import { EC2Client } from "@aws-sdk/client-ec2";
import { AssumeRoleCommand, type AssumeRoleCommandInput, STSClient } from "@aws-sdk/client-sts";
import { createCredentialResolver, getClientForCommand, setDefaultResolver } from "aws-rolecall";
import { createManualClock } from "aws-rolecall/testing";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, describe, expect, it } from "vitest";

const instance = { roleArn: "arn:aws:iam::123456789012:role/Inventory", region: "eu-central-1" };

const answer = ({ RoleSessionName }: AssumeRoleCommandInput) => ({
  Credentials: {
    AccessKeyId: "ASIAEXAMPLEEXAMPLE00",
    SecretAccessKey: "example-secret",
    SessionToken: "example-token",
    Expiration: new Date(Date.now() + 3_600_000),
  },
  AssumedRoleUser: {
    AssumedRoleId: `AROAEXAMPLEEXAMPLE00:${RoleSessionName}`,
    Arn: `arn:aws:sts::123456789012:assumed-role/Inventory/${RoleSessionName}`,
  },
});

describe("the default resolver", () => {
  const sts = mockClient(STSClient);

  afterEach(() => {
    sts.reset();
    setDefaultResolver(undefined); // the next test starts without a session
  });

  it("uses the mocked STSClient", async () => {
    sts.on(AssumeRoleCommand).callsFake(answer);

    const ec2 = getClientForCommand(EC2Client, instance, { roleSessionName: "nightly" });

    expect(await ec2.config.credentials()).toMatchObject({ accessKeyId: "ASIAEXAMPLEEXAMPLE00" });
    expect(sts.commandCalls(AssumeRoleCommand)[0]?.args[0].input).toMatchObject({ RoleSessionName: "nightly" });
  });

  it("throws a typed error when STS denies the role", async () => {
    sts.on(AssumeRoleCommand).rejects(Object.assign(new Error("not authorized"), { name: "AccessDenied" }));

    const ec2 = getClientForCommand(EC2Client, instance);

    await expect(ec2.config.credentials()).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED" });
  });
});

describe("a resolver with the test's own STS client", () => {
  it("uses that client", async () => {
    const stsClient = mockClient(new STSClient({ region: "eu-central-1" }));
    stsClient.on(AssumeRoleCommand).callsFake(answer);
    await using resolver = createCredentialResolver({ stsClient });

    await resolver.resolve(instance);
    await resolver.resolve(instance, { region: "us-east-1" });

    expect(stsClient.commandCalls(AssumeRoleCommand)).toHaveLength(1);
  });
});

describe("a mock that throttles", () => {
  it("fails after ten seconds on the manual clock", async () => {
    const clock = createManualClock();
    const stsClient = mockClient(new STSClient({ region: "eu-central-1" }));
    stsClient.on(AssumeRoleCommand).rejects(Object.assign(new Error("Rate exceeded"), { name: "Throttling" }));
    await using resolver = createCredentialResolver({ stsClient, runtime: clock });

    const failed = expect(resolver.resolve(instance)).rejects.toMatchObject({ code: "STS_UNAVAILABLE" });
    await clock.advance(10_000);
    await failed;
  });
});

describe("code under test that calls getClientForCommand itself", () => {
  it("uses the resolver passed to setDefaultResolver", async () => {
    const stsClient = mockClient(new STSClient({ region: "eu-central-1" }));
    stsClient.on(AssumeRoleCommand).callsFake(answer);
    await using resolver = createCredentialResolver({ stsClient });
    setDefaultResolver(resolver);

    const ec2 = getClientForCommand(EC2Client, instance);

    expect(await ec2.config.credentials()).toMatchObject({ accountId: "123456789012" });
    setDefaultResolver(undefined);
  });
});
