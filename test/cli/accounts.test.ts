import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { InterruptionSignal } from "../../src/cli/interruption.js";
import type { IntegrationInstance } from "../../src/index.js";
import { type LocalAws, type LocalOrganization, startLocalAws } from "../../src/testing/index.js";
import { runRolecall } from "./run-rolecall.js";

/** A busy machine is not a failure. */
const PATIENCE = 30_000;
const AUDIT = "integrations/Audit";
const FIRST = "123456789012";
const SECOND = "444455556666";
const THIRD = "777788889999";
/** A name that clears the screen, turns the text around and begins a new line. */
const HOSTILE = "\u001b[2J\u202eevil\u200b\nname";
const ESCAPED = "\\u001b[2J\\u202eevil\\u200b\\u000aname";
/** What `escapeInvisible` escapes, except the ends of our own lines. */
const CONTROLS = /[^\P{C}\n]/u;

const LISTED = { roleName: AUDIT, ids: [FIRST, SECOND, THIRD] };
const DISCOVERED = { roleName: AUDIT, organization: { exclude: ["111122223333"] } };

async function writeConfig(instance: IntegrationInstance): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rolecall-accounts-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const config = join(folder, "instance.json");
  await writeFile(config, JSON.stringify({ region: "eu-central-1", ...instance }));
  return config;
}

async function startOrganization(organization: LocalOrganization): Promise<LocalAws> {
  const aws = await startLocalAws({ organization: { memberRoles: [{ roleName: AUDIT }], ...organization } });
  onTestFinished(() => aws.close());
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  return aws;
}

async function accounts(
  accounts: IntegrationInstance["accounts"],
  args: readonly string[] = [],
  { env = {}, ...terminal }: Parameters<typeof runRolecall>[2] & { env?: Record<string, string> } = {},
) {
  const config = await writeConfig({ accounts });
  return runRolecall(["accounts", "--config", config, ...args], env, terminal);
}

describe("the plan", () => {
  it("is a line for each account with its role and regions, and a line with the numbers", async () => {
    const { code, output, errors } = await accounts({ ...LISTED, regions: ["eu-central-1", "us-east-1"] });
    expect(errors).toBe("");
    expect(output).toBe(`ACCOUNT       ROLE                                               REGIONS
123456789012  arn:aws:iam::123456789012:role/integrations/Audit  eu-central-1, us-east-1
444455556666  arn:aws:iam::444455556666:role/integrations/Audit  eu-central-1, us-east-1
777788889999  arn:aws:iam::777788889999:role/integrations/Audit  eu-central-1, us-east-1

3 accounts, 6 targets.
`);
    expect(code).toBe(0);
  });

  it("can be narrowed to some accounts and regions", async () => {
    const narrowed = ["--account", SECOND, "--account", FIRST, "--region", "us-east-1"];
    const { output } = await accounts({ ...LISTED, regions: ["eu-central-1", "us-east-1"] }, narrowed);
    expect(output).toContain(`${FIRST}  arn:aws:iam::${FIRST}:role/${AUDIT}  us-east-1\n`);
    expect(output).toContain("\n2 accounts, 2 targets.\n");
  });

  it("says what a run would skip, and why", async () => {
    await startOrganization({
      accounts: [{ id: FIRST, name: "Payments" }, { id: SECOND, name: "Old", state: "SUSPENDED" }, THIRD],
    });
    const ids = [
      { id: FIRST, regions: ["eu-central-1"] },
      { id: THIRD, regions: ["us-east-1"] },
    ];
    const { output } = await accounts({ ...DISCOVERED, ids }, ["--region", "us-east-1"]);
    expect(output).toBe(`ACCOUNT       NAME                  ROLE                                               REGIONS
777788889999  Account 777788889999  arn:aws:iam::777788889999:role/integrations/Audit  us-east-1

Skipped:
  444455556666 (Old): ACCOUNT_NOT_ACTIVE (SUSPENDED)
  123456789012 (Payments) in us-east-1: REGION_NOT_LISTED

1 account, 1 target, 2 skipped.
`);
  });

  it("says which account's regions could not be listed", async () => {
    await startOrganization({
      accounts: [
        { id: FIRST, regions: ["eu-central-1"] },
        { id: SECOND, memberRoles: false },
      ],
    });
    const { output, code } = await accounts({ ...DISCOVERED, regions: "enabled" });
    expect(output).toMatch(/^123456789012 .*Audit {2}eu-central-1$/m);
    expect(output).toMatch(/^444455556666 .*Audit {2}\(could not be listed\)$/m);
    expect(output).toContain("run rolecall doctor --all-accounts.\n");
    expect(code).toBe(0);
  });

  it("is JSON with --json", async () => {
    const { output } = await accounts({ ...LISTED, ids: [FIRST] }, ["--json"]);
    const roleArn = `arn:aws:iam::${FIRST}:role/${AUDIT}`;
    expect(JSON.parse(output)).toEqual({
      targets: [{ accountId: FIRST, roleArn, region: "eu-central-1" }],
      skipped: [],
    });
  });

  it.each([
    ["no file", [], 2, /^rolecall accounts needs --config <file>\.\n/],
    [
      "a concurrency of none",
      ["--config", "FILE", "--concurrency", "0"],
      2,
      /--concurrency must be a whole number from 1 to 1000\./,
    ],
    [
      "a time limit in words",
      ["--config", "FILE", "--timeout", "ten"],
      2,
      /--timeout must be a whole number from 1 to 86400\./,
    ],
    [
      "an account that is not listed",
      ["--config", "FILE", "--account", "888899990000"],
      1,
      /888899990000.*does not list/,
    ],
  ] as const)("is refused with %s", async (_what, args, code, message) => {
    const config = await writeConfig({ accounts: LISTED });
    const run = await runRolecall(["accounts", ...args.map((arg) => (arg === "FILE" ? config : arg))]);
    expect(run.code).toBe(code);
    expect(run.errors).toMatch(message);
    expect(run.output).toBe("");
  });

  it("is an error that names the role and the action if the accounts cannot be listed", async () => {
    await startOrganization({ accounts: [FIRST], managementAccountId: THIRD });
    const { code, output, errors } = await accounts({ roleName: AUDIT, organization: {} });
    expect(code).toBe(1);
    expect(output).toBe("");
    expect(errors).toMatch(/^organizations:ListAccounts as the base identity failed: /);
  });
});

