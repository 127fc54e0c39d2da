import { createCredentialResolver, type IntegrationInstance } from "aws-rolecall";
import { identityPolicy, trustPolicy } from "aws-rolecall/policies";
import { startLocalAws } from "aws-rolecall/testing";
import { expect, it, onTestFinished } from "vitest";

const HOST = "arn:aws:iam::111122223333:role/integration-host";
const CENTRAL = "arn:aws:iam::444455556666:role/integration-central";
const INVENTORY = "arn:aws:iam::123456789012:role/Inventory";
const instance: IntegrationInstance = {
  roleArn: INVENTORY,
  region: "eu-central-1",
  externalId: "acme-4711",
  sourceRole: {
    roleArn: CENTRAL,
    externalId: "central-0815",
    tags: { team: "blue" },
    transitiveTagKeys: ["team"],
    sourceIdentity: "inventory",
  },
};

it("the four documents let the machine assume the role through the central role", async () => {
  const variant = "listed-roles";
  const aws = await startLocalAws({
    processEnv: true,
    instanceProfile: { roleArn: HOST, policy: identityPolicy({ variant, instance, principal: HOST }).document },
    roles: [
      {
        roleArn: CENTRAL,
        trustPolicy: trustPolicy({ instance, role: CENTRAL, principal: HOST }).document,
        policy: identityPolicy({ variant, instance, principal: CENTRAL }).document,
      },
      { roleArn: INVENTORY, trustPolicy: trustPolicy({ instance }).document },
    ],
  });
  const resolver = createCredentialResolver();
  onTestFinished(async () => {
    await resolver.close();
    await aws.close();
  });

  const { arn, sourceRole, base } = await resolver.verify(instance);
  expect(arn).toMatch(/^arn:aws:sts::123456789012:assumed-role\/Inventory\//);
  expect(sourceRole?.arn).toMatch(/^arn:aws:sts::444455556666:assumed-role\/integration-central\//);
  expect(base.arn).toMatch(/^arn:aws:sts::111122223333:assumed-role\/integration-host\//);
});
