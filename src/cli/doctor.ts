import { readAllowedRoles } from "../request/allowed-roles.js";
import { type IntegrationInstance, readInstance } from "../request/integration-instance.js";
import { readRoleArn } from "../request/role-arn.js";
import { systemRuntime } from "../runtime.js";
import { countAccounts, listAccountLabels, toSafeJson } from "./accounts/account-label.js";
import { ProgressDisplay, type WalkProgress } from "./accounts/progress-display.js";
import { type CliIo, defineCommand, UsageError } from "./command.js";
import { EXIT_CODES, type Finding, skipped } from "./doctor/finding.js";
import { readInstanceFile } from "./instance-file.js";
import { Report } from "./report.js";

const SKIPPED_PATTERN = "This is a pattern. To check its roles, pass their ARNs as arguments.";

export const command = defineCommand(
  {
    about: [
      "Checks the setup of this machine: metadata service, base identity, region, STS, clock, the source role if the " +
        "instance has one, and each role. Shows what is wrong and how to fix it. Without role ARNs, it checks the " +
        "instance's role and the exact ARNs in allowedRoles.",
      "Creates nothing in AWS. Calls sts:GetCallerIdentity, and sts:AssumeRole for unused 15-minute sessions named " +
        "rolecall-doctor-<host>. If the settings request more than one hour, requests that duration too, to test it. " +
        "Prints no secrets.",
    ],
    arguments: { name: "<role ARN>", field: "role", max: Number.POSITIVE_INFINITY },
    options: {
      config: { value: "<file>", help: "The instance's settings, as JSON. Default: no settings." },
      "all-accounts": {
        help:
          "Instead, lists the instance's accounts and checks the role of each. If accounts.regions is " +
          '"enabled", also checks whether each role can list the regions of its account. Accounts with the same problem ' +
          "share one finding.",
        excludes: ["<role ARN>"],
      },
      json: {
        help: "Machine-readable output: { exitCode, findings }, each with step, status, summary, next, roleArn?, accounts?.",
      },
    },
    exitCodes: {
      0: "Nothing failed; there may be warnings. Otherwise, the first failed step sets the code:",
      1: "A setting is invalid.",
      2: "The command line, or the file, is invalid.",
      3: "The base identity: metadata service, instance profile, keys.",
      4: "The environment: region, network to STS, clock.",
      5: "A role, the list of accounts, or their regions.",
    },
    examples: [
      "npx aws-rolecall doctor --config /etc/integration.json",
      "npx aws-rolecall doctor --all-accounts --config /etc/integration.json",
    ],
  },
  async ({ values, arguments: given }, io) => {
    for (const role of given) assertRole(role);
    const allAccounts = values["all-accounts"] === true;
    const instance = values.config === undefined ? {} : readInstanceFile(values.config, io.stderr);
    if (allAccounts && !readInstance(instance).accounts) {
      throw new UsageError("--all-accounts needs accounts in the instance's settings. Set them in the --config file.");
    }
    const { roleArns, patterns } = chooseRoles(instance, given, allAccounts);
    // Imported here because it loads the SDK, which --help does not need.
    const { diagnose } = await import("./doctor/diagnose.js");
    const display = new ProgressDisplay(io.stderr, io.env);
    const onProgress = (progress: WalkProgress) => display.show(progress);
    const subject = { instance, roleArns, runtime: { ...systemRuntime, env: io.env }, onProgress };
    const diagnosed = await diagnose(subject, values.config);
    display.clear();
    const findings = [...diagnosed, ...patterns.map((roleArn) => ({ ...skipped("assume", SKIPPED_PATTERN), roleArn }))];
    const firstFailed = findings.find(({ status }) => status === "failed");
    const exitCode = firstFailed ? EXIT_CODES[firstFailed.step] : 0;
    if (values.json) io.stdout.write(toSafeJson({ exitCode, findings }));
    else print(findings, io);
    return exitCode;
  },
);

function assertRole(argument: string): void {
  try {
    readRoleArn("role", argument);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function chooseRoles(instance: IntegrationInstance, given: readonly string[], allAccounts: boolean) {
  if (allAccounts) return { roleArns: "all-accounts" as const, patterns: [] };
  return given.length > 0 ? { roleArns: [...new Set(given)], patterns: [] } : listRoles(instance);
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
  let lastHeading: string | undefined;
  report.heading("This machine");
  for (const { step, status, summary, next, roleArn, accounts } of findings) {
    const heading = step === "accounts" || accounts ? "The accounts" : roleArn;
    if (heading !== undefined && heading !== lastHeading) report.heading(heading);
    lastHeading = heading;
    report.mark(status, accounts ? `${countAccounts(accounts.length)}: ${summary}` : summary);
    if (accounts) report.advice(listAccountLabels(accounts));
    for (const step of next) report.advice(step);
  }
  const { failures } = report;
  report.line(failures === 0 ? "\nNothing failed." : `\n${failures} failed. Start with the first.`);
}
