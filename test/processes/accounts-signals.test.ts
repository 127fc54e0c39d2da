import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import { startLocalAws } from "../../src/testing/index.js";
import { buildLibrary } from "../support/build-library.js";

const FIRST = "123456789012";
const SECOND = "444455556666";
const THIRD = "777788889999";

let built: Awaited<ReturnType<typeof buildLibrary>>;
beforeAll(async () => {
  built = await buildLibrary({ cli: "cli/index.ts" });
});
afterAll(() => built.remove());

/** STS answers for the first account, and never for the second. */
async function startVerify() {
  const aws = await startLocalAws({
    organization: { accounts: [FIRST, SECOND, THIRD], memberRoles: [{ roleName: "Audit" }] },
  });
  const folder = await mkdtemp(join(tmpdir(), "rolecall-signals-"));
  onTestFinished(async () => {
    await aws.close();
    await rm(folder, { recursive: true });
  });
  aws.fault({ on: { target: "sts", roleArn: `arn:aws:iam::${SECOND}:role/Audit` }, kind: "hang" });
  const config = join(folder, "instance.json");
  const accounts = { roleName: "Audit", ids: [FIRST, SECOND, THIRD] };
  await writeFile(config, JSON.stringify({ region: "eu-central-1", accounts }));
  const args = ["accounts", "--config", config, "--verify", "--concurrency", "1"];
  const child = spawn(process.execPath, [join(built.folder, "cli.mjs"), ...args], {
    env: { PATH: process.env.PATH, ...aws.env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const output = text(child.stdout);
  const ended = once(child, "exit");
  await vi.waitUntil(() => aws.requests.some(({ roleArn = "" }) => roleArn.includes(SECOND)), { timeout: 30_000 });
  return { child, output, ended };
}

it.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("rolecall accounts --verify prints what is known so far and ends after %s", async (signal, expected) => {
  const { child, output, ended } = await startVerify();
  child.kill(signal);
  const [code] = await ended;
  expect(await output).toBe(`  - 2 accounts not tried: ABORTED
      ${SECOND}, ${THIRD}

The role can be assumed in 1 of 1 account. 2 accounts not tried.
`);
  expect(code).toBe(expected);
});
