import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { type LocalPlatformName, startLocalAws } from "aws-rolecall/testing";
import { expect, it } from "vitest";

it.each<[LocalPlatformName, string]>([
  ["EC2", "rolecall-instance-profile"],
  ["ECS", "rolecall-ecs-task"],
  ["EKSPodIdentity", "rolecall-eks-pod"],
  ["IRSA", "rolecall-web-identity"],
  ["Lambda", "rolecall-lambda"],
])("on %s, the program acts as %s", async (platform, role) => {
  await using aws = await startLocalAws({ platform, processEnv: true });

  const { Arn } = await new STSClient({ region: "eu-central-1" }).send(new GetCallerIdentityCommand({}));

  expect(Arn).toContain(`:assumed-role/${role}/`);
  if (platform !== "EC2") expect(aws.count({ target: "imds" })).toBe(0);
});

it("refuses the token of another service account", async () => {
  await using aws = await startLocalAws({ platform: "IRSA", processEnv: true });
  aws.platform("IRSA").rotateToken({ subject: "system:serviceaccount:default:other" });

  const call = new STSClient({ region: "eu-central-1" }).send(new GetCallerIdentityCommand({}));

  await expect(call).rejects.toMatchObject({ name: "AccessDenied" });
});
