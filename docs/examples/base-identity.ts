import type { AwsCredentialIdentity, IntegrationInstance } from "aws-rolecall";

/** `provider` can be any provider from `@aws-sdk/credential-providers`. */
export function instanceOutsideEc2(provider: () => Promise<AwsCredentialIdentity>): IntegrationInstance {
  return {
    credentials: provider,
    roleArn: "arn:aws:iam::123456789012:role/Inventory",
    region: "eu-central-1",
  };
}
