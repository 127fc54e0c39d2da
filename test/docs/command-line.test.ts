import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { EXIT_CODES } from "../../src/cli/doctor/finding.js";
import { type LocalAwsOptions, startLocalAws } from "../../src/testing/index.js";
import { runRolecall } from "../cli/run-rolecall.js";
import { whoAmI } from "../support/who-am-i.js";

const page = await readFile(new URL("../../docs/command-line.md", import.meta.url), "utf8");
const { output: usage } = await runRolecall(["--help"]);
const NAMES = [...usage.matchAll(/^ {2}([a-z-]+) {2,}\S/gm)].map(([, name]) => name ?? "");

/** The organization of the page: one account lacks the role, one has the wrong trust policy, one is suspended. */
const ORGANIZATION: LocalAwsOptions = {
  region: "eu-central-1",
  instanceProfile: { roleArn: "arn:aws:iam::111122223333:role/integration-host" },
  denialContext: true,
  roles: [
    {
      roleArn: "arn:aws:iam::777788889999:role/integrations/Audit",
      trustedPrincipals: ["arn:aws:iam::111122223333:role/old-host"],
    },
  ],
  organization: {
    accounts: [
      { id: "123456789012", name: "Payments" },
      { id: "444455556666", name: "Sandbox", memberRoles: false },
      { id: "777788889999", name: "Data" },
      { id: "888899990000", name: "Old web shop", state: "SUSPENDED" },
    ],
    memberRoles: [{ roleName: "integrations/Audit" }],
  },
};

const blocksOf = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, text]) => text ?? "");

describe("docs/command-line.md", () => {
  it.each(NAMES)("shows the output of rolecall %s --help under its own heading", async (name) => {
    const { output } = await runRolecall([name, "--help"]);
    expect(blocksOf("text")).toContain(output);
    expect(page).toContain(`\n## rolecall ${name}\n`);
  });

  it("shows the output of rolecall explain for the file on the page", async () => {
    const folder = await mkdtemp(join(tmpdir(), "rolecall-docs-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const config = join(folder, "instance.json");
    await writeFile(config, blocksOf("jsonc")[0] ?? "");
    const command = blocksOf("sh").find((text) => text.startsWith("npx aws-rolecall explain")) ?? "";
    const args = command.trim().replace("instance.json", config).split(" ").slice(2);
    expect(blocksOf("text")).toContain((await runRolecall(args)).output);
  });

  it("runs the programs of rolecall exec as the page says", async () => {
    const roles = ["arn:aws:iam::123456789012:role/integrations/Inventory", "arn:aws:iam::444455556666:role/Audit"];
    const aws = await startLocalAws({ roles: roles.map((roleArn) => ({ roleArn, trustedPrincipals: ["*"] })) });
    const folder = await mkdtemp(join(tmpdir(), "rolecall-docs-"));
    onTestFinished(async () => {
      await aws.close();
      await rm(folder, { recursive: true });
    });
    for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
    const config = join(folder, "instance.json");
    await writeFile(config, blocksOf("jsonc")[0] ?? "");
    const block = blocksOf("sh").find((text) => text.startsWith("npx aws-rolecall exec")) ?? "";
    const ran: unknown[] = [];
    for (const line of block.trim().split("\n")) {
      const args = line.replace("instance.json", `${config} --store none`).split(" ").slice(2);
      await runRolecall(args, aws.env, {
        runProgram: async (words, env) => {
          ran.push([words.join(" "), env.AWS_REGION, (await whoAmI(env))?.split("/").slice(0, 2).join("/")]);
          return { kind: "ended", exitCode: 0 };
        },
      });
    }
    expect(ran).toEqual([
      ["aws sts get-caller-identity", "eu-central-1", "arn:aws:sts::123456789012:assumed-role/Inventory"],
      ["python3 report.py", "eu-central-1", "arn:aws:sts::444455556666:assumed-role/Audit"],
    ]);
  });

  it.each([
    "accounts --config accounts.json",
    "accounts --config accounts.json --verify",
    "doctor --all-accounts --config accounts.json",
  ])("shows the output of rolecall %s for an organization", async (line) => {
    const aws = await startLocalAws(ORGANIZATION);
    const folder = await mkdtemp(join(tmpdir(), "rolecall-docs-"));
    onTestFinished(async () => {
      await aws.close();
      await rm(folder, { recursive: true });
    });
    for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
    const config = join(folder, "accounts.json");
    await writeFile(config, blocksOf("jsonc")[1] ?? "");
    expect(blocksOf("sh")).toContain(`npx aws-rolecall ${line}\n`);
    const { output } = await runRolecall(line.split(" ").map((word) => (word === "accounts.json" ? config : word)));
    const shown = output.replaceAll(config, "accounts.json").replaceAll(hostname(), "engine-1");
    expect(blocksOf("text")).toContain(shown.replace(/^\n/, ""));
  });

  it("names every step of the doctor", () => {
    const steps = [...page.matchAll(/^\| `([a-z0-9-]+)` \| .* \| (\d?) ?\|$/gm)].map(([, step]) => step);
    expect(steps).toEqual(Object.keys(EXIT_CODES));
  });
});
