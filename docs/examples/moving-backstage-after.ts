import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { defineInstance, getClientForCommand } from "aws-rolecall";

export const instance = defineInstance({
  credentials: "Ec2InstanceMetadata",
  region: "eu-central-1",
  roleSessionName: "backstage",
  allowedRoles: [
    { roleArn: "arn:aws:iam::444455556666:role/partners/Audit", externalId: "partner-0815" },
    { roleArn: "arn:aws:iam::123456789012:role/integrations/Audit", externalId: "acme-4711" },
  ],
});

/** Accounts whose role has a different name. */
const roleNames = new Map([["444455556666", "partners/Audit"]]);

export function roleIn(accountId: string) {
  return `arn:aws:iam::${accountId}:role/${roleNames.get(accountId) ?? "integrations/Audit"}`;
}

export async function listInstances(accountId: string, region: string) {
  const ec2 = getClientForCommand(EC2Client, instance, { roleArn: roleIn(accountId), region });
  return ec2.send(new DescribeInstancesCommand({}));
}
