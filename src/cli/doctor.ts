import { readAllowedRoles } from "../request/allowed-roles.js";
import type { IntegrationInstance } from "../request/integration-instance.js";
import { readRoleArn } from "../request/role-arn.js";
import { systemRuntime } from "../runtime.js";
import { type CliCommand, type CliIo, parseCommandLine, UsageError } from "./command.js";
import { EXIT_CODES, type Finding, skipped } from "./doctor/finding.js";
import { readInstanceFile } from "./instance-file.js";
import { Report } from "./report.js";

const SKIPPED_PATTERN = "This is a pattern. To check its roles, pass their ARNs as arguments.";

export const command: CliCommand = {
  help: `Usage: rolecall doctor [<role ARN> ...] [--config <file>] [--json]

Checks the setup of this machine: metadata service, base identity, region, STS, clock, the source role if the instance
has one, and each role. Shows what is wrong and how to fix it. Without role ARNs, it checks the instance's role and the
exact ARNs in allowedRoles.

Creates nothing in AWS. Calls sts:GetCallerIdentity, and sts:AssumeRole for unused 15-minute sessions named
rolecall-doctor-<host>. Requests a duration of more than one hour in full, to test it. Prints no secrets.

  --config <file>   The instance's settings, as JSON. Default: no settings.
  --json            Machine-readable output: { exitCode, findings: [{ step, status, summary, next, roleArn? }] }.

Exit codes: 0 if nothing failed, even with warnings; otherwise, by the first failed step:
  1  invalid setting               3  base identity: metadata service, instance profile, keys
  2  invalid command line or file  4  environment: region, network to STS, clock
                                   5  role

Example: npx aws-rolecall doctor --config /etc/integration.json
`,
  async run(args, io) {
    const { values, positionals } = parseCommandLine({
      args,
      options: { config: { type: "string" }, json: { type: "boolean" } },
      allowPositionals: true,
    });
    for (const role of positionals) assertRole(role);
    const instance = values.config === undefined ? {} : readInstanceFile(values.config, io.stderr);
    const { roleArns, patterns } =
      positionals.length > 0 ? { roleArns: [...new Set(positionals)], patterns: [] } : listRoles(instance);
    // Imported here because it loads the SDK, which --help does not need.
    const { diagnose } = await import("./doctor/diagnose.js");
    const subject = { instance, roleArns, runtime: { ...systemRuntime, env: io.env } };
    const findings = [
      ...(await diagnose(subject, values.config)),
      ...patterns.map((roleArn) => ({ ...skipped("assume", SKIPPED_PATTERN), roleArn })),
    ];
    const firstFailed = findings.find(({ status }) => status === "failed");
    const exitCode = firstFailed ? EXIT_CODES[firstFailed.step] : 0;
    if (values.json) io.stdout.write(`${JSON.stringify({ exitCode, findings }, undefined, 2)}\n`);
    else print(findings, io);
    return exitCode;
  },
};

function assertRole(argument: string): void {
  try {
    readRoleArn("role", argument);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** Separates the configured role ARNs from the patterns, which cannot be assumed. */
function listRoles({ roleArn, allowedRoles }: IntegrationInstance) {
  const entries = readAllowedRoles("instance.allowedRoles", allowedRoles) ?? [];
  const exact = entries.filter((entry) => entry.exact).map(({ pattern }) => pattern);
  return {
    roleArns: [...new Set([...(roleArn ? [roleArn] : []), ...exact])],
    patterns: entries.filter((entry) => !entry.exact).map(({ pattern }) => pattern),
  };
}

function print(findings: readonly Finding[], { stdout, env }: CliIo): void {
  const report = new Report(stdout, env);
  let lastRole: string | undefined;
  report.heading("This machine");
  for (const { status, summary, next, roleArn } of findings) {
    if (roleArn !== undefined && roleArn !== lastRole) report.heading(roleArn);
    lastRole = roleArn;
    report.mark(status, summary);
    for (const step of next) report.advice(step);
  }
  const { failures } = report;
  report.line(failures === 0 ? "\nNothing failed." : `\n${failures} failed. Start with the first.`);
}
