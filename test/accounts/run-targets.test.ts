import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import {
  ACCOUNT,
  createRun,
  endingOf,
  forever,
  OTHER_ACCOUNT,
  plannedAccount,
  planOf,
  planOfAccounts,
} from "./support.js";

const REGION = ["us-east-1"];

describe("a turn that is over", () => {
  it("does not begin its work when its credentials come late", async () => {
    let deliver = () => {};
    const worked: string[] = [];
    const { fanOut, clock } = createRun(
      planOf(plannedAccount(ACCOUNT, REGION)),
      {
        credentials: ({ begin }) => {
          begin();
          return new Promise((resolve) => {
            deliver = resolve;
          });
        },
        work: async (_turn, region) => `${worked.push(region)}`,
      },
      { timeout: 1000 },
    );
    const result = fanOut.collect();
    await clock.advance(1000);
    expect((await result).failures.map(endingOf)).toEqual(["TIMEOUT"]);
    deliver();
    await clock.settle();
    expect(worked).toEqual([]);
  });

  it("does not ask for regions when its credentials come late", async () => {
    let deliver = () => {};
    const asked: string[] = [];
    const controller = new AbortController();
    const { fanOut, clock } = createRun(
      planOf(plannedAccount(ACCOUNT, undefined)),
      {
        credentials: () =>
          new Promise((resolve) => {
            deliver = resolve;
          }),
        regions: async ({ account }) => [`${asked.push(account.id)}`],
      },
      { signal: controller.signal },
    );
    const result = fanOut.collect();
    await clock.settle();
    controller.abort();
    expect((await result).failures.map(endingOf)).toEqual(["ABORTED"]);
    deliver();
    await clock.settle();
    expect(asked).toEqual([]);
  });
});

