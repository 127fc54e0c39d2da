import { createCredentialResolver, type IntegrationInstance } from "aws-rolecall";
import { type LocalPlatformName, startLocalAws } from "aws-rolecall/testing";
import { expect, it } from "vitest";

const INVENTORY = "arn:aws:iam::123456789012:role/Inventory";

it.each<[LocalPlatformName, IntegrationInstance["credentials"], string]>([
  ["EC2", undefined, "rolecall-instance-profile"],
  ["ECS", "EcsContainer", "rolecall-ecs-task"],
  ["EKSPodIdentity", "EcsContainer", "rolecall-eks-pod"],
  ["IRSA", "WebIdentity", "rolecall-web-identity"],
  ["Lambda", "Environment", "rolecall-lambda"],
])("on %s, %j makes %s the base identity", async (platform, credentials, role) => {
  await using aws = await startLocalAws({ platform, processEnv: true, roles: [{ roleArn: INVENTORY }] });
  await using resolver = createCredentialResolver();

  const { arn, base } = await resolver.verify({ roleArn: INVENTORY, region: "eu-central-1", credentials });

  expect(base.arn).toContain(`:assumed-role/${role}/`);
  expect(arn).toContain(":assumed-role/Inventory/");
  if (platform !== "EC2") expect(aws.count({ target: "imds" })).toBe(0);
});

it.each<LocalPlatformName>(["ECS", "EKSPodIdentity", "IRSA", "Lambda"])(
  "on %s, a missing line is an error before any call",
  async (platform) => {
    await using aws = await startLocalAws({ platform, processEnv: true });
    await using resolver = createCredentialResolver();

    await expect(resolver.verify({ region: "eu-central-1" })).rejects.toMatchObject({ code: "INVALID_REQUEST" });

    expect(aws.requests).toEqual([]);
  },
);
