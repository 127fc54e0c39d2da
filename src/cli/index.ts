#!/usr/bin/env node
import { runProgram } from "./exec/run-program.js";
import { INTERRUPTION_CODES, type InterruptionSignal } from "./interruption.js";
import { runCli } from "./run.js";

const { stdout, stderr, env } = process;
for (const stream of [stdout, stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error; // EPIPE: the reader closed the pipe early, such as head
  });
}
process.exitCode = await runCli(process.argv.slice(2), { stdout, stderr, env, onSignal, runProgram });

function onSignal(listener: (name: InterruptionSignal) => void): () => void {
  const names = Object.keys(INTERRUPTION_CODES) as InterruptionSignal[];
  for (const name of names) process.on(name, listener);
  return () => {
    for (const name of names) process.off(name, listener);
  };
}
