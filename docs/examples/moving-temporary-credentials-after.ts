import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { defineInstance, getClientForCommand } from "aws-rolecall";

export const instance = defineInstance({
  credentials: "Ec2InstanceMetadata",
  sourceRole: {
    roleArn: "arn:aws:iam::444455556666:role/integration-central",
    roleSessionName: "inventory",
    externalId: "central-0815",
  },
  region: "eu-central-1",
  roleSessionName: "inventory",
  externalId: "acme-4711",
  allowedRoles: ["arn:aws:iam::*:role/integrations/*"],
});

export async function listInstances(roleArn: string, region: string) {
  const ec2 = getClientForCommand(EC2Client, instance, { roleArn, region });
  return ec2.send(new DescribeInstancesCommand({}));
}
