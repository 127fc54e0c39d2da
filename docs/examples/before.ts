import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";

interface Settings {
  roleArn?: string;
  region?: string;
}

export async function listInstances(instance: Settings, args: Settings) {
  const region = args.region || instance.region || "us-east-1";
  const RoleArn = args.roleArn || instance.roleArn;
  const sts = new STSClient({ region });
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "my-integration" }));
  const credentials = {
    accessKeyId: Credentials?.AccessKeyId ?? "",
    secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  };
  const ec2 = new EC2Client({ region, credentials });
  return ec2.send(new DescribeInstancesCommand({}));
}
