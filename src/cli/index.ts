#!/usr/bin/env node
import { runCli } from "./run.js";

const { stdout, stderr, env } = process;
process.exitCode = await runCli(process.argv.slice(2), { stdout, stderr, env });
