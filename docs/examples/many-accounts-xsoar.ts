import { readFile } from "node:fs/promises";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { forEachAccount, type Target } from "aws-rolecall/accounts";
import { commandFromArgs, instanceFromParams, type XsoarArgs, type XsoarParams } from "aws-rolecall/xsoar";

/** Returns what a war room shows: the entries of the accounts that succeeded, and the errors of the others. */
export async function describeInstances(params: XsoarParams, args: XsoarArgs, configFile: string) {
  const { accounts, allowedRoles } = JSON.parse(await readFile(configFile, "utf8"));
  const instance = { ...instanceFromParams(params), accounts, allowedRoles };
  const work = async ({ accountId, region, client }: Target) => {
    const { Reservations = [] } = await client(EC2Client).send(new DescribeInstancesCommand({}));
    return Reservations.flatMap(({ Instances = [] }) =>
      Instances.map(({ InstanceId }) => ({ AccountId: accountId, Region: region, InstanceId })),
    );
  };
  const { values, failures } = await forEachAccount(instance, commandFromArgs(args), work, {
    timeout: 60_000,
  }).collect();
  return {
    entries: values.flat(),
    errors: failures.map(({ accountId, region = "all regions", code }) => `${accountId}, ${region}: ${code}`),
  };
}
