import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { createCredentialResolver, type IntegrationInstance } from "aws-rolecall";
import { forEachAccount, type Target } from "aws-rolecall/accounts";
import { startLocalAws } from "aws-rolecall/testing";
import { expect, it, onTestFinished } from "vitest";

const instance: IntegrationInstance = {
  accounts: {
    roleName: "integrations/Audit",
    organization: { exclude: ["111122223333"] },
    regions: ["eu-central-1", "us-east-1"],
  },
};

/** The work under test. */
async function countInstances({ client }: Target): Promise<number> {
  const { Reservations = [] } = await client(EC2Client).send(new DescribeInstancesCommand({}));
  return Reservations.length;
}

it("reports every account, also those that fail", async () => {
  const aws = await startLocalAws({
    processEnv: true,
    organization: {
      accounts: [
        "123456789012",
        { id: "444455556666", memberRoles: false },
        { id: "777788889999", state: "SUSPENDED" },
      ],
      memberRoles: [{ roleName: "integrations/Audit" }],
    },
  });
  const resolver = createCredentialResolver();
  onTestFinished(async () => {
    await resolver.close();
    await aws.close();
  });
  aws.fault({ on: { service: "ec2", region: "us-east-1" }, status: 403, code: "UnauthorizedOperation" });

  const { done, failures, skipped } = await forEachAccount(instance, {}, countInstances, { resolver }).collect();

  expect(done).toMatchObject([{ accountId: "123456789012", region: "eu-central-1", value: 1 }]);
  expect(failures).toMatchObject([
    { accountId: "123456789012", region: "us-east-1", code: "UnauthorizedOperation" },
    { accountId: "444455556666", region: "eu-central-1", code: "ASSUME_ROLE_DENIED" },
    { accountId: "444455556666", region: "us-east-1", code: "ASSUME_ROLE_DENIED" },
  ]);
  expect(skipped).toMatchObject([{ accountId: "777788889999", reason: "ACCOUNT_NOT_ACTIVE" }]);
});
