import type { AwsCredentialsManager } from "@backstage/integration-aws-node";
import type { CredentialResolver } from "aws-rolecall";
import { instance, roleIn } from "./moving-backstage-after.js";

/** For plugins that take a credentials manager. A request that names no account is an error. */
export function credentialsManager(resolver: CredentialResolver): AwsCredentialsManager {
  return {
    async getCredentialProvider({ accountId, arn = "" } = {}) {
      const [, , , , inArn = ""] = arn.split(":");
      if (accountId && inArn && accountId !== inArn) throw new Error(`${arn} is not in account ${accountId}`);
      const account = accountId || inArn;
      if (!account) throw new Error(`No account id in ${arn || "the request"}`);
      const sdkCredentialProvider = resolver.provider(instance, { roleArn: roleIn(account) });
      return { accountId: account, sdkCredentialProvider };
    },
  };
}
