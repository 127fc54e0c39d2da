import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { createCredentialResolver } from "aws-rolecall";
import {
  clientConfigFromParams,
  commandFromArgs,
  instanceFromParams,
  type XsoarArgs,
  type XsoarParams,
} from "aws-rolecall/xsoar";

const resolver = createCredentialResolver();

/** Takes the values of `demisto.command()`, `demisto.params()` and `demisto.args()` unchanged. */
export async function runCommand(command: string, params: XsoarParams, args: XsoarArgs) {
  const instance = instanceFromParams(params);
  if (command === "test-module") {
    await resolver.verify(instance);
    return "ok";
  }
  const clientConfig = clientConfigFromParams(params);
  const ec2 = resolver.getClientForCommand(EC2Client, instance, commandFromArgs(args), { clientConfig });
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId));
}
