import type { AwsCredentialIdentity, IntegrationInstance } from "aws-rolecall";

/** Any provider of `@aws-sdk/credential-providers` fits in the place of `provider`. */
export function instanceOutsideEc2(provider: () => Promise<AwsCredentialIdentity>): IntegrationInstance {
  return {
    credentials: provider,
    roleArn: "arn:aws:iam::123456789012:role/Inventory",
    region: "eu-central-1",
  };
}
