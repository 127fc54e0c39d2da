import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { getClientForCommand } from "aws-rolecall";
import { commandFromArgs, instanceFromParams, type XsoarArgs, type XsoarParams } from "aws-rolecall/xsoar";

export async function describeInstances(params: XsoarParams, args: XsoarArgs) {
  const ec2 = getClientForCommand(EC2Client, instanceFromParams(params), commandFromArgs(args));
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId));
}
