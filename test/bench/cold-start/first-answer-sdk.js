import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { fromInstanceMetadata, fromTemporaryCredentials } from "@aws-sdk/credential-providers";

const ec2 = new EC2Client({
  region: "eu-central-1",
  credentials: fromTemporaryCredentials({
    params: { RoleArn: process.env.ROLE_ARN, RoleSessionName: "benchmark" },
    masterCredentials: fromInstanceMetadata(),
  }),
});
void ec2
  .send(new DescribeInstancesCommand({}))
  .then(() => ec2.config.credentials())
  .then(globalThis.obtained);
