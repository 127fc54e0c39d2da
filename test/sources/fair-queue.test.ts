import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BACKGROUND, FairQueue, WAITING_CALLER, WAITING_CALLER_AGAIN } from "../../src/sources/fair-queue.js";

const AGED = 10_000;

function createQueue() {
  let now = 0;
  let lastId = 0;
  const queue = new FairQueue<string>(() => now);
  return {
    queue,
    add(run: string, priority = WAITING_CALLER as number, line: readonly string[] = []) {
      const id = String(++lastId);
      queue.enqueue(run, { id, priority, line });
      return id;
    },
    advance(ms: number) {
      now += ms;
    },
    drain() {
      const order: string[] = [];
      for (let run = queue.dequeue(); run !== undefined; run = queue.dequeue()) order.push(run);
      return order;
    },
  };
}

describe("the order of calls", () => {
  it("is second attempts, then first attempts, then background refreshes", () => {
    const { add, drain } = createQueue();
    add("refresh", BACKGROUND);
    add("first");
    add("again", WAITING_CALLER_AGAIN);
    expect(drain()).toEqual(["again", "first", "refresh"]);
  });

  it("is first in, first out within one line", () => {
    const { add, drain } = createQueue();
    for (const run of ["one", "two", "three"]) add(run, WAITING_CALLER, ["base", "role"]);
    expect(drain()).toEqual(["one", "two", "three"]);
  });

  it("takes turns between base identities, and within one between its roles", () => {
    const { add, drain } = createQueue();
    for (const run of ["a1", "a2", "a3"]) add(run, WAITING_CALLER, ["A", "role 1"]);
    add("a4", WAITING_CALLER, ["A", "role 2"]);
    for (const run of ["b1", "b2"]) add(run, WAITING_CALLER, ["B", "role 1"]);
    expect(drain()).toEqual(["a1", "b1", "a4", "b2", "a2", "a3"]);
  });

  it("treats a call without options as a background refresh", () => {
    const { queue, add, drain } = createQueue();
    queue.enqueue("plain");
    add("first");
    expect(drain()).toEqual(["first", "plain"]);
  });
});

describe("a background refresh", () => {
  it("waits behind callers until it has been in the queue for 10 seconds", () => {
    const { add, advance, drain } = createQueue();
    add("refresh", BACKGROUND);
    advance(AGED - 1);
    add("first");
    expect(drain()).toEqual(["first", "refresh"]);
  });

  it("takes turns with the callers in the same line after 10 seconds", () => {
    const { add, advance, drain } = createQueue();
    add("refresh", BACKGROUND);
    for (const run of ["one", "two", "three"]) add(run);
    advance(AGED);
    expect(drain()).toEqual(["one", "refresh", "two", "three"]);
  });

  it("that came later keeps waiting", () => {
    const { add, advance, drain } = createQueue();
    add("old", BACKGROUND, ["A"]);
    advance(1);
    add("young", BACKGROUND, ["B"]);
    advance(AGED - 1);
    for (const run of ["one", "two"]) add(run, WAITING_CALLER, ["A"]);
    expect(drain()).toEqual(["one", "old", "two", "young"]);
  });
});

describe("a queued call", () => {
  it("can be removed, and an unknown one is ignored", () => {
    const { queue, add, drain } = createQueue();
    const id = add("gone", BACKGROUND, ["A", "role"]);
    add("stays", BACKGROUND, ["A", "role"]);
    queue.remove(id);
    queue.remove(id);
    queue.setPriority("never queued", WAITING_CALLER);
    expect(queue.size).toBe(1);
    expect(drain()).toEqual(["stays"]);
  });

  it("is found by its priority, in order of arrival", () => {
    const { queue, add } = createQueue();
    const id = add("joined", BACKGROUND);
    add("refresh", BACKGROUND);
    add("first");
    queue.setPriority(id, WAITING_CALLER);
    expect(queue.filter({ priority: BACKGROUND })).toEqual(["refresh"]);
    expect(queue.filter({ priority: WAITING_CALLER })).toEqual(["first", "joined"]);
  });
});

const PRIORITIES = [BACKGROUND, WAITING_CALLER, WAITING_CALLER_AGAIN];
const call = fc.record({
  priority: fc.constantFrom(...PRIORITIES),
  line: fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 2 }),
});

it("every call that is added and not removed comes out once, in any history", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ add: call }) },
    { weight: 1, arbitrary: fc.record({ remove: fc.nat(40) }) },
    { weight: 1, arbitrary: fc.record({ raise: fc.nat(40), priority: fc.constantFrom(...PRIORITIES) }) },
    { weight: 1, arbitrary: fc.record({ advance: fc.nat(2 * AGED) }) },
    { weight: 2, arbitrary: fc.constant({ take: true }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { queue, add, advance, drain } = createQueue();
      const queued = new Set<string>();
      const take = (run: string | undefined) => expect(run === undefined || queued.delete(run)).toBe(true);
      let added = 0;
      for (const each of steps) {
        if ("add" in each) queued.add(add(String(++added), each.add.priority, each.add.line));
        if ("remove" in each && queued.delete(String(each.remove))) queue.remove(String(each.remove));
        if ("raise" in each) queue.setPriority(String(each.raise), each.priority);
        if ("advance" in each) advance(each.advance);
        if ("take" in each) take(queue.dequeue());
        expect(queue.size).toBe(queued.size);
      }
      expect(drain().sort()).toEqual([...queued].sort());
      expect(queue.size).toBe(0);
    }),
    { numRuns: 100 },
  );
});

it("a tenant with one call waits for at most one call of each other tenant", () => {
  const flood = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 30 });
  fc.assert(
    fc.property(flood, flood, (before, after) => {
      const { add, drain } = createQueue();
      for (const tenant of before) add(tenant, WAITING_CALLER, [tenant, "role"]);
      add("one call", WAITING_CALLER, ["quiet", "role"]);
      for (const tenant of after) add(tenant, WAITING_CALLER, [tenant, "role"]);
      const earlier = drain().slice(0, -1);
      const at = earlier.includes("one call") ? earlier.indexOf("one call") : earlier.length;
      expect(new Set(earlier.slice(0, at)).size).toBe(at);
    }),
    { numRuns: 100 },
  );
});
