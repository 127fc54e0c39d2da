import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { type CommandOverrides, getClientForCommand, type IntegrationInstance } from "aws-rolecall";

export async function listInstances(instance: IntegrationInstance, args: CommandOverrides) {
  const ec2 = getClientForCommand(EC2Client, instance, args);
  return ec2.send(new DescribeInstancesCommand({}));
}
