import { createCredentialResolver, type IntegrationInstance } from "aws-rolecall";
import { identityPolicy, trustPolicy } from "aws-rolecall/policies";
import { startLocalAws } from "aws-rolecall/testing";
import { expect, it, onTestFinished } from "vitest";

const HOST = "arn:aws:iam::111122223333:role/integration-host";
const INVENTORY = "arn:aws:iam::123456789012:role/Inventory";
const ADMIN = "arn:aws:iam::123456789012:role/Admin";
const instance: IntegrationInstance = {
  roleArn: INVENTORY,
  region: "eu-central-1",
  externalId: "acme-4711",
  tags: { team: "blue" },
};

it("the documents let the instance assume only its own role", async () => {
  const { document: policy } = identityPolicy({ variant: "listed-roles", instance, principal: HOST });
  const { document: trust } = trustPolicy({ instance, principal: HOST });
  const aws = await startLocalAws({
    processEnv: true,
    instanceProfile: { roleArn: HOST, policy },
    roles: [
      { roleArn: INVENTORY, trustPolicy: trust },
      { roleArn: ADMIN, trustPolicy: trust },
    ],
  });
  const resolver = createCredentialResolver();
  onTestFinished(async () => {
    await resolver.close();
    await aws.close();
  });

  await expect(resolver.resolve(instance)).resolves.toMatchObject({ accountId: "123456789012" });
  await expect(resolver.resolve(instance, { roleArn: ADMIN })).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED" });
});

it("evaluates a trust policy for an organization with the caller's organization", async () => {
  const trustPolicy = {
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { AWS: "*" },
      Action: "sts:AssumeRole",
      Condition: {
        StringEquals: { "aws:PrincipalOrgID": "o-exampleorgid", "aws:PrincipalTag/team": "blue" },
        Bool: { "aws:MultiFactorAuthPresent": "true" },
        IpAddress: { "aws:SourceIp": "203.0.113.0/24" },
      },
    },
  };
  const aws = await startLocalAws({
    requestContext: {
      "aws:PrincipalOrgID": "o-exampleorgid",
      "aws:PrincipalTag/team": "blue",
      "aws:MultiFactorAuthPresent": "true",
      "aws:SourceIp": "203.0.113.7",
    },
    roles: [{ roleArn: INVENTORY, trustPolicy }],
  });
  onTestFinished(() => aws.close());
  await using resolver = createCredentialResolver();
  const sts = { region: "eu-central-1", endpoint: aws.endpoint };
  const keys = aws.issueUserKeys({ userArn: "arn:aws:iam::111122223333:user/operator" });

  await expect(resolver.resolve({ roleArn: INVENTORY, credentials: keys, sts })).resolves.toBeDefined();
});