describe("the time limit", () => {
  it("does not count while a target waits for its turn at STS", async () => {
    let takeTurn = () => {};
    const { fanOut, clock } = createRun(
      planOf(plannedAccount(ACCOUNT, REGION)),
      {
        credentials: ({ begin }) =>
          new Promise((resolve) => {
            takeTurn = () => {
              begin();
              resolve();
            };
          }),
        work: forever,
      },
      { timeout: 1000 },
    );
    const result = fanOut.collect();
    await clock.advance(60_000);
    expect(fanOut.progress).toMatchObject({ running: 1, failed: 0 });
    takeTurn();
    await clock.advance(1000);
    const { failures } = await result;
    expect(failures).toMatchObject([{ code: "TIMEOUT", retryable: true, milliseconds: 1000 }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("leaves no timer when the work ends in time", async () => {
    const plan = planOfAccounts(3);
    const { fanOut, clock } = createRun(plan, {}, { timeout: 1000 });
    expect((await fanOut.collect()).done).toHaveLength(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it("ends the target of a work that ignores its signal, and later errors of that work disturb nobody", async () => {
    let fail = (_error: unknown) => {};
    const work = () =>
      new Promise<string>((_, reject) => {
        fail = reject;
      });
    const { fanOut, clock } = createRun(planOf(plannedAccount(ACCOUNT, REGION)), { work }, { timeout: 5 });
    const result = fanOut.collect();
    await clock.advance(5);
    expect((await result).failures.map(endingOf)).toEqual(["TIMEOUT"]);
    fail(new Error("too late"));
    await clock.settle();
    expect(fanOut.progress).toEqual({ planned: 1, running: 0, done: 0, failed: 1, skipped: 0 });
  });
});

describe("an account without credentials", () => {
  it("is asked once, and each of its regions fails with that error", async () => {
    const error = new Error("no role");
    let asked = 0;
    const credentials = async () => {
      asked++;
      throw error;
    };
    const regions = ["us-east-1", "eu-west-1", "eu-central-1"];
    const plan = planOf(plannedAccount(ACCOUNT, regions), plannedAccount(OTHER_ACCOUNT, REGION));
    const { fanOut } = createRun(plan, { credentials }, { regionConcurrency: 1 });
    const { failures } = await fanOut.collect();
    expect(failures.map((failure) => failure.error)).toEqual([error, error, error, error]);
    expect(asked).toBe(2);
  });

  it("is not asked again for the next region if its time was over", async () => {
    let asked = 0;
    const credentials = ({ begin }: { begin(): void }) => {
      begin();
      asked++;
      return forever<void>();
    };
    const plan = planOf(plannedAccount(ACCOUNT, ["us-east-1", "eu-west-1"]));
    const { fanOut, clock } = createRun(plan, { credentials }, { regionConcurrency: 1, timeout: 10 });
    const result = fanOut.collect();
    await clock.advance(10);
    const { failures } = await result;
    expect(failures.map(endingOf)).toEqual(["TIMEOUT", "TIMEOUT"]);
    expect(asked).toBe(1);
  });
});

describe("regions that are not known", () => {
  it("count as one target until they are listed", async () => {
    const counts: number[] = [];
    const { fanOut } = createRun(
      planOf(plannedAccount(ACCOUNT, undefined)),
      { regions: async () => ["us-east-1", "eu-west-1"] },
      { onProgress: ({ planned }) => counts.push(planned) },
    );
    const iterator = fanOut[Symbol.asyncIterator]();
    const first = iterator.next();
    expect(fanOut.progress.planned).toBe(0);
    await first;
    expect(fanOut.progress.planned).toBe(2);
    await iterator.next();
    await iterator.next();
    expect(counts).toEqual([2, 2]);
  });

  it("are one failure of the account if they cannot be listed", async () => {
    const regions = async () => {
      throw new Error("denied");
    };
    const { fanOut } = createRun(planOf(plannedAccount(ACCOUNT, undefined)), { regions });
    const { failures } = await fanOut.collect();
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ accountId: ACCOUNT, code: "Error" });
    expect(failures[0]).not.toHaveProperty("region");
  });

  it("are skipped where the account does not list a wanted one", async () => {
    const plan = planOf(plannedAccount(ACCOUNT, undefined, ["eu-west-1", "us-east-1"]));
    const { fanOut } = createRun(plan);
    const { skipped, values } = await fanOut.collect();
    expect(skipped).toEqual([
      {
        accountId: ACCOUNT,
        roleArn: `arn:aws:iam::${ACCOUNT}:role/Audit`,
        region: "eu-west-1",
        status: "skipped",
        reason: "REGION_NOT_LISTED",
        milliseconds: 0,
      },
    ]);
    expect(values).toEqual([`${ACCOUNT} us-east-1`]);
  });
});

describe("a stopped run", () => {
  it("starts nothing after the canary fails", async () => {
    const worked: string[] = [];
    const work = async ({ account }: { account: { id: string } }) => {
      worked.push(account.id);
      throw new Error("no");
    };
    const { fanOut } = createRun(planOfAccounts(5), { work }, { canary: 1 });
    const { failures, skipped } = await fanOut.collect();
    expect(worked).toHaveLength(1);
    expect(failures).toHaveLength(1);
    expect(skipped.map(endingOf)).toEqual(Array(4).fill("CANARY_FAILED"));
  });

  it("starts nothing after more failures than the tolerance, and lets what runs end", async () => {
    let end = (_value: string) => {};
    const work = ({ account }: { account: { id: string } }) => {
      if (account.id !== "100000000000") return Promise.reject(new Error("no"));
      return new Promise<string>((resolve) => {
        end = resolve;
      });
    };
    const { fanOut, clock } = createRun(planOfAccounts(6), { work }, { concurrency: 2, tolerance: 1 });
    const result = fanOut.collect();
    await clock.settle();
    end("ended");
    const { values, failures, skipped } = await result;
    expect(values).toEqual(["ended"]);
    expect(failures).toHaveLength(2);
    expect(skipped.map(endingOf)).toEqual(Array(3).fill("TOLERANCE_EXCEEDED"));
  });

  it("fails what runs and skips the rest when the signal aborts, and stops listening to it", async () => {
    const controller = new AbortController();
    const signals: AbortSignal[] = [];
    const { fanOut, clock } = createRun(
      planOfAccounts(4),
      {
        work: (turn) => {
          signals.push(turn.signal);
          return forever();
        },
      },
      { concurrency: 2, signal: controller.signal },
    );
    const result = fanOut.collect();
    await clock.settle();
    controller.abort(new Error("enough"));
    const { failures, skipped } = await result;
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(failures).toMatchObject(Array(2).fill({ code: "ABORTED", error: { cause: { message: "enough" } } }));
    expect(skipped.map(endingOf)).toEqual(["ABORTED", "ABORTED"]);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("starts nothing after onProgress throws", async () => {
    const worked: string[] = [];
    const regions = ["us-east-1", "eu-west-1"];
    const { fanOut } = createRun(
      planOf(plannedAccount(ACCOUNT, ["eu-west-1"], regions)),
      { work: async (_turn, region) => `${worked.push(region)}` },
      {
        regionConcurrency: 2,
        onProgress: () => {
          throw new Error("no more");
        },
      },
    );
    await expect(fanOut.collect()).rejects.toThrow("no more");
    expect(worked).toEqual([]);
  });

  it("starts nothing if the signal has aborted before", async () => {
    const { fanOut } = createRun(planOfAccounts(3), {}, { signal: AbortSignal.abort() });
    const { skipped } = await fanOut.collect();
    expect(skipped.map(endingOf)).toEqual(["ABORTED", "ABORTED", "ABORTED"]);
  });
});

it("waits for a slow reader before it starts more than it can keep", async () => {
  let worked = 0;
  const work = async () => `${++worked}`;
  const { fanOut, clock } = createRun(planOfAccounts(50), { work }, { concurrency: 2, regionConcurrency: 2 });
  const iterator = fanOut[Symbol.asyncIterator]();
  await iterator.next();
  await clock.settle();
  expect(worked).toBeLessThanOrEqual(2 * 2 * 2);
  const rest: unknown[] = [];
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) rest.push(next.value);
  expect(rest).toHaveLength(49);
});
