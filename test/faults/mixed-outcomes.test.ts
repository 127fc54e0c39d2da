import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { beforeAll, expect, it } from "vitest";
import { forEachAccount, type Outcome } from "../../src/accounts/index.js";
import { createCredentialResolver } from "../../src/index.js";
import { startLocalAws } from "../../src/testing/index.js";
import { endingOf, forever } from "../accounts/support.js";
import { setUpLocal } from "../support/local.js";

const GOOD = Array.from({ length: 94 }, (_, index) => `${200_000_000_000 + index}`);
const HANGING = "300000000001";
const SUSPENDED = "300000000002";
const WITHOUT_ROLE = "300000000003";
const DENIED = "300000000004";
const REGION_OFF = "300000000005";
const THROWING = "300000000006";
const IDS = [HANGING, SUSPENDED, WITHOUT_ROLE, ...GOOD, DENIED, REGION_OFF, THROWING];

const TIMEOUT = 2000;
const STEP = 100;
/** A manual clock does not wait for the modules that a first refused call imports. */
beforeAll(async () => {
  await using aws = await startLocalAws({ processEnv: true, region: "eu-central-1" });
  aws.fault({ on: { operation: "DescribeInstances" }, status: 403, code: "UnauthorizedOperation" });
  await using resolver = createCredentialResolver();
  const ec2 = resolver.getClientForCommand(EC2Client, {});
  await expect(ec2.send(new DescribeInstancesCommand({}))).rejects.toThrow("UnauthorizedOperation");
});

const roleOf = (id: string) => `arn:aws:iam::${id}:role/integrations/Audit`;

async function setUpAccounts() {
  const local = await setUpLocal({
    organization: {
      accounts: IDS.map((id) => ({
        id,
        state: id === SUSPENDED ? "SUSPENDED" : "ACTIVE",
        memberRoles: id !== WITHOUT_ROLE,
        ...(id === REGION_OFF && { regions: ["us-east-1"] }),
      })),
      memberRoles: [{ roleName: "integrations/Audit" }],
    },
  });
  local.aws.fault({
    on: { operation: "DescribeInstances", roleArn: roleOf(DENIED) },
    status: 403,
    code: "UnauthorizedOperation",
  });
  return local;
}

it.each([
  { listedBy: "the organization", hangs: "STS", suspended: "ACCOUNT_NOT_ACTIVE" },
  { listedBy: "the organization", hangs: "the work", suspended: "ACCOUNT_NOT_ACTIVE" },
  { listedBy: "ids", hangs: "STS", suspended: "ASSUME_ROLE_DENIED" },
  { listedBy: "ids", hangs: "the work", suspended: "ASSUME_ROLE_DENIED" },
])("94 good accounts are done beside six that are not, listed by $listedBy, while $hangs hangs", async (given) => {
  const { aws, clock, resolver } = await setUpAccounts();
  if (given.hangs === "STS") {
    aws.fault({ on: { operation: "AssumeRole", roleArn: roleOf(HANGING) }, kind: "hang" });
  }
  const scope = given.listedBy === "ids" ? { ids: IDS } : { organization: { exclude: ["111122223333"] } };
  const fanOut = forEachAccount(
    { region: "eu-central-1", accounts: { roleName: "integrations/Audit", ...scope } },
    {},
    async ({ accountId, client }) => {
      if (accountId === THROWING) throw new RangeError("no such volume");
      if (accountId === HANGING) return forever<string>();
      await client(EC2Client).send(new DescribeInstancesCommand({}));
      return accountId;
    },
    { resolver, timeout: TIMEOUT },
  );

  const ended: { outcome: Outcome<string>; at: number }[] = [];
  let isOver = false;
  const reading = (async () => {
    for await (const outcome of fanOut) ended.push({ outcome, at: clock.monotonic() });
  })().finally(() => {
    isOver = true;
  });
  while (!isOver) await clock.advance(STEP);
  await reading;

  const outcomes = ended.map(({ outcome }) => outcome);
  const values = outcomes.flatMap((outcome) => (outcome.status === "done" ? outcome.value : []));
  expect(values.sort()).toEqual(GOOD);
  const others = outcomes.filter(({ status }) => status !== "done");
  expect(Object.fromEntries(others.map((outcome) => [outcome.accountId, endingOf(outcome)]))).toEqual({
    [HANGING]: "TIMEOUT",
    [SUSPENDED]: given.suspended,
    [WITHOUT_ROLE]: "ASSUME_ROLE_DENIED",
    [DENIED]: "UnauthorizedOperation",
    [REGION_OFF]: "REGION_DISABLED",
    [THROWING]: "RangeError",
  });
  expect(others).toHaveLength(6);
  const last = ended.at(-1) as (typeof ended)[number];
  expect(last.outcome).toMatchObject({ accountId: HANGING, milliseconds: TIMEOUT });
  expect(clock.monotonic() - last.at).toBeLessThanOrEqual(STEP);
  expect(fanOut.progress).toMatchObject({ planned: 100, running: 0, done: 94 });
});
