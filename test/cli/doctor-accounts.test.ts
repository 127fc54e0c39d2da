import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Finding } from "../../src/cli/doctor/finding.js";
import type { IntegrationInstance } from "../../src/index.js";
import { type LocalAws, type LocalAwsOptions, type LocalOrganization, startLocalAws } from "../../src/testing/index.js";
import { runRolecall } from "./run-rolecall.js";

const HOST = "111122223333";
const MACHINE = `arn:aws:iam::${HOST}:role/integration-host`;
const LISTER = `arn:aws:iam::${HOST}:role/Lister`;
const USER = `arn:aws:iam::${HOST}:user/integration`;
const HUB = "arn:aws:iam::888899990000:role/Hub";
const MANY = Array.from({ length: 12 }, (_, index) => `${100_000_000_000 + index}`);
const HOSTILE = "\u001b[2J\u202eevil";
const DISCOVERED = { roleName: "Audit", organization: { exclude: [HOST] } };

interface Case {
  readonly organization: LocalOrganization;
  readonly aws?: LocalAwsOptions;
  readonly instance?: IntegrationInstance | ((aws: LocalAws) => IntegrationInstance);
  readonly broken?: (aws: LocalAws) => unknown;
}

async function start({ organization, aws: options, instance, broken }: Case) {
  const aws = await startLocalAws({
    region: "eu-central-1",
    instanceProfile: { roleArn: MACHINE },
    denialContext: true,
    ...options,
    organization: { memberRoles: [{ roleName: "Audit" }], ...organization },
  });
  const folder = await mkdtemp(join(tmpdir(), "rolecall-doctor-"));
  onTestFinished(async () => {
    await aws.close();
    await rm(folder, { recursive: true });
  });
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  broken?.(aws);
  const config = join(folder, "instance.json");
  const settings = typeof instance === "function" ? instance(aws) : instance;
  const file = JSON.stringify({ region: "eu-central-1", accounts: DISCOVERED, ...settings });
  await writeFile(config, file, { mode: 0o600 });
  return { aws, args: ["doctor", "--all-accounts", "--config", config] };
}

async function diagnose(subject: Case) {
  const { aws, args } = await start(subject);
  const { code, output } = await runRolecall([...args, "--json"]);
  const { findings, exitCode } = JSON.parse(output) as { findings: Finding[]; exitCode: number };
  expect(exitCode).toBe(code);
  const isAboutAccounts = ({ step, accounts }: Finding) => accounts !== undefined || step === "accounts";
  const ofAccounts = findings.filter(isAboutAccounts);
  const idsOf = (finding?: Finding) => finding?.accounts?.map(({ accountId }) => accountId);
  const failures = ofAccounts.filter(({ status }) => status === "failed");
  return { aws, code, findings, ofAccounts, failures, idsOf };
}

const external = (externalId?: string) => ({ memberRoles: [{ roleName: "Audit", ...(externalId && { externalId }) }] });

