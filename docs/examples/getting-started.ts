import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { type CommandOverrides, defineInstance, getClientForCommand } from "aws-rolecall";

// The settings that an administrator configured. An invalid setting throws here, before any command runs.
export const instance = defineInstance({
  roleArn: "arn:aws:iam::123456789012:role/Inventory",
  region: "eu-central-1",
  allowedRoles: ["arn:aws:iam::123456789012:role/Inventory", "arn:aws:iam::444455556666:role/integration-*"],
});

// `args` is the platform's argument object: the library's four settings and the command's own arguments.
export async function listInstances(args: CommandOverrides) {
  const ec2 = getClientForCommand(EC2Client, instance, args);
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId));
}

export async function listBuckets(args: CommandOverrides) {
  const s3 = getClientForCommand(S3Client, instance, args);
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  return Buckets.map(({ Name }) => Name);
}

export async function main() {
  await listInstances({}); // as Inventory, in eu-central-1
  await listInstances({ region: "us-east-1" }); // as Inventory: the same session, another region
  await listBuckets({ roleArn: "arn:aws:iam::444455556666:role/integration-audit" }); // as integration-audit
}
