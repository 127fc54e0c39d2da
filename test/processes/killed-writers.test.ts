import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it, onTestFinished, vi } from "vitest";
import { createCredentialResolver } from "../../src/index.js";
import { fileStore } from "../../src/store/file-store.js";
import { newEncryptionKeyText } from "../support/encryption-key.js";
import { TRUST_VARIABLES } from "../support/programs.js";
import { seededRandom } from "../support/seeded-random.js";
import { inTurns, useChildren } from "./children.js";
import { isMadeUp, madeUpSts } from "./made-up-sts.mjs";

const WRITERS = 500;
/** One for each store: more of them would only take processor time from the writers. */
const READERS = 2;
const ROLES = [1, 2, 3].map((number) => `arn:aws:iam::12345678901${number}:role/Role${number}`);

interface Seen {
  reads: number;
  shared: number;
  wrong: string[];
  storeErrors: string[];
}

const { start, run } = useChildren();

it(`${WRITERS} writers are killed at any point while ${READERS} readers read: no wrong session and no lock is left behind`, async () => {
  for (const name of TRUST_VARIABLES) vi.stubEnv(name, undefined); // as in the child processes
  const folder = await mkdtemp(join(tmpdir(), "rolecall-killed-"));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
  const encryptionKeys = [newEncryptionKeyText()];
  const stores = [{ directory: join(folder, "plain") }, { directory: join(folder, "sealed"), encryptionKeys }];
  const environments = stores.map(({ directory, encryptionKeys: keys }) => ({
    ROLES: ROLES.join(","),
    DIRECTORY: directory,
    ...(keys && { ENCRYPTION_KEYS: keys.join(",") }),
  }));
  const environmentOf = (index: number) => environments[index % stores.length] ?? {};
  const random = seededRandom(500);

  const over = new AbortController();
  const isOver = once(over.signal, "abort");
  const readers = Array.from({ length: READERS }, (_, index) => run("reader.mjs", environmentOf(index), isOver));
  let written = 0;
  await inTurns(WRITERS, 4, async (index) => {
    const writer = start("writer.mjs", environmentOf(index));
    const ended = once(writer, "close");
    await once(writer.stdout ?? writer, "data");
    await delay(random() * 25);
    if (writer.exitCode === null) written++;
    writer.kill("SIGKILL");
    await ended;
  });
  over.abort();
  const seen = (await Promise.all(readers)) as Seen[];
  const reads = seen.reduce((sum, { reads }) => sum + reads, 0);
  const shared = seen.reduce((sum, { shared }) => sum + shared, 0);
  const storeErrors = seen.flatMap(({ storeErrors }) => storeErrors);
  const left = (await Promise.all(stores.map(({ directory }) => readdir(directory)))).flat();
  console.info(
    `${written} writers killed; ${reads} reads, ${shared} from the store, ${storeErrors.length} store errors ${[...new Set(storeErrors)].slice(0, 3)}; ` +
      `left behind: ${left.filter((name) => name.endsWith(".tmp")).length} temporary files, ${left.filter((name) => name.endsWith(".lock")).length} locks`,
  );
  expect(written).toBe(WRITERS);
  expect(seen.flatMap(({ wrong }) => wrong)).toEqual([]);
  expect(storeErrors.filter((error) => !/timeout/.test(error))).toEqual([]);
  expect(shared).toBeGreaterThan(WRITERS);

  // Afterwards everything works: nothing waits for a lock of a killed process, and each session can be refreshed and
  // read.
  for (const options of stores) {
    const store = fileStore(options);
    for (const roleArn of ROLES) {
      const writer = createCredentialResolver({ store, stsClient: () => madeUpSts() });
      const refreshed = await writer.resolve({ roleArn, region: "eu-central-1" }, {}, { forceRefresh: true });
      expect(isMadeUp(roleArn, refreshed)).toBe(true);
      const notAsked = () => ({ send: () => Promise.reject(new Error("asked")) });
      const reader = createCredentialResolver({ store, stsClient: notAsked });
      expect(await reader.resolve({ roleArn, region: "eu-central-1" })).toEqual(refreshed);
    }
    for (const name of (await readdir(store.directory)).filter((file) => file.endsWith(".lock"))) {
      const lock = await store.lock?.(name.slice(0, -".lock".length), 1000);
      expect(lock).toBeDefined();
      await lock?.release();
    }
    expect(await store.list()).toHaveLength(ROLES.length);
    await store.clear();
    expect(await readdir(store.directory)).toEqual(["swept"]);
  }
}, 400_000);
