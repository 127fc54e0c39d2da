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
 * Runs a function in each account and region that the instance lists, as that account's role, and reports how each one
 * ended. Every target gets exactly one outcome: done, failed or skipped.
 *
 * @param instance what the administrator configured, with `accounts`
 * @param command the command's arguments. A `roleArn` is an error, and a `region` limits the run to that region
 * @param work what to do in one account and region
 * @returns the outcomes, in the order in which targets finish. The run starts when you read them
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
  // Without an organization, mistakes surface here instead of when the outcomes are read.
  const known = scope.asksOrganization ? undefined : (scope.plan() as Plan);
  return runWork(scope, async () => scope.assertCanList(known ?? (await scope.plan())), work, demand);
}

export function assertWork(work: unknown): void {
  if (typeof work !== "function") throw invalid("work", work, "a function that takes a target");
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
