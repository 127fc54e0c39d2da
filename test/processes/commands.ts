import { expect, onTestFinished } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/testing/index.js";
import { HUB, OTHER_HUB } from "../support/hub.js";
import { assumeRoleCalls, ROLE } from "../support/local.js";
import type { useChildren } from "./children.js";

/** The output of a process that ran one command. */
export interface Outcome {
  accessKeyId: string;
  assumedRoleArn: string;
  storeErrors: string[];
  took: number;
}

/** AWS with a clock that is ahead of the machine's by the given time. */
export async function setUpCommands({ run }: Pick<ReturnType<typeof useChildren>, "run">) {
  let ahead = 0;
  const roles = [
    { roleArn: ROLE, trustedPrincipals: ["*"] },
    ...[HUB, OTHER_HUB].map((roleArn) => ({ roleArn, allowAssumeRole: ["*"] })),
  ];
  const aws = await startLocalAws({ clock: { now: () => Date.now() + ahead }, roles });
  onTestFinished(() => aws.close());
  const command = async (env: Record<string, string>) =>
    (await run("command.mjs", { ...aws.env, ROLE_ARN: ROLE, CLOCK_AHEAD: `${ahead}`, ...env })) as Outcome;
  const pass = (ms: number) => {
    ahead += ms;
  };
  return { aws, command, pass };
}

/**
 * One STS call for each session. By design, each process whose store did not respond within 250 ms makes one more call,
 * which happens if there are too few processors for so many processes.
 */
export function expectCalls(aws: LocalAws, outcomes: Outcome[], sessions: number) {
  const late = outcomes.flatMap(({ storeErrors }) => storeErrors);
  expect(late.filter((error) => !/timeout/.test(error))).toEqual([]);
  const used = new Set(outcomes.map(({ accessKeyId }) => accessKeyId)).size;
  expect(assumeRoleCalls(aws)).toBeGreaterThanOrEqual(sessions);
  expect(assumeRoleCalls(aws)).toBeLessThanOrEqual(sessions + late.length);
  expect(used).toBeGreaterThanOrEqual(sessions);
  expect(used).toBeLessThanOrEqual(sessions + late.length);
}

export function report(aws: LocalAws, outcomes: Outcome[]) {
  const times = outcomes.map(({ took }) => took).sort((one, other) => one - other);
  const errors = outcomes.flatMap(({ storeErrors }) => storeErrors);
  const imds = aws.count({ target: "imds" });
  console.info(
    `${outcomes.length} processes: ${assumeRoleCalls(aws)} AssumeRole, ${imds} requests to IMDS, ${errors.length} store errors ${[...new Set(errors)]}; ` +
      `to the credentials ${times[0]?.toFixed(0)} to ${times.at(-1)?.toFixed(0)} ms`,
  );
}
