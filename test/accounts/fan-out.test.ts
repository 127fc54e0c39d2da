import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/accounts/outcome.js";
import { ACCOUNT, createRun, forever, OTHER_ACCOUNT, plannedAccount, planOf, planOfAccounts } from "./support.js";

const REGIONS = ["us-east-1", "eu-west-1"];
const TWO_ACCOUNTS = planOf(plannedAccount(ACCOUNT, REGIONS), plannedAccount(OTHER_ACCOUNT, REGIONS));

const isOfOther = ({ account }: { account: { id: string } }) => account.id === OTHER_ACCOUNT;

describe("reading the outcomes", () => {
  it("starts the run, once", async () => {
    const { fanOut } = createRun(TWO_ACCOUNTS);
    expect(fanOut.progress).toEqual({ planned: 0, running: 0, done: 0, failed: 0, skipped: 0 });
    await fanOut.collect();
    await expect(fanOut.collect()).rejects.toThrow(/^forEachAccount\(\) was already read\. Call it again/);
    await expect(fanOut[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "INVALID_REQUEST" });
    expect(fanOut.progress).toEqual({ planned: 4, running: 0, done: 4, failed: 0, skipped: 0 });
  });

  it("rejects with what keeps the run from starting", async () => {
    const { fanOut } = createRun(() => Promise.reject(new Error("no accounts")));
    await expect(fanOut.collect()).rejects.toThrow("no accounts");
    expect(fanOut.progress.planned).toBe(0);
  });

  it("ends with the error that onProgress throws, after the outcome that it was called for", async () => {
    const error = new Error("the disk is full");
    const onProgress = ({ done }: { done: number }) => {
      if (done === 2) throw error;
    };
    const { fanOut } = createRun(planOfAccounts(9), {}, { concurrency: 1, regionConcurrency: 1, onProgress });
    const outcomes: Outcome<string>[] = [];
    const reading = (async () => {
      for await (const outcome of fanOut) outcomes.push(outcome);
    })();
    await expect(reading).rejects.toBe(error);
    expect(outcomes).toHaveLength(2);
  });
});

describe("leaving the iteration", () => {
  it("aborts what runs and starts nothing more", async () => {
    const signals: AbortSignal[] = [];
    const { fanOut, clock } = createRun(
      planOfAccounts(9),
      {
        work: ({ signal }) => {
          signals.push(signal);
          return signals.length === 1 ? Promise.resolve("done") : forever();
        },
      },
      { concurrency: 3, timeout: 1000 },
    );
    for await (const { status } of fanOut) {
      expect(status).toBe("done");
      break;
    }
    await clock.settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, ...Array(signals.length - 1).fill(true)]);
    expect(signals.length).toBeLessThan(9);
    expect(clock.pendingTimers).toBe(0);
    const { planned, running, done, failed, skipped } = fanOut.progress;
    expect({ planned, running, done, ended: done + failed + skipped }).toEqual({
      planned: 9,
      running: 0,
      done: 1,
      ended: 9,
    });
  });

  it("does not wait for the next outcome first", async () => {
    const { fanOut, clock } = createRun(planOfAccounts(2), { work: forever });
    const iterator = fanOut[Symbol.asyncIterator]();
    const next = iterator.next();
    await clock.settle();
    expect(fanOut.progress.running).toBe(2);
    expect(await iterator.return?.()).toEqual({ value: undefined, done: true });
    expect(await next).toEqual({ value: undefined, done: true });
    expect(fanOut.progress).toMatchObject({ running: 0, failed: 2 });
  });

  it.each([
    ["without an error", undefined],
    ["with an error", new Error("no more")],
  ])("happens when a stream over it is destroyed %s", async (_how, error) => {
    const { fanOut, clock } = createRun(planOfAccounts(2), { work: forever });
    const stream = Readable.from(fanOut);
    const closed = new Promise((resolve) => stream.on("close", resolve).on("error", () => {}));
    stream.resume();
    await clock.settle();
    stream.destroy(error);
    await closed;
    await clock.settle();
    expect(fanOut.progress).toMatchObject({ running: 0, failed: 2 });
  });

  it("before the accounts are known starts nothing", async () => {
    let worked = 0;
    let deliver = (_plan: typeof TWO_ACCOUNTS) => {};
    const plan = () =>
      new Promise<typeof TWO_ACCOUNTS>((resolve) => {
        deliver = resolve;
      });
    const { fanOut } = createRun(plan, { work: async () => `${++worked}` });
    const iterator = fanOut[Symbol.asyncIterator]();
    const next = iterator.next();
    const left = iterator.return?.();
    deliver(TWO_ACCOUNTS);
    expect(await next).toEqual({ value: undefined, done: true });
    await left;
    expect(worked).toBe(0);
  });

  it("does not end the run of a different reader", async () => {
    const { fanOut } = createRun(TWO_ACCOUNTS);
    const iterator = fanOut[Symbol.asyncIterator]();
    await iterator.next();
    await fanOut[Symbol.asyncIterator]().return?.();
    expect(await iterator.next()).toMatchObject({ done: false, value: { status: "done" } });
  });
});

