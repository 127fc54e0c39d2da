import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { fromInstanceMetadata, fromTemporaryCredentials } from "@aws-sdk/credential-providers";

const clientConfig = { region: "eu-central-1" };

const hub = fromTemporaryCredentials({
  masterCredentials: fromInstanceMetadata(),
  params: {
    RoleArn: "arn:aws:iam::444455556666:role/integration-central",
    RoleSessionName: "inventory",
    ExternalId: "central-0815",
  },
  clientConfig,
});

export async function listInstances(roleArn: string, region: string) {
  const credentials = fromTemporaryCredentials({
    masterCredentials: hub,
    params: { RoleArn: roleArn, RoleSessionName: "inventory", ExternalId: "acme-4711" },
    clientConfig,
  });
  const ec2 = new EC2Client({ region, credentials });
  return ec2.send(new DescribeInstancesCommand({}));
}
