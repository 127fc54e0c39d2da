import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import type { IntegrationInstance } from "aws-rolecall";
import { forEachAccount } from "aws-rolecall/accounts";

export async function listInstancesEverywhere(instance: IntegrationInstance) {
  const work = (ec2: EC2Client) => ec2.send(new DescribeInstancesCommand({}));
  const outcomes = forEachAccount(instance, {}, ({ client }) => work(client(EC2Client)));
  for await (const { accountId, region, status } of outcomes) console.log(accountId, region, status);
}
