#!/usr/bin/env node
import { runCli } from "./run.js";

const { stdout, stderr, env } = process;
for (const stream of [stdout, stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error; // EPIPE: the reader closed the pipe early, such as head
  });
}
process.exitCode = await runCli(process.argv.slice(2), { stdout, stderr, env });