describe("rolecall accounts --verify", () => {
  const SOME_FAIL = { accounts: [FIRST, { id: SECOND, name: "Sandbox", memberRoles: false }] };

  it("exits with 0 if all active accounts can be assumed", async () => {
    await startOrganization({ accounts: [FIRST, SECOND, { id: THIRD, name: "Old", state: "SUSPENDED" }] });
    const { code, output } = await accounts(DISCOVERED, ["--verify"]);
    expect(output).toBe(`  - 1 account not tried: ACCOUNT_NOT_ACTIVE (SUSPENDED)
      777788889999 (Old)

The role can be assumed in 2 of 2 accounts. 1 account not tried.
`);
    expect(code).toBe(0);
  });

  it("exits with 6 if some can be assumed, and groups the others by error code", async () => {
    await startOrganization(SOME_FAIL);
    const { code, output } = await accounts(DISCOVERED, ["--verify"]);
    expect(output).toMatch(
      /^ {2}✗ 1 account: ASSUME_ROLE_DENIED\n {6}444455556666 \(Sandbox\)\n {6}\S.*\n\nThe role can be assumed in 1 of 2 /,
    );
    expect(code).toBe(6);
  });

  it("exits with 7 if none can be assumed, and shows the first accounts of many", async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `${100_000_000_000 + index}`);
    await startOrganization({ accounts: [FIRST] });
    const { code, output } = await accounts({ roleName: AUDIT, ids }, ["--verify"]);
    expect(output).toContain(`12 accounts: ASSUME_ROLE_DENIED\n      ${ids.slice(0, 5).join(", ")} and 7 more\n`);
    expect(output).toContain("\nThe role can be assumed in 0 of 12 accounts.\n");
    expect(code).toBe(7);
  });

  it("prints each account with --json", async () => {
    await startOrganization(SOME_FAIL);
    const { code, output } = await accounts(DISCOVERED, ["--verify", "--json"]);
    const { exitCode, accounts: listed } = JSON.parse(output);
    expect(exitCode).toBe(code);
    const roleArn = (id: string) => `arn:aws:iam::${id}:role/${AUDIT}`;
    expect(listed).toContainEqual({
      accountId: FIRST,
      accountName: `Account ${FIRST}`,
      roleArn: roleArn(FIRST),
      status: "done",
      arn: expect.stringMatching(/^arn:aws:sts::123456789012:assumed-role\/Audit\//),
    });
    expect(listed).toContainEqual({
      accountId: SECOND,
      accountName: "Sandbox",
      roleArn: roleArn(SECOND),
      status: "failed",
      code: "ASSUME_ROLE_DENIED",
      retryable: false,
      message: expect.stringContaining(roleArn(SECOND)),
    });
  });

  it("prints a line for each failed account and every ten per cent where there is no terminal", async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `${100_000_000_000 + index}`);
    await startOrganization({ accounts: ids.slice(1) });
    const { errors, output } = await accounts({ roleName: AUDIT, ids }, ["--verify", "--concurrency", "1"]);
    const tenths = Array.from(
      { length: 10 },
      (_, index) => `${10 * (index + 1)}%: ${2 * (index + 1)} of 20 accounts, 1 failed`,
    );
    expect(errors.split("\n")).toEqual([`${ids[0]}: ASSUME_ROLE_DENIED`, ...tenths, ""]);
    expect(output).not.toMatch(CONTROLS);
  });

  it.each([60, 80, 120, 200])("draws a bar on one line of a terminal with %i columns", async (columns) => {
    await startOrganization(SOME_FAIL);
    const { errors } = await accounts(DISCOVERED, ["--verify"], { isTTY: true, columns });
    const drawn = stripVTControlCharacters(errors).split("\r");
    expect(errors).not.toContain("\n");
    for (const line of drawn) expect(line.length).toBeLessThan(Math.min(columns, 121));
    expect(drawn).toContainEqual(expect.stringMatching(/^\[=+\] 2 of 2 accounts, 1 failed$/));
    expect(drawn.at(-1)).toBe("");
    expect(drawn.at(-2)?.trim()).toBe("");
  });

  it("draws no bar where it does not fit", async () => {
    await startOrganization(SOME_FAIL);
    const { errors } = await accounts(DISCOVERED, ["--verify"], { isTTY: true, columns: 30, env: { NO_COLOR: "1" } });
    expect(errors.split("\r")).toContain("2 of 2 accounts, 1 failed");
  });

  it("uses no color with NO_COLOR, and no carriage return on a dumb terminal", async () => {
    await startOrganization(SOME_FAIL);
    const plain = await accounts(DISCOVERED, ["--verify"], { isTTY: true, env: { NO_COLOR: "1" } });
    expect(plain.errors).toContain("\r");
    expect(plain.errors + plain.output).not.toContain("\u001b");
    const dumb = await accounts(DISCOVERED, ["--verify"], { isTTY: true, env: { TERM: "dumb" } });
    expect(dumb.errors + dumb.output).not.toMatch(CONTROLS);
  });

  it("gives up on an account after --timeout", async () => {
    const aws = await startOrganization({ accounts: [FIRST, SECOND] });
    aws.fault({ on: { target: "sts", roleArn: `arn:aws:iam::${SECOND}:role/${AUDIT}` }, kind: "hang" });
    const { code, output } = await accounts(DISCOVERED, ["--verify", "--timeout", "1"]);
    expect(output).toContain(`1 account: TIMEOUT\n      ${SECOND}`);
    expect(code).toBe(6);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("prints what is known so far after %s", async (name, expected) => {
    const aws = await startOrganization({ accounts: [FIRST, SECOND, THIRD] });
    aws.fault({ on: { target: "sts", roleArn: `arn:aws:iam::${SECOND}:role/${AUDIT}` }, kind: "hang" });
    let listening = 0;
    const onSignal = (listener: (name: InterruptionSignal) => void) => {
      listening++;
      const sent = vi.waitUntil(() => aws.requests.some(({ roleArn = "" }) => roleArn.includes(SECOND)), PATIENCE);
      void sent.then(() => listener(name));
      return () => {
        listening = 0;
      };
    };
    const { code, output } = await accounts(DISCOVERED, ["--verify", "--concurrency", "1"], { onSignal });
    expect(output).toBe(`  - 2 accounts not tried: ABORTED
      ${SECOND} (Account ${SECOND}), ${THIRD} (Account ${THIRD})

The role can be assumed in 1 of 1 account. 2 accounts not tried.
`);
    expect(code).toBe(expected);
    expect(listening).toBe(0);
  });

  it("says so if it is interrupted before the accounts are known", async () => {
    const aws = await startOrganization({ accounts: [FIRST] });
    aws.fault({ on: { target: "service" }, kind: "hang" });
    const onSignal = (listener: (name: InterruptionSignal) => void) => {
      void vi.waitUntil(() => aws.count({ target: "service" }) > 0, PATIENCE).then(() => listener("SIGINT"));
      return () => {};
    };
    const { code, output, errors } = await accounts(DISCOVERED, ["--verify"], { onSignal });
    expect([code, output]).toEqual([130, ""]);
    expect(errors).toBe("Interrupted before the list of accounts was complete. No account was tried.\n");
  });
});

