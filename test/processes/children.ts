import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll } from "vitest";
import { buildLibrary } from "../support/build-library.js";

const ENTRIES = {
  index: "index.ts",
  accounts: "accounts/index.ts",
  "file-store": "store/file-store.ts",
  "redis-store": "store/redis-store.ts",
};

/** In one file each, because a process loads that in half the time of a package's hundreds of files. */
const REDIS_CLIENTS = ["redis", "ioredis"];

/** Processes that use the built library, and share only their environment with this process. */
export function useChildren() {
  let built: Awaited<ReturnType<typeof buildLibrary>>;
  beforeAll(async () => {
    built = await buildLibrary(ENTRIES);
    await build({
      entryPoints: REDIS_CLIENTS,
      outdir: built.folder,
      outExtension: { ".js": ".cjs" },
      bundle: true,
      format: "cjs",
      platform: "node",
      target: "node20",
    });
  });
  afterAll(() => built.remove());

  function start(script: string, env: Record<string, string>): ChildProcess {
    const file = fileURLToPath(new URL(`./${script}`, import.meta.url));
    return spawn(process.execPath, [file], {
      env: {
        PATH: process.env.PATH,
        AWS_REGION: "eu-central-1",
        ROLECALL_BUILD: built.folder,
        ...env,
      },
      stdio: "pipe",
    });
  }

  /**
   * Returns the parsed output of the process, or rejects with its errors. Its input ends when `over` does, or at once.
   */
  async function run(script: string, env: Record<string, string>, over?: Promise<unknown>): Promise<unknown> {
    const child = start(script, env);
    void Promise.resolve(over).then(() => child.stdin?.end());
    const output = textOf(child.stdout);
    const errors = textOf(child.stderr);
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`${script} ended with ${code}: ${await errors}`);
    return JSON.parse(await output);
  }

  return { start, run };
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = "";
  for await (const chunk of stream ?? []) text += chunk;
  return text;
}

/**
 * Runs `task` for each number below `count`, and for more of them until `over` settles. Runs `atATime` of them at a time.
 */
export async function inTurns<T>(
  count: number,
  atATime: number,
  task: (index: number) => Promise<T>,
  over: Promise<unknown> = Promise.resolve(),
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  let isOver = false;
  const settled = over.finally(() => {
    isOver = true;
  });
  const worker = async () => {
    for (let index = next++; index < count || !isOver; index = next++) results[index] = await task(index);
  };
  await Promise.all([settled, ...Array.from({ length: atATime }, worker)]);
  return results;
}
