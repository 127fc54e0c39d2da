import { EC2Client } from "@aws-sdk/client-ec2";
import { STSClient } from "@aws-sdk/client-sts";
import { afterEach, expect, it, vi } from "vitest";
import { createCredentialResolver } from "../src/index.js";

// Every class becomes a mock function, and every method returns undefined.
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

it("an automatic mock of client-sts without an answer gets the same hint as any other mock", async () => {
  await using resolver = createCredentialResolver({ assumeRole: { attempts: 1 } });

  await expect(resolver.resolve(instance)).rejects.toMatchObject({
    code: "STS_UNAVAILABLE",
    hint: expect.stringContaining("what the mock returns"),
  });
});

it("getClientForCommand returns the automatic mock of a service client", async () => {
  await using resolver = createCredentialResolver();
  const ec2 = resolver.getClientForCommand(EC2Client, instance);

  expect(ec2).toBeInstanceOf(EC2Client);
  expect(ec2.send(undefined as never)).toBeUndefined();
});