describe("account names that try to control the terminal", () => {
  const organization: LocalOrganization = {
    accounts: [
      { id: FIRST, name: HOSTILE },
      { id: SECOND, name: HOSTILE, memberRoles: false },
      { id: THIRD, name: HOSTILE, state: "SUSPENDED" },
    ],
  };

  it.each([
    ["the plan", []],
    ["the summary", ["--verify"]],
  ])("are escaped in %s and in the lines of progress", async (_what, args) => {
    await startOrganization(organization);
    const { output, errors } = await accounts(DISCOVERED, args);
    expect(output).toContain(ESCAPED);
    expect(output + errors).not.toMatch(CONTROLS);
  });

  it.each([
    ["the plan", []],
    ["each outcome", ["--verify"]],
  ])("are escaped in the JSON of %s and unchanged for the program that parses it", async (_what, args) => {
    await startOrganization(organization);
    const { output } = await accounts(DISCOVERED, [...args, "--json"]);
    expect(output).not.toMatch(CONTROLS);
    const { targets, accounts: outcomes } = JSON.parse(output);
    expect((targets ?? outcomes)[0].accountName).toBe(HOSTILE);
  });

  it("are cut if they are longer than AWS allows, and cannot look like another column", async () => {
    await startOrganization({ accounts: [{ id: FIRST, name: `A${" ".repeat(20)}B${"x".repeat(100)}` }] });
    const { output } = await accounts(DISCOVERED);
    expect(output).toMatch(/^123456789012 {2}A Bx{27}… {2}arn:aws:iam/m);
  });
});
