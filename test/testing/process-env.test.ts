import { devNull } from "node:os";
import { EC2Client } from "@aws-sdk/client-ec2";
import { beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { createCredentialResolver } from "../../src/index.js";
import { type LocalAwsOptions, startLocalAws } from "../../src/testing/index.js";

const roleArn = "arn:aws:iam::123456789012:role/Inventory";
const OF_THE_MACHINE = {
  AWS_PROFILE: "work",
  AWS_ACCESS_KEY_ID: "AKIAEXAMPLEEXAMPLE00",
  AWS_ENDPOINT_URL_STS: "https://sts.example.com",
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_REGION: "eu-west-3",
};

const variables = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("AWS_")));

beforeEach(() => {
  for (const [name, value] of Object.entries(OF_THE_MACHINE)) vi.stubEnv(name, value);
});

it("processEnv points the process only to the local AWS, and close() restores the environment", async () => {
  const before = variables();
  {
    await using aws = await startLocalAws({ processEnv: true, roles: [{ roleArn }] });
    expect(variables()).toEqual({
      ...aws.env,
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
    });
    await using resolver = createCredentialResolver();
    const ec2 = resolver.getClientForCommand(EC2Client, { roleArn, region: "eu-central-1" });
    expect(await ec2.config.credentials()).toMatchObject({ accountId: "123456789012" });
    process.env.AWS_REGION = "us-east-2"; // a variable that a test adds is removed too
  }
  expect(variables()).toEqual(before);
});

it("without processEnv, the environment is not changed", async () => {
  const before = variables();
  await using aws = await startLocalAws();
  expect(aws.env).toMatchObject({ AWS_ENDPOINT_URL: aws.endpoint });
  expect(variables()).toEqual(before);
});

it("a second local AWS cannot use processEnv at the same time", async () => {
  const first = startLocalAws({ processEnv: true });
  onTestFinished(async () => (await first).close());
  await expect(startLocalAws({ processEnv: true })).rejects.toThrow(
    "Another local AWS in this process uses processEnv. Close it first.",
  );
  await (await first).close();
  await (await startLocalAws({ processEnv: true })).close();
  await (await first).close(); // a second close() restores nothing
});

it("processEnv must be a boolean, and a failed start changes nothing", async () => {
  const before = variables();
  const start = (options: object) => startLocalAws(options as LocalAwsOptions);
  await expect(start({ processEnv: "yes" })).rejects.toThrow('processEnv must be true or false, got "yes"');
  await expect(start({ processEnv: true, roles: [{ roleArn: "x" }] })).rejects.toThrow("role.roleArn");
  expect(variables()).toEqual(before);
  await (await start({ processEnv: true })).close();
});
