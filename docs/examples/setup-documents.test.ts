import { createCredentialResolver, type IntegrationInstance } from "aws-rolecall";
import { identityPolicy, trustPolicy } from "aws-rolecall/policies";
import { startLocalAws } from "aws-rolecall/testing";
import { expect, it, onTestFinished, vi } from "vitest";

const HOST = "arn:aws:iam::111122223333:role/integration-host";
const INVENTORY = "arn:aws:iam::123456789012:role/Inventory";
const ADMIN = "arn:aws:iam::123456789012:role/Admin";
const instance: IntegrationInstance = {
  roleArn: INVENTORY,
  region: "eu-central-1",
  externalId: "acme-4711",
  tags: { team: "blue" },
};

it("the documents let the instance assume its role, and no other", async () => {
  const { document: policy } = identityPolicy({ variant: "listed-roles", instance, principal: HOST });
  const { document: trust } = trustPolicy({ instance, principal: HOST });
  const aws = await startLocalAws({
    instanceProfile: { roleArn: HOST, policy },
    roles: [
      { roleArn: INVENTORY, trustPolicy: trust },
      { roleArn: ADMIN, trustPolicy: trust },
    ],
  });
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  const resolver = createCredentialResolver();
  onTestFinished(async () => {
    await resolver.close();
    await aws.close();
    vi.unstubAllEnvs();
  });

  await expect(resolver.resolve(instance)).resolves.toMatchObject({ accountId: "123456789012" });
  await expect(resolver.resolve(instance, { roleArn: ADMIN })).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED" });
});
