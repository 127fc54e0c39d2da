import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setDefaultResolver } from "aws-rolecall";
import {
  type AccountSettings,
  type AccountsSettings,
  forEachAccount,
  type OrganizationSettings,
  planAccounts,
} from "aws-rolecall/accounts";
import { type LocalAccount, type LocalAwsOptions, startLocalAws } from "aws-rolecall/testing";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { encryptEverywhere } from "../../docs/examples/many-accounts-change.js";
import { writeInventory } from "../../docs/examples/many-accounts-inventory.js";
import { describeInstances } from "../../docs/examples/many-accounts-xsoar.js";
import { runRolecall } from "../cli/run-rolecall.js";
import { project } from "./code-blocks.js";

/** The file that the page shows. The examples, the command line and the tests below read this one. */
const CONFIG = join(project, "docs/examples/accounts.json");
const OU = "o-exampleorgid/r-examplerootid111/ou-examplerootid111-exampleouid111/";
const BELOW = `${OU}ou-examplerootid111-exampleouid222/`;
const ENABLED_BY_DEFAULT = 17;
const PAYMENTS = "arn:aws:iam::123456789012:role/integrations/Audit";
const PARTNER = "arn:aws:iam::444455556666:role/partners/Audit";

/** Two accounts that the file covers, with 17 regions and one; and one account for each reason not to be covered. */
const ACCOUNTS: LocalAccount[] = [
  { id: "123456789012", name: "Payments", path: OU },
  { id: "444455556666", name: "Partner", path: BELOW },
  { id: "777788889999", name: "Excluded", path: OU },
  { id: "888899990000", name: "Suspended", path: OU, state: "SUSPENDED" },
  { id: "999900001111", name: "In the root" },
];
const TARGETS = ENABLED_BY_DEFAULT + 1;

async function setUp(options: Pick<LocalAwsOptions, "roles"> = {}) {
  const aws = await startLocalAws({
    processEnv: true,
    roles: [
      { roleArn: "arn:aws:iam::111122223333:role/AccountReader" },
      { roleArn: PARTNER, externalId: "partner-0815" },
      ...(options.roles ?? []),
    ],
    organization: { accounts: ACCOUNTS, memberRoles: [{ roleName: "integrations/Audit", externalId: "acme-4711" }] },
  });
  const stderr = vi.spyOn(console, "error").mockReturnValue();
  const table = vi.spyOn(console, "table").mockReturnValue();
  const stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  onTestFinished(async () => {
    for (const spy of [stderr, table, stdout]) spy.mockRestore();
    await aws.close();
  });
  return { aws, stderr, table };
}

async function outputFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rolecall-accounts-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, "inventory.jsonl");
}

