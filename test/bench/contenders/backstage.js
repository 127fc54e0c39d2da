import { ConfigReader } from "@backstage/config";
import { DefaultAwsCredentialsManager } from "@backstage/integration-aws-node";

const ROLE_ARN = /^arn:aws:iam::(\d{12}):role\/(.+)$/;

export default {
  name: "backstage",
  label: "Backstage's credential manager",
  description: "`DefaultAwsCredentialsManager` asked for the account's provider, and a new client, for each command",
  async create({ roleArns }) {
    const accounts = roleArns.map((roleArn) => {
      const [, accountId, roleName] = ROLE_ARN.exec(roleArn);
      return { accountId, roleName };
    });
    const manager = DefaultAwsCredentialsManager.fromConfig(new ConfigReader({ aws: { accounts } }));
    return {
      async client(Client, { roleArn, region }) {
        const [, accountId] = ROLE_ARN.exec(roleArn);
        const { sdkCredentialProvider } = await manager.getCredentialProvider({ accountId });
        return new Client({ region, credentials: sdkCredentialProvider });
      },
      close() {},
    };
  },
};
