import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { ConfigReader } from "@backstage/config";
import { DefaultAwsCredentialsManager } from "@backstage/integration-aws-node";

// The same settings as in app-config.yaml.
const config = new ConfigReader({
  aws: {
    accountDefaults: { roleName: "integrations/Audit", externalId: "acme-4711", region: "eu-central-1" },
    accounts: [
      { accountId: "444455556666", roleName: "partners/Audit", externalId: "partner-0815", region: "eu-central-1" },
    ],
  },
});
const manager = DefaultAwsCredentialsManager.fromConfig(config);

export async function listInstances(accountId: string, region: string) {
  const { sdkCredentialProvider } = await manager.getCredentialProvider({ accountId });
  const ec2 = new EC2Client({ region, credentials: sdkCredentialProvider });
  return ec2.send(new DescribeInstancesCommand({}));
}