describe("rolecall doctor --all-accounts", () => {
  it("checks the machine once, and says the same of all accounts in one finding", async () => {
    const { code, findings, ofAccounts, idsOf } = await diagnose({ organization: { accounts: MANY } });
    expect(code).toBe(0);
    expect(findings.filter(({ step }) => step === "sts")).toHaveLength(1);
    expect(ofAccounts.map(({ step, status }) => [step, status])).toEqual([
      ["accounts", "ok"],
      ["allowed-roles", "ok"],
      ["assume", "ok"],
      ["external-id", "ok"],
      ["duration", "ok"],
    ]);
    expect(ofAccounts[0]?.summary).toBe("organizations:ListAccounts works: the instance has 12 accounts.");
    expect(idsOf(ofAccounts[2])).toEqual(MANY);
    expect(ofAccounts[2]?.summary).toContain(
      "Can be assumed: arn:aws:sts::<account>:assumed-role/Audit/rolecall-doctor-",
    );
  });

  it("explains each cause of a denial once, with the accounts that have it", async () => {
    const [first = "", second = "", third = "", fourth = "", ...others] = MANY;
    const audit = (id: string) => `arn:aws:iam::${id}:role/Audit`;
    const { code, failures, idsOf } = await diagnose({
      organization: { accounts: [{ id: first, memberRoles: false }, ...MANY.slice(1)] },
      aws: {
        instanceProfile: {
          roleArn: MACHINE,
          policy: {
            Version: "2012-10-17",
            Statement: [
              { Effect: "Allow", Action: ["sts:AssumeRole", "organizations:ListAccounts"], Resource: "*" },
              { Effect: "Deny", Action: "sts:AssumeRole", Resource: audit(fourth) },
            ],
          },
        },
        roles: [
          { roleArn: audit(second), trustedPrincipals: ["arn:aws:iam::111122223333:role/old-host"] },
          { roleArn: audit(third), externalId: "acme-4711" },
        ],
      },
    });
    expect(code).toBe(5);
    expect(others).toHaveLength(8);
    const explained = failures.map((finding) => [finding.summary, idsOf(finding)] as const);
    expect(explained).toEqual([
      [
        expect.stringMatching(
          /^Denied: this role's trust policy does not allow .*requires an external id \(none is set\)/,
        ),
        [first, second, third],
      ],
      [expect.stringMatching(/^Denied: a Deny statement in an identity-based policy blocks sts:AssumeRole/), [fourth]],
    ]);
    expect(failures[0]?.next).toContainEqual("Look at its trust policy in account <account>:");
    expect(failures[1]?.next).toContainEqual(expect.stringContaining(audit(fourth)));
  });

  it("names the account's setting as the source of an external id, in the command for the trust policy too", async () => {
    const [first = "", second = ""] = MANY;
    const { failures } = await diagnose({
      organization: { accounts: [first, second], ...external("acme-4711") },
      instance: {
        accounts: { roleName: "Audit", externalId: "wrong-1", ids: [{ id: first, externalId: "wrong-2" }, second] },
      },
    });
    const advice = failures.map(({ next }) => next.join(" "));
    expect(advice[0]).toContain("sts:ExternalId there equals instance.accounts.ids[].externalId.");
    expect(advice[1]).toContain("sts:ExternalId there equals instance.accounts.externalId.");
    for (const each of advice) expect(each).toMatch(/ --config \S+ --external-id <id>$/);
    for (const each of advice) expect(each).not.toContain("wrong");
  });

  it("says which accounts are not active", async () => {
    const [first = "", second = ""] = MANY;
    const { code, ofAccounts } = await diagnose({
      organization: { accounts: [first, { id: second, name: "Old", state: "SUSPENDED" }] },
    });
    expect(code).toBe(0);
    expect(ofAccounts).toContainEqual({
      step: "accounts",
      status: "skipped",
      summary: "Not active (SUSPENDED), so a run skips it.",
      next: [],
      accounts: [{ accountId: second, accountName: "Old" }],
    });
  });

  it("says that the base identity may not list the accounts", async () => {
    const { code, failures } = await diagnose({
      organization: { accounts: [...MANY, HOST], managementAccountId: "888899990000" },
    });
    expect(code).toBe(5);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({
      step: "accounts",
      summary: expect.stringMatching(/^organizations:ListAccounts as the base identity failed: /),
      next: [expect.stringMatching(/^Allow organizations:ListAccounts for the base identity/)],
    });
  });

  it("explains why the role that lists the accounts is denied", async () => {
    const { failures } = await diagnose({
      organization: { accounts: MANY },
      aws: { roles: [{ roleArn: LISTER, trustedPrincipals: ["arn:aws:iam::111122223333:role/old-host"] }] },
      instance: { accounts: { roleName: "Audit", organization: { roleArn: LISTER } } },
    });
    expect(failures[0]).toMatchObject({
      step: "accounts",
      roleArn: LISTER,
      summary: expect.stringMatching(
        /^The role that lists the accounts: Denied: this role's trust policy does not allow /,
      ),
    });
  });

  it("checks whether the regions of each account can be listed", async () => {
    const [first = "", second = ""] = MANY;
    const roleArn = `arn:aws:iam::${second}:role/Audit`;
    const { aws, code, ofAccounts, failures, idsOf } = await diagnose({
      organization: { accounts: [first, second] },
      broken: (local) =>
        local.fault({ on: { operation: "ListRegions", roleArn }, status: 403, code: "AccessDeniedException" }),
      instance: { accounts: { ...DISCOVERED, regions: "enabled" } },
    });
    expect(idsOf(ofAccounts.find(({ step, status }) => step === "account-regions" && status === "ok"))).toEqual([
      first,
    ]);
    expect(failures.map((finding) => [finding.step, idsOf(finding)])).toEqual([["account-regions", [second]]]);
    expect(failures[0]?.summary).toContain(`account:ListRegions as ${roleArn} failed: `);
    expect(code).toBe(5);
    expect(aws.count({ operation: "AssumeRole", roleArn })).toBe(1);
  });

  it("fails for a role that allowedRoles does not allow, before any account is tried", async () => {
    const { aws, failures } = await diagnose({
      organization: { accounts: MANY },
      instance: { allowedRoles: [`arn:aws:iam::${MANY[0]}:role/Audit`] },
    });
    expect(failures).toMatchObject([{ step: "accounts", summary: expect.stringContaining(`${MANY[1]}:role/Audit`) }]);
    expect(aws.count({ operation: "AssumeRole" })).toBe(0);
  });

  it("tries no account if STS rejects the base identity", async () => {
    const { code, ofAccounts } = await diagnose({
      organization: { accounts: MANY },
      broken: () => vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9"),
    });
    expect(code).toBe(3);
    expect(ofAccounts).toMatchObject([
      { step: "accounts", status: "skipped", summary: "Not listed: STS must accept the base identity first." },
    ]);
  });

  it("assumes the accounts' roles through the source role", async () => {
    const [first = ""] = MANY;
    const { code, ofAccounts, findings } = await diagnose({
      organization: { accounts: [first], memberRoles: [{ roleName: "Audit", trustedPrincipals: [HUB] }] },
      aws: { roles: [{ roleArn: HUB, allowAssumeRole: ["*"] }] },
      instance: { sourceRole: HUB, accounts: { roleName: "Audit", ids: [first] } },
    });
    expect(findings.filter(({ roleArn }) => roleArn === HUB)).not.toHaveLength(0);
    expect(ofAccounts[0]?.summary).toBe("The settings list the accounts: the instance has 1 account.");
    expect(code).toBe(0);
  });

  it("finds the longest duration of each account's role, whatever the others grant", async () => {
    const [first = "", second = "", third = ""] = MANY;
    const granting = (id: string, maxSessionDuration: number) => ({
      roleArn: `arn:aws:iam::${id}:role/Audit`,
      trustedPrincipals: [USER],
      maxSessionDuration,
    });
    const { failures, idsOf } = await diagnose({
      organization: { accounts: [first, second, third] },
      aws: { roles: [granting(first, 7200), granting(second, 14_400), granting(third, 7200)] },
      instance: (local) => ({
        credentials: local.issueUserKeys({ userArn: USER }),
        roleSessionDuration: 14_400,
        accounts: { roleName: "Audit", ids: [first, second, third] },
      }),
    });
    expect(failures.map((finding) => [finding.step, idsOf(finding)])).toEqual([["duration", [first, third]]]);
    expect(failures[0]?.summary).toContain("it grants up to 7200 s.");
  });

  it("prints a finding for many accounts as one paragraph, with the first of them", async () => {
    const { args } = await start({
      organization: { accounts: [...MANY.map((id) => ({ id, name: HOSTILE, memberRoles: false })), "123456789012"] },
    });
    const { code, output, errors } = await runRolecall(args);
    expect(code).toBe(5);
    expect(output).toContain("\nThe accounts\n");
    expect(output.match(/12 accounts: Denied/g)).toHaveLength(1);
    expect(output).toContain(`${MANY[0]} (\\u001b[2J\\u202eevil), ${MANY[1]} `);
    expect(output).toContain(" and 7 more\n");
    expect(output + errors).not.toMatch(/[^\P{C}\n]/u);
    expect(errors).toContain("100%: 13 of 13 accounts, 12 failed\n");
  });

  it.each([
    ["roles", ["doctor", "--all-accounts", MACHINE], /^Use --all-accounts or <role ARN>, not both\./],
    [
      "no accounts in the file",
      ["doctor", "--all-accounts"],
      /^--all-accounts needs accounts in the instance's settings\./,
    ],
  ])("is a usage error with %s", async (_what, args, message) => {
    const { code, errors } = await runRolecall(args);
    expect(code).toBe(2);
    expect(errors).toMatch(message);
  });
});
