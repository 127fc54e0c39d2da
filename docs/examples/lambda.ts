import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { defineInstance, getClientForCommand } from "aws-rolecall";

const instance = defineInstance({
  roleArn: "arn:aws:iam::123456789012:role/Inventory",
  region: "eu-central-1",
  credentials: "Environment",
});

export async function handler() {
  const ec2 = getClientForCommand(EC2Client, instance);
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId));
}
