import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { expect, it } from "vitest";
import { forEachAccount, type Target } from "../../src/accounts/index.js";
import { assumeRoleCalls, HOUR, setUpLocal } from "../support/local.js";

const ACCOUNTS = Array.from({ length: 200 }, (_, index) => String(200_000_000_000 + index));
const REGIONS = ["eu-central-1", "us-east-1"];

it("a sweep over 200 accounts in two regions costs 200 sessions, also in the three idle hours after it", async () => {
  const { aws, clock, resolver } = await setUpLocal({
    organization: { accounts: ACCOUNTS, memberRoles: [{ roleName: "Audit" }] },
  });
  const instance = { accounts: { roleName: "Audit", ids: ACCOUNTS, regions: REGIONS } };
  const work = ({ client }: Target) => client(EC2Client).send(new DescribeInstancesCommand({}));

  const result = await forEachAccount(instance, {}, work, { resolver }).collect();

  result.throwIfFailed();
  expect(result.done).toHaveLength(ACCOUNTS.length * REGIONS.length);
  expect(assumeRoleCalls(aws)).toBe(ACCOUNTS.length);
  await clock.advance(3 * HOUR);
  expect(assumeRoleCalls(aws)).toBe(ACCOUNTS.length);
});
