import type { AwsCredentialIdentity, IntegrationInstance } from "aws-rolecall";

/** `provider` can be any credential provider of the SDK. */
export function instanceWithOwnCredentials(provider: () => Promise<AwsCredentialIdentity>): IntegrationInstance {
  return {
    credentials: provider,
    roleArn: "arn:aws:iam::123456789012:role/Inventory",
    region: "eu-central-1",
  };
}
