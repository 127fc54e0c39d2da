import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { startAws } from "./aws-process.js";
import { boto3Arguments, boto3Environment, PYTHON } from "./boto3.js";
import { childEnvironment, runChild } from "./child.js";
import { mistakenSessions } from "./sessions.js";
import { median } from "./statistics.js";

const COMMANDS = fileURLToPath(new URL("../children/commands.js", import.meta.url));

/**
 * What a new process of a contender asks of a new AWS for its commands: the `counts()` of `startAws`; `sessions`, how many
 * different ones the commands got; and of those that are looked at the `mistaken` ones, see `mistakenSessions`.
 *
 * @param work `{ contender, clients, roleArns, commands, atATime, show }`, the last is how many sessions are looked at
 */
export function countCalls(work, latency) {
  return countWith(work.roleArns, latency, (env) => runChild(COMMANDS, { env, args: [JSON.stringify(work)] }));
}

/** The same of boto3, which asks STS for each command of one role. */
export function countBoto3Calls({ roleArns: [roleArn], commands, atATime, show }, latency) {
  return countWith([roleArn], latency, async (env) => {
    const { status, stdout, stderr } = spawnSync(PYTHON, boto3Arguments({ roleArn, commands, atATime }), {
      env: boto3Environment(childEnvironment(env)),
      encoding: "utf8",
      maxBuffer: 100_000_000,
    });
    if (status !== 0) throw new Error(`boto3 failed: ${stderr}`);
    const sessions = JSON.parse(stdout).sessions.map((credentials) => ({ roleArn, credentials }));
    return { count: sessions.length, some: sessions.slice(0, show) };
  });
}

async function countWith(roleArns, latency, work) {
  const aws = await startAws({ roles: roleArns.map((roleArn) => ({ roleArn })) });
  try {
    for (const [target, ms] of Object.entries(latency)) await aws.setLatency(ms, { target });
    const { count, some } = await work(aws.env);
    const counts = await aws.counts();
    await aws.setLatency(0);
    const mistaken = await mistakenSessions(aws.env.AWS_ENDPOINT_URL, some);
    return { ...counts, sessions: count, mistaken };
  } finally {
    await aws.close();
  }
}

/** Counts of several rounds: one number where they agree. */
export function formatCounts(counts) {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? `${least}` : `${median(counts)} (${least}–${most})`;
}
