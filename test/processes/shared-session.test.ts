import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { newEncryptionKeyText } from "../support/encryption-key.js";
import { assumedRoles, HUB, OTHER_HUB } from "../support/hub.js";
import { MINUTE, ROLE } from "../support/local.js";
import { CLIENT_NAMES, hasRedis, startRedis } from "../support/redis.js";
import { inTurns, useChildren } from "./children.js";
import { expectCalls, report, setUpCommands } from "./commands.js";

const children = useChildren();
const setUp = () => setUpCommands(children);

type Place = () => Promise<Record<string, string>>;

const places: [string, boolean, Place][] = [
  [
    "the file store",
    true,
    async () => {
      const directory = await mkdtemp(join(tmpdir(), "rolecall-processes-"));
      onTestFinished(() => rm(directory, { recursive: true, maxRetries: 10 }));
      return { STORE: "file", DIRECTORY: directory };
    },
  ],
  ...CLIENT_NAMES.map((client): [string, boolean, Place] => [
    `Redis, by ${client}, and nothing else in common`,
    hasRedis,
    async () => ({
      STORE: "redis",
      REDIS_CLIENT: client,
      REDIS_PORTS: `${(await startRedis()).port}`,
      ENCRYPTION_KEY: newEncryptionKeyText(),
    }),
  ]),
];

describe.each(places)("processes that share %s", (_, isThere, makePlace) => {
  let place: Record<string, string>;
  let local: Awaited<ReturnType<typeof setUp>>;
  beforeEach(async () => {
    place = isThere ? await makePlace() : {};
    local = await setUp();
  });

  it.runIf(isThere)(
    "call AssumeRole once if 50 start at the same time",
    async () => {
      const { aws, command } = local;
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => command(place)));
      report(aws, outcomes);
      expectCalls(aws, outcomes, 1);
    },
    300_000,
  );

  it.runIf(isThere)(
    "call AssumeRole once for a source role and once for the role behind it, and keep other chains apart",
    async () => {
      const { aws, command } = local;
      const behind = (SOURCE_ROLE: string) => command({ ...place, SOURCE_ROLE });
      const outcomes = await Promise.all([behind(HUB), behind(HUB), behind(HUB)]);
      expect(new Set(outcomes.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
      expect(assumedRoles(aws)).toEqual([[HUB], [ROLE]]);
      const others = await Promise.all([behind(OTHER_HUB), command(place)]);
      const used = [...outcomes, ...others].map(({ accessKeyId }) => accessKeyId);
      expect(new Set(used).size).toBe(3);
    },
    300_000,
  );

  it.runIf(isThere)(
    "call AssumeRole twice if 60 run one after the other, with a refresh halfway",
    async () => {
      const { aws, command, pass } = local;
      const before = await inTurns(30, 4, () => command(place));
      expectCalls(aws, before, 1);
      // After a one-hour session is refreshed, and before it ends.
      pass(54 * MINUTE);
      const after = await inTurns(30, 4, () => command(place));
      report(aws, [...before, ...after]);
      expectCalls(aws, [...before, ...after], 2);
      expect(after.at(-1)?.accessKeyId).not.toBe(before[0]?.accessKeyId);
    },
    300_000,
  );
});