const readConfig = async () => JSON.parse(await readFile(CONFIG, "utf8"));
const linesOf = async (file: string) =>
  (await readFile(file, "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const denyPartner = { roleArn: PARTNER, externalId: "another-id" };

beforeEach(() => setDefaultResolver(undefined));

describe("the settings of many accounts in a JSON file", () => {
  it("are all in the page's file", async () => {
    // Records instead of lists: the compiler reports a setting that is missing.
    const accounts: Record<keyof AccountsSettings, true> = {
      roleName: true,
      externalId: true,
      ids: true,
      organization: true,
      regions: true,
    };
    const organization: Record<keyof OrganizationSettings, true> = { roleArn: true, paths: true, exclude: true };
    const entry: Record<keyof AccountSettings, true> = { id: true, roleName: true, externalId: true, regions: true };
    const given = (await readConfig()).accounts;
    const keys = (value: object) => Object.keys(value).toSorted();
    expect([given, given.organization, given.ids[0]].map(keys)).toEqual([accounts, organization, entry].map(keys));
  });

  it("decide the plan: organizational units, excluded accounts, regions and external ids", async () => {
    const { aws } = await setUp();
    const { targets, skipped } = await planAccounts(await readConfig());
    const ofPayments = targets.filter(({ accountId }) => accountId === "123456789012");
    expect(ofPayments).toHaveLength(ENABLED_BY_DEFAULT);
    expect(ofPayments[0]).toMatchObject({
      accountName: "Payments",
      roleArn: PAYMENTS,
    });
    expect(targets.filter(({ accountId }) => accountId !== "123456789012")).toMatchObject([
      { accountId: "444455556666", region: "us-east-1", roleArn: PARTNER },
    ]);
    expect(skipped).toMatchObject([{ accountId: "888899990000", accountState: "SUSPENDED" }]);
    const [reader] = aws.requests.filter(({ operation }) => operation === "ListAccounts");
    expect(reader?.session).toMatchObject({ roleArn: "arn:aws:iam::111122223333:role/AccountReader" });
  });

  it("are enough for a run in each account and region, with one AssumeRole call per account", async () => {
    const { aws } = await setUp();
    const result = await forEachAccount(await readConfig(), {}, ({ accountId }) => accountId).collect();
    result.throwIfFailed();
    expect(result.values).toHaveLength(TARGETS);
    for (const roleArn of [PAYMENTS, PARTNER]) expect(aws.count({ operation: "AssumeRole", roleArn })).toBe(1);
    expect(aws.count({ operation: "AssumeRole" })).toBe(3); // the third is the role that lists the accounts
    expect(aws.count({ operation: "ListAccounts" })).toBe(1);
    expect(aws.count({ operation: "ListRegions" })).toBe(1); // the other account's regions are in the file
  });
});

describe("rolecall accounts with the page's file", () => {
  it("prints each account with its regions, and the one that is skipped", async () => {
    const { aws } = await setUp();
    const { code, output } = await runRolecall(["accounts", "--config", CONFIG, "--region", "us-east-1"], aws.env);
    expect(code).toBe(0);
    expect(output).toBe(`ACCOUNT       NAME      ROLE                                               REGIONS
123456789012  Payments  arn:aws:iam::123456789012:role/integrations/Audit  us-east-1
444455556666  Partner   arn:aws:iam::444455556666:role/partners/Audit      us-east-1

Skipped:
  888899990000 (Suspended): ACCOUNT_NOT_ACTIVE (SUSPENDED)

2 accounts, 2 targets, 1 skipped.
`);
  });

  it("verifies the roles that the examples act as", async () => {
    const { aws } = await setUp();
    const { code } = await runRolecall(["accounts", "--config", CONFIG, "--verify"], aws.env);
    expect(code).toBe(0);
    aws.setRole(denyPartner);
    const { code: partly, output } = await runRolecall(["accounts", "--config", CONFIG, "--verify"], aws.env);
    expect(partly).not.toBe(0);
    expect(output).toContain("ASSUME_ROLE_DENIED");
  });
});

describe("the example that writes an inventory", () => {
  it("writes one line for each target, prints a summary and returns 0", async () => {
    const { stderr } = await setUp();
    const file = await outputFile();
    expect(await writeInventory(CONFIG, file)).toBe(0);
    const lines = await linesOf(file);
    expect(lines).toHaveLength(TARGETS + 1);
    expect(lines.filter(({ status }) => status === "done")[0]).toMatchObject({ value: [expect.stringMatching(/^i-/)] });
    expect(stderr).toHaveBeenCalledWith("19 targets: 18 done, 0 failed, 1 skipped");
  });

  it("writes the error of an account that can't be assumed, goes on with the others and returns 1", async () => {
    const { aws, stderr } = await setUp();
    aws.setRole(denyPartner);
    const file = await outputFile();
    expect(await writeInventory(CONFIG, file)).toBe(1);
    const lines = await linesOf(file);
    expect(lines.filter(({ status }) => status === "failed")).toMatchObject([
      { accountId: "444455556666", code: "ASSUME_ROLE_DENIED", error: expect.stringContaining("trust policy") },
    ]);
    expect(stderr).toHaveBeenCalledWith("19 targets: 17 done, 1 failed, 1 skipped");
  });

  it("returns 1 when its signal aborts, and still writes one line for each target", async () => {
    const { aws, stderr } = await setUp();
    aws.fault({ on: { service: "ec2" }, kind: "hang" });
    const file = await outputFile();
    const stop = new AbortController();
    const exitCode = writeInventory(CONFIG, file, stop.signal);
    await vi.waitFor(() => expect(aws.count({ service: "ec2" })).toBe(5), { timeout: 30_000 }); // 4 regions and 1
    stop.abort();
    expect(await exitCode).toBe(1);
    expect(await linesOf(file)).toHaveLength(TARGETS + 1);
    expect(stderr).toHaveBeenCalledWith("19 targets: 0 done, 5 failed, 14 skipped");
  });
});

describe("the example that makes a change", () => {
  const enabled = { operation: "EnableEbsEncryptionByDefault" };

  it("prints the plan and changes every target after a yes", async () => {
    const { aws, table } = await setUp();
    await encryptEverywhere(await readConfig(), Readable.from(["yes\n"]));
    expect(table.mock.calls[0]?.[0]).toHaveLength(TARGETS);
    expect(aws.count(enabled)).toBe(TARGETS);
  });

  it.each([
    ["a different answer", ["no\n"]],
    ["no answer", []],
  ])("changes nothing after %s", async (_, answer) => {
    const { aws } = await setUp();
    await encryptEverywhere(await readConfig(), Readable.from(answer));
    expect(aws.count(enabled)).toBe(0);
  });

  it("stops after the first account if too many of its regions fail", async () => {
    const { aws } = await setUp();
    aws.fault({ on: { operation: "EnableEbsEncryptionByDefault" }, status: 403, code: "UnauthorizedOperation" });
    await expect(encryptEverywhere(await readConfig(), Readable.from(["yes\n"]))).rejects.toMatchObject({
      code: "TARGETS_FAILED",
      message: expect.stringMatching(/^18 of 19 targets are not done: CANARY_FAILED 15, UnauthorizedOperation 3\./),
    });
    expect(aws.count(enabled)).toBe(3); // the tolerance of 2, and the one that exceeds it
  });
});

it("the example for Cortex XSOAR returns the entries of each account, and the errors of the others", async () => {
  const { aws } = await setUp();
  aws.setRole(denyPartner);
  const params = { defaultRegion: "eu-central-1", roleArn: "", credentials: { identifier: "", password: "" } };
  const { entries, errors } = await describeInstances(params, { region: "us-east-1", filters: "" }, CONFIG);
  expect(entries).toEqual([
    { AccountId: "123456789012", Region: "us-east-1", InstanceId: expect.stringMatching(/^i-/) },
  ]);
  expect(errors).toEqual(["444455556666, us-east-1: ASSUME_ROLE_DENIED"]);
});
