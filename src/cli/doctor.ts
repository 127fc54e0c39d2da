import { readAllowedRoles } from "../request/allowed-roles.js";
import type { IntegrationInstance } from "../request/integration-instance.js";
import { readRoleArn } from "../request/role-arn.js";
import { systemRuntime } from "../runtime.js";
import { type CliCommand, type CliIo, parseCommandLine, UsageError } from "./command.js";
import { chooseExitCode, type Finding, skipped } from "./doctor/finding.js";
import { readInstanceFile } from "./instance-file.js";
import { Report } from "./report.js";

export const doctor: CliCommand = {
  help: `Usage: rolecall doctor [<role ARN> ...] [--config <file>] [--json]

Walks through the set-up where it runs: metadata service, base identity, region, STS, clock, and each role. It says
what is wrong and what to do. Without role ARNs it takes the instance's role and the exact ARNs in allowedRoles.

It creates nothing in AWS. It calls sts:GetCallerIdentity, and sts:AssumeRole for sessions of 15 minutes named
rolecall-doctor-<host>, which nobody uses. A duration of more than one hour is tried as it is. It prints no secret.

  --config <file>   The instance's settings, as JSON. Default: none set.
  --json            For programs: { exitCode, findings: [{ step, status, summary, next, roleArn? }] }.

Exit codes: 0, all is well, perhaps with warnings; else by the first failed step:
  1  a setting is refused          3  the base identity: metadata service, instance profile, keys
  2  wrong command line or file    4  the surroundings: region, network to STS, clock
                                   5  a role

Example: npx aws-rolecall doctor --config /etc/integration.json
`,
  async run(args, io) {
    const { values, positionals } = parseCommandLine({
      args: [...args],
      options: { config: { type: "string" }, json: { type: "boolean" } },
      allowPositionals: true,
    });
    for (const role of positionals) assertRole(role);
    const instance = values.config === undefined ? {} : readInstanceFile(values.config, io.stderr);
    const { roleArns, patterns } =
      positionals.length > 0 ? { roleArns: [...new Set(positionals)], patterns: [] } : listRoles(instance);
    // They load the SDK, for which --help has no use.
    const { examine } = await import("./doctor/examine.js");
    const { machineFindings } = await import("./doctor/machine-findings.js");
    const { roleFindings } = await import("./doctor/role-findings.js");
    const seen = await examine({ instance, roleArns, runtime: { ...systemRuntime, env: io.env } });
    const findings = [
      ...machineFindings(seen),
      ...seen.roles.flatMap((role) => roleFindings(role, seen, values.config)),
      ...patterns.map(skipPattern),
    ];
    const exitCode = chooseExitCode(findings);
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

/** The roles that are configured one by one, and the patterns, which cannot be tried. */
function listRoles({ roleArn, allowedRoles }: IntegrationInstance) {
  const entries = readAllowedRoles("instance.allowedRoles", allowedRoles) ?? [];
  const exact = entries.filter((entry) => entry.exact).map(({ pattern }) => pattern);
  return {
    roleArns: [...new Set([...(roleArn ? [roleArn] : []), ...exact])],
    patterns: entries.filter((entry) => !entry.exact).map(({ pattern }) => pattern),
  };
}

function skipPattern(pattern: string): Finding {
  return { ...skipped("assume", "A pattern: name its roles as arguments to have them tried."), roleArn: pattern };
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
  report.line(failures === 0 ? "\nNothing failed." : `\n${failures} failed: begin with the first.`);
}
