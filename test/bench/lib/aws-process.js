import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { timeLapseArguments } from "./time-lapse-arguments.js";

const SCRIPT = fileURLToPath(new URL("../aws.js", import.meta.url));

/**
 * Starts IMDS and STS of `aws-rolecall/testing` in a process of its own. The instance profile may assume all `roles`,
 * objects with a `roleArn`. With `timeLapse` (`{ factor, origin }`) that AWS lives in faster time; its latency does not.
 *
 * `counts()` tells what was answered since the start or `clear()`: `assumeRole`, `imds` by operation, `places` (roles and
 * regions in which a service other than STS was asked), `refused` (all that was not answered with 200); and `sockets`, the
 * most that were open at once since the start.
 */
export async function startAws({ roles, timeLapse }) {
  const { execArgv, env } = timeLapseArguments(timeLapse);
  const aws = fork(SCRIPT, { execArgv, env: { PATH: process.env.PATH, ...env }, serialization: "advanced" });
  const ended = once(aws, "exit");
  const waiting = new Map();
  let lastId = 0;

  aws.on("message", ({ id, result, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(`The local AWS failed: ${error}`));
  });
  aws.on("exit", (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`The local AWS ended with code ${code}`));
    waiting.clear();
  });

  const call = (operation, parameters) =>
    new Promise((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      aws.send({ id: lastId, operation, parameters });
    });

  return {
    env: await call("start", { roles }),
    setLatency: (ms, filter) => call("setLatency", { ms, filter }),
    counts: () => call("counts"),
    clear: () => call("clear"),
    async close() {
      await call("close");
      await ended;
    },
  };
}
