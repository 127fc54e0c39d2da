import { expect, it, onTestFinished } from "vitest";
import { DEFAULT_REGIONS } from "../../src/testing/account-regions.js";
import { type LocalAws, type LocalAwsOptions, startLocalAws } from "../../src/testing/index.js";
import { useChildren } from "./children.js";

const { run } = useChildren();

const ROLE_NAME = "integrations/Audit";
const FIRST_ACCOUNT = 123456789012;
const MIB = 1024 * 1024;

interface Run {
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  /** Targets with exactly one outcome. */
  readonly once: number;
  readonly firstError?: string;
  readonly seconds: number;
  /** Bytes. Start and end are after garbage collection. */
  readonly heap: { readonly start: number; readonly peak: number; readonly end: number };
  /** The most bytes of the whole process. */
  readonly resident: number;
  readonly sessions: number;
  readonly clients: number;
}

/** Runs `forEachAccount` in a process whose heap cannot grow beyond `heapLimit` MiB. */
async function runOver(
  accounts: number,
  { recordRequests, ...env }: { recordRequests: NonNullable<LocalAwsOptions["recordRequests"]>; SIGNED_CALLS?: "true" },
  heapLimit: number,
): Promise<{ aws: LocalAws; result: Run }> {
  const ids = Array.from({ length: accounts }, (_, index) => String(FIRST_ACCOUNT + index));
  const organization = { accounts: ids, memberRoles: [{ roleName: ROLE_NAME }] };
  const aws = await startLocalAws({ organization, recordRequests });
  onTestFinished(() => aws.close());
  const settings = {
    ROLE_NAME,
    ACCOUNTS: String(accounts),
    FIRST_ACCOUNT: String(FIRST_ACCOUNT),
    REGIONS: DEFAULT_REGIONS.join(),
    NODE_OPTIONS: `--max-old-space-size=${heapLimit}`,
  };
  const result = (await run("many-accounts.mjs", { ...aws.env, ...settings, ...env })) as Run;
  console.info(reportOf(accounts, aws, result));
  return { aws, result };
}

function reportOf(
  accounts: number,
  { sockets }: LocalAws,
  { seconds, heap, resident, sessions, clients }: Run,
): string {
  const [start, peak, end, whole] = [heap.start, heap.peak, heap.end, resident].map((bytes) =>
    (bytes / MIB).toFixed(1),
  );
  return (
    `${accounts} accounts in ${DEFAULT_REGIONS.length} regions: ${seconds.toFixed(1)} s, ${sockets.aws.peak} sockets; ` +
    `heap ${start} MiB at the start, at most ${peak}, ${end} at the end with ${sessions} sessions and ${clients} clients; ` +
    `the whole process at most ${whole} MiB`
  );
}

it("a run over 10,000 accounts in 17 regions loses no target, assumes each role once and keeps its memory", async () => {
  const accounts = 10_000;
  const { aws, result } = await runOver(accounts, { recordRequests: { operation: "AssumeRole" } }, 128);
  const targets = accounts * DEFAULT_REGIONS.length;
  expect(result.firstError).toBeUndefined();
  expect(result).toMatchObject({ done: targets, failed: 0, skipped: 0, once: targets });
  const asked = aws.requests.map(({ roleArn }) => roleArn);
  expect(asked).toHaveLength(accounts);
  expect(new Set(asked).size).toBe(accounts);
  expect(aws.sockets.aws.peak).toBeLessThanOrEqual(25);
  expect(result.heap.end - result.heap.start).toBeLessThanOrEqual(60 * MIB);
}, 900_000);

it("each target of 100 accounts in 17 regions signs its own call as its account's role", async () => {
  const accounts = 100;
  const { aws, result } = await runOver(accounts, { recordRequests: true, SIGNED_CALLS: "true" }, 128);
  const targets = accounts * DEFAULT_REGIONS.length;
  expect(result.firstError).toBeUndefined();
  expect(result).toMatchObject({ done: targets, failed: 0, skipped: 0, once: targets });
  expect(aws.count({ operation: "AssumeRole" })).toBe(accounts);
  const calls = aws.requests.filter(({ operation }) => operation === "DescribeInstances");
  expect(calls.filter(({ status }) => status !== 200)).toEqual([]);
  expect(new Set(calls.map(({ roleArn, region }) => `${roleArn} ${region}`)).size).toBe(targets);
  expect(calls).toHaveLength(targets);
}, 300_000);
