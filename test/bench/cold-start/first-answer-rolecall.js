import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { getClientForCommand } from "aws-rolecall";

const ec2 = getClientForCommand(EC2Client, { roleArn: process.env.ROLE_ARN, region: "eu-central-1" });
void ec2
  .send(new DescribeInstancesCommand({}))
  .then(() => ec2.config.credentials())
  .then(globalThis.obtained);
