import { spawnSync } from "node:child_process";

const now = () => performance.timeOrigin + performance.now();

/**
 * Runs every process `runs` times in each round, in alternation, and waits for its end. Gives by name, for each round, its runs:
 * `{ began, wall, output }`, in epoch milliseconds, milliseconds, and text.
 *
 * @param processes objects of `{ name, command?, args, env }`
 */
export function timeProcesses(processes, { rounds, runs }) {
  const times = new Map(processes.map(({ name }) => [name, Array.from({ length: rounds }, () => [])]));
  for (let round = 0; round < rounds; round++) {
    for (let run = 0; run < runs; run++) {
      for (const one of processes) times.get(one.name)[round].push(timeProcess(one));
    }
  }
  return times;
}

function timeProcess({ name, command = process.execPath, args, env }) {
  const began = now();
  const { status, stdout, stderr, error } = spawnSync(command, args, { env, encoding: "utf8" });
  const wall = now() - began;
  if (status !== 0) throw new Error(`${name} failed: ${stderr}`, { cause: error });
  return { began, wall, output: stdout };
}
