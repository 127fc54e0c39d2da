import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { expect, it, onTestFinished } from "vitest";
import { forEachAccount } from "../../src/accounts/index.js";
import { setUpLocal } from "../support/local.js";
import { endingOf } from "./support.js";

const IDS = Array.from({ length: 40 }, (_, index) => `${200_000_000_000 + index}`);
const roleOf = (id: string) => `arn:aws:iam::${id}:role/Audit`;
const INSTANCE = { region: "eu-central-1", accounts: { roleName: "Audit", ids: IDS } };

/** A run in which only the first account answers: calls of all others hang. */
async function setUpRun(options: Parameters<typeof forEachAccount>[3] = {}) {
  const local = await setUpLocal({ roles: IDS.map((id) => ({ roleArn: roleOf(id) })) });
  for (const id of IDS.slice(1)) {
    local.aws.fault({ on: { operation: "DescribeInstances", roleArn: roleOf(id) }, kind: "hang" });
  }
  const started: string[] = [];
  const signals: AbortSignal[] = [];
  const fanOut = forEachAccount(
    INSTANCE,
    {},
    async ({ accountId, signal, client }) => {
      started.push(accountId);
      signals.push(signal);
      await client(EC2Client).send(new DescribeInstancesCommand({}));
      return accountId;
    },
    { resolver: local.resolver, timeout: 60_000, ...options },
  );
  return { ...local, fanOut, started, signals };
}

type Run = Awaited<ReturnType<typeof setUpRun>>;

/** What waits for the hanging calls, and what the time limits and STS's attempts wait for. */
async function assertNothingIsLeft({ clock, resolver, started, signals }: Run): Promise<void> {
  await clock.settle();
  const count = started.length;
  expect(count).toBeLessThan(IDS.length);
  expect(signals.filter(({ aborted }) => !aborted)).toHaveLength(1);
  expect(resolver.stats().assumeRoleInFlight).toBe(0);
  await resolver.close();
  await clock.settle();
  expect(clock.pendingTimers).toBe(0);
  await clock.advance(120_000);
  expect(started).toHaveLength(count);
}

it("leaving after the first outcome starts nothing more, and aborts what runs", async () => {
  const run = await setUpRun();
  let status = "";
  for await (const outcome of run.fanOut) {
    ({ status } = outcome);
    break;
  }
  expect(status).toBe("done");
  await assertNothingIsLeft(run);
});

it("a signal after the first outcome starts nothing more, aborts what runs and skips the rest", async () => {
  const controller = new AbortController();
  const run = await setUpRun({ signal: controller.signal });
  const endings: string[] = [];
  for await (const outcome of run.fanOut) {
    endings.push(endingOf(outcome));
    controller.abort();
  }
  expect(endings).toHaveLength(IDS.length);
  expect(endings[0]).toBe("done");
  expect(new Set(endings.slice(1))).toEqual(new Set(["ABORTED"]));
  await assertNothingIsLeft(run);
});

it("a canary that fails is the only target that ran, if nothing is tolerated", async () => {
  const { aws, resolver } = await setUpLocal({ roles: IDS.slice(1).map((id) => ({ roleArn: roleOf(id) })) });
  onTestFinished(() => resolver.close());
  const worked: string[] = [];
  const result = await forEachAccount(
    INSTANCE,
    {},
    async ({ accountId }) => {
      worked.push(accountId);
    },
    { resolver, tolerance: 0, canary: 1 },
  ).collect();
  expect(result.failures.map(endingOf)).toEqual(["ASSUME_ROLE_DENIED"]);
  expect(result.skipped.map(endingOf)).toEqual(IDS.slice(1).map(() => "CANARY_FAILED"));
  expect(worked).toEqual([]);
  expect(aws.count({ operation: "AssumeRole" })).toBe(1);
});
