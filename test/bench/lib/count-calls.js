import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { startAws } from "./aws-process.js";
import { boto3Arguments, boto3Environment, PYTHON } from "./boto3.js";
import { childEnvironment, runChild } from "./child.js";
import { assertSessions } from "./sessions.js";
import { median } from "./statistics.js";

const COMMANDS = fileURLToPath(new URL("../children/commands.js", import.meta.url));

/**
 * What a new process of a contender asks of a new AWS for its commands: the `counts()` of `startAws`, and `sessions`, how
 * many different ones the commands got. Throws if some of them are no sessions of the roles that were asked for.
 *
 * @param work `{ contender, clients, roleArns, commands, atATime }`
 */
export function countCalls(work, latency) {
  return countWith(work.roleArns, latency, async (env) => {
    const { count, some } = await runChild(COMMANDS, { env, args: [JSON.stringify(work)] });
    return { count, some };
  });
}

/** The same of boto3, which asks STS for each command of one role. */
export function countBoto3Calls({ roleArn, commands, atATime }, latency) {
  return countWith([roleArn], latency, async (env) => {
    const { status, stdout, stderr } = spawnSync(PYTHON, boto3Arguments({ roleArn, commands, atATime }), {
      env: boto3Environment(childEnvironment(env)),
      encoding: "utf8",
      maxBuffer: 100_000_000,
    });
    if (status !== 0) throw new Error(`boto3 failed: ${stderr}`);
    const sessions = JSON.parse(stdout).sessions.map((credentials) => ({ roleArn, credentials }));
    return { count: sessions.length, some: sessions.slice(0, 25) };
  });
}

async function countWith(roleArns, latency, work) {
  const aws = await startAws({ roles: roleArns.map((roleArn) => ({ roleArn })) });
  try {
    for (const [target, ms] of Object.entries(latency)) await aws.setLatency(ms, { target });
    const { count, some } = await work(aws.env);
    const { refused, ...counts } = await aws.counts();
    if (refused > 0) throw new Error(`${refused} requests were refused`);
    await assertSessions(aws.env.AWS_ENDPOINT_URL, some);
    return { ...counts, sessions: count };
  } finally {
    await aws.close();
  }
}

/** Counts of several rounds: one number where they agree. */
export function formatCounts(counts) {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? `${least}` : `${median(counts)} (${least}–${most})`;
}
