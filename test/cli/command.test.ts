import { describe, expect, it } from "vitest";
import { runRolecall } from "./run-rolecall.js";

const HOST = "arn:aws:iam::111122223333:role/integration-host";
const OTHER_HOST = "arn:aws:iam::111122223333:role/other-host";
const ROLE = "arn:aws:iam::123456789012:role/Inventory";

/** Each option of each command, as `--help` lists it, and whether it can be repeated. */
const COMMANDS = {
  explain: ["--config", "--role-session-name", "--role-session-duration", "--region", "--json"],
  doctor: ["--config", "--json"],
  "credential-process": [
    "--role-arn",
    "--config",
    "--role-session-name",
    "--role-session-duration",
    "--region",
    "--store",
    "--directory",
    "--print-secrets-to-terminal",
  ],
  "cache list": ["--directory"],
  "cache clear": ["--directory"],
  "policy trust": ["--config", "--format"],
  "policy identity": ["--config", "--format", "--principal", "--variant", "--partition"],
  "policy ec2-trust": ["--format", "--principal", "--partition"],
};
const FLAGS = ["--json", "--print-secrets-to-terminal"];

const cases = Object.entries(COMMANDS).flatMap(([command, options]) =>
  options.map((option) => [command, option] as const),
);

describe("a repeated option", () => {
  it.each(cases)("is rejected by rolecall %s before it reads or calls anything: %s", async (command, option) => {
    const once = FLAGS.includes(option) ? [option] : [option, "/nowhere"];
    const { code, output, errors } = await runRolecall([...command.split(" "), ...once, ...once]);
    expect({ code, output }).toEqual({ code: 2, output: "" });
    expect(errors).toMatch(new RegExp(`^${option} is given twice\\. Use it once\\.\nSee: rolecall [\\w-]+ --help\n$`));
  });

  it("is detected in both forms, --option value and --option=value", async () => {
    const { code, errors } = await runRolecall(["explain", "--region=eu-west-1", "--region", "us-east-1"]);
    expect(code).toBe(2);
    expect(errors).toContain("--region is given twice.");
  });

  it("is reported without its value", async () => {
    const { errors } = await runRolecall(["explain", "--config", "first-file", "--config", "second-file"]);
    expect(errors).not.toMatch(/first-file|second-file/);
  });
});

describe("a trust policy", () => {
  const trust = async (...args: string[]) => {
    const { code, output, errors } = await runRolecall(["policy", "trust", ROLE, ...args]);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    return JSON.parse(output).Statement;
  };

  it("names every --principal", async () => {
    const statements = await trust("--principal", HOST, "--principal", OTHER_HOST, "--author-tag", "command");
    expect(statements.map(({ Principal }: { Principal: unknown }) => Principal)).toEqual([
      { AWS: [HOST, OTHER_HOST] },
      { AWS: [HOST, OTHER_HOST] },
    ]);
  });

  it("accepts any of several --external-id values in one condition", async () => {
    expect(await trust("--principal", HOST, "--external-id", "acme-1", "--external-id", "acme-2")).toEqual([
      {
        Effect: "Allow",
        Principal: { AWS: HOST },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "sts:ExternalId": ["acme-1", "acme-2"] } },
      },
    ]);
  });
});