describe("collect", () => {
  it("sorts outcomes as they are planned, however they end", async () => {
    const order = [
      [OTHER_ACCOUNT, "eu-west-1"],
      [ACCOUNT, "eu-west-1"],
      [OTHER_ACCOUNT, "us-east-1"],
      [ACCOUNT, "us-east-1"],
    ].map(String);
    const { fanOut, clock } = createRun(TWO_ACCOUNTS, {
      work: async ({ account }, region) => {
        const place = String([account.id, region]);
        await clock.sleep(10 * order.indexOf(place));
        return place;
      },
    });
    const result = fanOut.collect();
    await clock.advance(100);
    const planned = [ACCOUNT, OTHER_ACCOUNT].flatMap((id) => REGIONS.map((region) => String([id, region])));
    expect((await result).values).toEqual(planned);
  });

  it("keeps apart what is done, failed and skipped, and groups it by account", async () => {
    const plan = {
      ...TWO_ACCOUNTS,
      inactive: [{ account: plannedAccount("777788889999", undefined), state: "CLOSED" }],
    };
    const { fanOut } = createRun(plan, {
      work: async (turn, region) => {
        if (isOfOther(turn)) throw new RangeError("no");
        return region;
      },
    });
    const { values, done, failures, skipped, byAccount } = await fanOut.collect().then((result) => ({
      ...result,
      values: result.values,
      byAccount: result.byAccount(),
    }));
    expect(values).toEqual(REGIONS);
    expect(done).toHaveLength(2);
    expect(failures.map(({ code }) => code)).toEqual(["RangeError", "RangeError"]);
    expect(skipped).toMatchObject([{ reason: "ACCOUNT_NOT_ACTIVE", accountState: "CLOSED" }]);
    expect([...byAccount.keys()]).toEqual([ACCOUNT, OTHER_ACCOUNT, "777788889999"]);
    expect(byAccount.get(OTHER_ACCOUNT)).toEqual(failures);
  });
});

describe("throwIfFailed", () => {
  it("counts the codes, the most frequent first, and has the first error as its cause", async () => {
    const { fanOut } = createRun(
      planOfAccounts(5),
      {
        work: async ({ account }) => {
          if (account.id.endsWith("0")) throw new RangeError("hunter2");
          throw new TypeError("no");
        },
      },
      { concurrency: 1, tolerance: 2 },
    );
    const result = await fanOut.collect();
    expect(() => result.throwIfFailed()).toThrow(
      "5 of 5 targets are not done: TypeError 2, TOLERANCE_EXCEEDED 2, RangeError 1.",
    );
    const thrown = (() => {
      try {
        result.throwIfFailed();
      } catch (error) {
        return error as Error;
      }
      return undefined;
    })();
    expect(thrown).toMatchObject({ code: "TARGETS_FAILED", step: "work", retryable: false });
    expect(thrown?.cause).toMatchObject({ name: "RangeError" });
    expect(JSON.stringify(thrown?.cause, ["name", "message"])).not.toContain("hunter2");
  });

  it.each([undefined, null, "no", Proxy.revocable({}, {})].map((thrown) => ({ thrown })))(
    "throws a TARGETS_FAILED error if the work throws $thrown",
    async ({ thrown }) => {
      if (thrown !== null && typeof thrown === "object") thrown.revoke();
      const error = thrown !== null && typeof thrown === "object" ? thrown.proxy : thrown;
      const { fanOut } = createRun(planOfAccounts(1), { work: () => Promise.reject(error) });
      const result = await fanOut.collect();
      expect(() => result.throwIfFailed()).toThrow("1 of 1 targets are not done: Error 1.");
    },
  );

  it("does not mind accounts that are not active, or regions that are not listed", async () => {
    const plan = {
      accounts: [plannedAccount(ACCOUNT, ["us-east-1"], ["us-east-1", "eu-west-1"])],
      inactive: [{ account: plannedAccount(OTHER_ACCOUNT, undefined), state: "SUSPENDED" }],
    };
    const result = await createRun(plan).fanOut.collect();
    expect(result.skipped).toHaveLength(2);
    expect(() => result.throwIfFailed()).not.toThrow();
  });
});
