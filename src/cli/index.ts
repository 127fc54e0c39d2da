#!/usr/bin/env node
import { CACHE_USAGE, runCache } from "./cache.js";
import { runDemo } from "./demo.js";

const USAGE = `Usage: rolecall <command>

Commands:
  demo                                Shows the library at work on an AWS that runs on this machine alone: no account, no
                                      network.
${CACHE_USAGE}`;

async function main([command, ...rest]: string[]): Promise<number> {
  if (command === "demo" && rest.length === 0) return runDemo(process.stdout);
  const code = command === "cache" ? await runCache(rest, process.stdout, process.stderr, process.env) : undefined;
  if (code !== undefined) return code;
  const isHelp = command === "--help" || command === "-h";
  (isHelp ? process.stdout : process.stderr).write(USAGE);
  return isHelp ? 0 : 2;
}

process.exitCode = await main(process.argv.slice(2));
