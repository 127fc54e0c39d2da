import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { getClientForCommand } from "aws-rolecall";
import { forEachAccount } from "aws-rolecall/accounts";
import {
  accountOptionsFromParams,
  clientConfigFromParams,
  commandFromArgs,
  instanceFromParams,
  type XsoarArgs,
  type XsoarParams,
} from "aws-rolecall/xsoar";

async function describeInstances(ec2: EC2Client) {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => ({ InstanceId })));
}

/** Runs in each account that the administrator lists. If the command names a role, runs only as that role. */
export async function listInstances(params: XsoarParams, args: XsoarArgs) {
  const instance = instanceFromParams(params);
  const command = commandFromArgs(args);
  const clientConfig = clientConfigFromParams(params);
  if (!instance.accounts || command.roleArn) {
    const ec2 = getClientForCommand(EC2Client, instance, command, { clientConfig });
    return { instances: await describeInstances(ec2), errors: [] };
  }

  const result = await forEachAccount(
    instance,
    command,
    async ({ client, accountId }) => {
      const instances = await describeInstances(client(EC2Client));
      return instances.map((each) => ({ ...each, AccountId: accountId }));
    },
    { ...accountOptionsFromParams(params, args), clientConfig },
  ).collect();
  const errors = result.failures.map(({ accountId, code }) => `Account ${accountId}: ${code}`);
  return { instances: result.values.flat(), errors };
}
