import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/testing/index.js";
import { newEncryptionKeyText } from "../support/encryption-key.js";
import { assumeRoleCalls, MINUTE, ROLE } from "../support/local.js";
import { CLIENT_NAMES, hasRedis, startRedis } from "../support/redis.js";
import { inTurns, useChildren } from "./children.js";

interface Outcome {
  accessKeyId: string;
  assumedRoleArn: string;
  storeErrors: string[];
  took: number;
}

const { run } = useChildren();

/** AWS, whose clock is ahead of the machine's by as much as is said. */
async function setUp() {
  let ahead = 0;
  const aws = await startLocalAws({ clock: { now: () => Date.now() + ahead }, roles: [{ roleArn: ROLE }] });
  onTestFinished(() => aws.close());
  const command = async (env: Record<string, string>) =>
    (await run("command.mjs", { ...aws.env, ROLE_ARN: ROLE, CLOCK_AHEAD: `${ahead}`, ...env })) as Outcome;
  const pass = (ms: number) => {
    ahead += ms;
  };
  return { aws, command, pass };
}

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
      REDIS_PORT: `${(await startRedis()).port}`,
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
    "50 at once, cold: one AssumeRole",
    async () => {
      const { aws, command } = local;
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => command(place)));
      report(aws, outcomes);
      expectCalls(aws, outcomes, 1);
    },
    300_000,
  );

  it.runIf(isThere)(
    "200, one after the other, with a refresh in the middle: two AssumeRole",
    async () => {
      const { aws, command, pass } = local;
      const before = await inTurns(100, 4, () => command(place));
      expectCalls(aws, before, 1);
      // Past the moment at which a session of an hour is refreshed, and before it ends.
      pass(54 * MINUTE);
      const after = await inTurns(100, 4, () => command(place));
      report(aws, [...before, ...after]);
      expectCalls(aws, [...before, ...after], 2);
      expect(after.at(-1)?.accessKeyId).not.toBe(before[0]?.accessKeyId);
    },
    300_000,
  );
});

/**
 * One call to STS for each session; and one more, by design, for each process whose store did not answer within its
 * 250 ms, as happens where the processors are too few for so many processes.
 */
function expectCalls(aws: LocalAws, outcomes: Outcome[], sessions: number) {
  const late = outcomes.flatMap(({ storeErrors }) => storeErrors);
  expect(late.filter((error) => !/timeout/.test(error))).toEqual([]);
  const used = new Set(outcomes.map(({ accessKeyId }) => accessKeyId)).size;
  expect(assumeRoleCalls(aws)).toBeGreaterThanOrEqual(sessions);
  expect(assumeRoleCalls(aws)).toBeLessThanOrEqual(sessions + late.length);
  expect(used).toBeGreaterThanOrEqual(sessions);
  expect(used).toBeLessThanOrEqual(sessions + late.length);
}

function report(aws: LocalAws, outcomes: Outcome[]) {
  const times = outcomes.map(({ took }) => took).sort((one, other) => one - other);
  const errors = outcomes.flatMap(({ storeErrors }) => storeErrors);
  const imds = aws.count({ target: "imds" });
  console.info(
    `${outcomes.length} processes: ${assumeRoleCalls(aws)} AssumeRole, ${imds} requests to IMDS, ${errors.length} store errors ${[...new Set(errors)]}; ` +
      `to the credentials ${times[0]?.toFixed(0)} to ${times.at(-1)?.toFixed(0)} ms`,
  );
}
