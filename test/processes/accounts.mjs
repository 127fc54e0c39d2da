/**
 * A run over many accounts in a separate process, which prints what keeps the process alive afterwards, and the code and
 * message of the error, if any. `ACCOUNTS`: the instance's accounts. `STOP`: `break` or `signal`, after the first outcome.
 * `WITHOUT`: a package that is not installed.
 */
import { createRequire, register } from "node:module";
import { pathToFileURL } from "node:url";

const { ROLECALL_BUILD, ACCOUNTS, STOP, WITHOUT } = process.env;
const MISSING = `export async function resolve(name, context, next) {
  if (name === ${JSON.stringify(WITHOUT)}) throw Object.assign(new Error("not found"), { code: "ERR_MODULE_NOT_FOUND" });
  return next(name, context);
}`;
if (WITHOUT) register(`data:text/javascript,${encodeURIComponent(MISSING)}`);

const { forEachAccount } = await import(pathToFileURL(`${ROLECALL_BUILD}/accounts.mjs`).href);
const { DescribeInstancesCommand, EC2Client } = createRequire(`${ROLECALL_BUILD}/`)("@aws-sdk/client-ec2");

const controller = new AbortController();
const { signal } = controller;
const work = ({ client }) => client(EC2Client).send(new DescribeInstancesCommand({}));
const outcomes = forEachAccount({ accounts: JSON.parse(ACCOUNTS) }, {}, work, { signal, timeout: 60_000 });
const ended = [];
let error;
try {
  for await (const { status } of outcomes) {
    ended.push(status);
    if (STOP === "break") break;
    controller.abort();
  }
} catch ({ code, message }) {
  error = { code, message };
}
const end = performance.now();
for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve)); // sockets close
const isOurs = (resource) => /^(TCP|TLS|Timeout|Pipe(?!Wrap))/.test(resource);
const resources = process.getActiveResourcesInfo().filter(isOurs);
process.on("exit", () => {
  process.stdout.write(JSON.stringify({ ended, error, resources, msToExit: performance.now() - end }));
});
