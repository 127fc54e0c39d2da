import type { CommandOverrides } from "../request/command-overrides.js";
import type { ExactInstance, IntegrationInstance } from "../request/integration-instance.js";
import { invalid } from "../request/validation.js";
import { type FanOut, RunOutcomes } from "./fan-out.js";
import type { Plan } from "./plan.js";
import { type ForEachAccountOptions, type RunDemand, readForEachOptions } from "./run-options.js";
import { RunScope } from "./run-scope.js";
import type { Turn } from "./run-targets.js";
import { createTarget, type Target } from "./target.js";

/**
 * Does one thing in each account and region that the instance lists, as that account's role, and says of each how it ended.
 * Nothing is lost: every target is done, failed or skipped, exactly once.
 *
 * @param instance what the administrator configured, with `accounts`
 * @param command the command's arguments; a `roleArn` among them is an error, and a `region` narrows the run to it
 * @param work what to do in one account and region
 * @returns outcomes as they end. The run starts when they are read
 * @example
 * ```ts
 * for await (const outcome of forEachAccount(instance, command, async (target) => {
 *   const ec2 = target.client(EC2Client);
 *   return (await ec2.send(new DescribeInstancesCommand({}))).Reservations;
 * })) {
 *   console.log(outcome.accountId, outcome.region, outcome.status);
 * }
 * ```
 * @throws RolecallError `INVALID_REQUEST` or `ROLE_NOT_ALLOWED`, before anything starts
 */
export function forEachAccount<T, I extends IntegrationInstance = IntegrationInstance>(
  instance: ExactInstance<I>,
  command: CommandOverrides | null | undefined,
  work: (target: Target) => T | Promise<T>,
  options?: ForEachAccountOptions,
): FanOut<T> {
  const demand = readForEachOptions(options);
  assertWork(work);
  const scope = new RunScope(instance, command, demand);
  // Without an organization, a mistake shows here and not when the outcomes are read.
  const known = scope.asksOrganization ? undefined : (scope.plan() as Plan);
  return runWork(scope, async () => scope.assertCanList(known ?? (await scope.plan())), work, demand);
}

export function assertWork(work: unknown): void {
  if (typeof work !== "function") throw invalid("work", work, "a function of one target");
}

export function runWork<T>(
  scope: RunScope,
  plan: () => Plan | Promise<Plan>,
  work: (target: Target) => T | Promise<T>,
  demand: RunDemand,
): FanOut<T> {
  const { credentials, regions, runtime } = scope;
  const workIn = async (turn: Turn, region: string) => {
    turn.begin();
    return work(createTarget(scope, turn, region, demand.clientConfig));
  };
  return new RunOutcomes(plan, { credentials, regions, work: workIn }, { ...demand, runtime });
}
