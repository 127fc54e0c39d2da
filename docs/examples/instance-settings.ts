import type { IntegrationInstance } from "aws-rolecall";

/** Most of the settings that an administrator can fix. */
export const instance: IntegrationInstance = {
  roleArn: "arn:aws:iam::123456789012:role/integrations/Inventory",
  roleSessionName: "inventory-integration",
  roleSessionDuration: 3600, // seconds
  region: "eu-central-1",
  policyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
  tags: { team: "platform" },
  transitiveTagKeys: ["team"],
  sourceIdentity: "inventory",
  externalId: "acme-4711",
  allowedRoles: [
    "arn:aws:iam::123456789012:role/integrations/*",
    { roleArn: "arn:aws:iam::444455556666:role/Audit", externalId: "partner-0815" },
  ],
  sts: { region: "eu-central-1" },
  network: { connectionTimeout: 5000, socketTimeout: 60_000, maxAttempts: 4 }, // milliseconds, attempts
  integration: "inventory",
};
