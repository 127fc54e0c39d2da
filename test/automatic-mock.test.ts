import { EC2Client } from "@aws-sdk/client-ec2";
import { STSClient } from "@aws-sdk/client-sts";
import { afterEach, expect, it, vi } from "vitest";
import { createCredentialResolver } from "../src/index.js";

// Every class becomes a mock function, and every method of it answers undefined.
vi.mock("@aws-sdk/client-sts");
vi.mock("@aws-sdk/client-ec2");

const instance = { roleArn: "arn:aws:iam::123456789012:role/Inventory", region: "eu-west-1" };

afterEach(() => vi.mocked(STSClient.prototype.send).mockReset());

it("an automatic mock of client-sts answers as an injected client does", async () => {
  vi.mocked(STSClient.prototype.send).mockImplementation(async () => ({
    Credentials: {
      AccessKeyId: "ASIAAUTOMATIC",
      SecretAccessKey: "made-up",
      SessionToken: "made-up",
      Expiration: new Date(Date.now() + 3_600_000),
    },
  }));
  await using resolver = createCredentialResolver();

  expect(await resolver.resolve(instance)).toMatchObject({ accessKeyId: "ASIAAUTOMATIC" });
  expect(STSClient.prototype.send).toHaveBeenCalledTimes(1);
});

it("an automatic mock of client-sts that was told nothing is told so, as every mock is", async () => {
  await using resolver = createCredentialResolver({ assumeRole: { attempts: 1 } });

  await expect(resolver.resolve(instance)).rejects.toMatchObject({
    code: "STS_UNAVAILABLE",
    hint: expect.stringContaining("the mock's answer"),
  });
});

it("an automatic mock of a service's client is what getClientForCommand gives", async () => {
  await using resolver = createCredentialResolver();
  const ec2 = resolver.getClientForCommand(EC2Client, instance);

  expect(ec2).toBeInstanceOf(EC2Client);
  expect(ec2.send(undefined as never)).toBeUndefined();
});
