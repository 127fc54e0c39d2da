import { type AccountPlan, planAccounts } from "../accounts/index.js";
import { createCredentialResolver } from "../credential-resolver.js";
import { accountLabel } from "./accounts/account-label.js";
import { planToJson, planToText, toAccountRows } from "./accounts/plan-report.js";
import { ProgressDisplay } from "./accounts/progress-display.js";
import { printSummary, summarize, verificationToJson, verifyExitCode } from "./accounts/verify-summary.js";
import { type CliIo, defineCommand, UsageError } from "./command.js";
import { readInstanceFile } from "./instance-file.js";
import { type Interruption, listenForInterruption } from "./interruption.js";
import { Report } from "./report.js";

export const command = defineCommand(
  {
    about: [
      "Lists the accounts and regions of a multi-account run, the role in each account, and what the run would skip. " +
        "With --verify, assumes the role of each account, calls sts:GetCallerIdentity, and shows how many accounts " +
        "failed and why.",
    ],
    options: {
      config: { value: "<file>", help: "The instance's settings as JSON, including accounts.", required: true },
      account: { value: "<id>", field: "accountIds", help: "Only this account.", multiple: true },
      region: { value: "<region>", field: "regions", help: "Only this region.", multiple: true },
      verify: { help: "Assumes the role of each account. Needs no permissions besides sts:AssumeRole." },
      concurrency: { value: "<number>", help: "How many accounts to process at a time. Default: 10." },
      timeout: {
        value: "<seconds>",
        help: "The time limit for each account, not counting time in the queue. Default: none.",
      },
      json: { help: "Machine-readable output: { targets, skipped }, or { exitCode, accounts } with --verify." },
    },
    notes: [
      "If accounts.organization is set, the command calls organizations:ListAccounts. If accounts.regions is " +
        '"enabled", it assumes the role of each account and calls account:ListRegions there.',
      "After SIGINT or SIGTERM, the command prints the results so far.",
    ],
    exitCodes: {
      0: "The plan was printed or, with --verify, the role can be assumed in every active account.",
      1: "There is no plan. The error message says why.",
      2: "The command line, or the file, is invalid.",
      6: "The role can't be assumed in some accounts.",
      7: "The role can't be assumed in any account.",
      130: "Interrupted by SIGINT.",
      143: "Interrupted by SIGTERM.",
    },
    examples: ["npx aws-rolecall accounts --config /etc/integration.json --verify"],
  },
  async ({ values }, io) => {
    const concurrency = readWholeNumber("concurrency", values.concurrency, 1000);
    const seconds = readWholeNumber("timeout", values.timeout, 86_400);
    const instance = readInstanceFile(values.config, io.stderr);
    const interruption = listenForInterruption(io);
    const { signal } = interruption;
    const pace = { concurrency, timeout: seconds && seconds * 1000, signal };
    const resolver = createCredentialResolver({ runtime: { env: io.env } });
    try {
      const narrowed = { accountIds: values.account, regions: values.region };
      const plan = await planAccounts(instance, {}, { ...narrowed, ...pace, resolver });
      if (values.verify) return await verify(plan, pace, interruption, io, values.json === true);
      io.stdout.write(values.json ? planToJson(plan) : planToText(plan));
      return 0;
    } catch (error) {
      if (interruption.exitCode === undefined) throw error;
      io.stderr.write("Interrupted before the list of accounts was complete. No account was tried.\n");
      return interruption.exitCode;
    } finally {
      interruption.ignore();
      await resolver.close();
    }
  },
);

type Pace = NonNullable<Parameters<AccountPlan["verify"]>[0]>;

async function verify(plan: AccountPlan, pace: Pace, interruption: Interruption, io: CliIo, json: boolean) {
  const { stdout, stderr, env } = io;
  const places = new Map(toAccountRows(plan.targets).map(({ accountId }, index) => [accountId, index]));
  const total = places.size;
  const display = new ProgressDisplay(stderr, env);
  const outcomes = [];
  let done = 0;
  let failed = 0;
  for await (const outcome of plan.verify(pace)) {
    outcomes.push(outcome);
    if (outcome.status === "skipped" || interruption.exitCode !== undefined) continue;
    if (outcome.status === "done") done++;
    else failed++;
    if (outcome.status === "failed") display.note(`${accountLabel(outcome)}: ${outcome.code}`);
    display.show({ done, failed, total });
  }
  display.clear();
  const placeOf = ({ accountId }: { readonly accountId: string }) => places.get(accountId) ?? total; // inactive: last
  outcomes.sort((one, other) => placeOf(one) - placeOf(other));
  const summary = summarize(outcomes);
  const exitCode = interruption.exitCode ?? verifyExitCode(summary);
  if (json) stdout.write(verificationToJson(exitCode, outcomes));
  else printSummary(summary, new Report(stdout, env));
  return exitCode;
}

function readWholeNumber(option: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw new UsageError(`--${option} must be a whole number from 1 to ${max}.`);
}
