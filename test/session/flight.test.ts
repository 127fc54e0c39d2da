import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Flight, LONGEST_WAIT, NO_DEMAND, type SessionDemand, waitsUntil } from "../../src/session/flight.js";
import { session } from "./support.js";

const { credentials } = session(1);
const demandOf = (demand: Partial<SessionDemand>): SessionDemand => ({ ...NO_DEMAND, ...demand });

describe("a load that callers wait for", () => {
  it("moves forward in its queue once, when the first caller waits", () => {
    const flight = new Flight();
    let moves = 0;
    flight.onUrgent(() => moves++);
    expect([flight.urgent, moves]).toEqual([false, 0]);
    flight.raise().raise();
    expect([flight.urgent, moves]).toEqual([true, 1]);
  });

  it("can be raised before it is in a queue", () => {
    expect(new Flight().raise().urgent).toBe(true);
  });

  it("moves forward in the queue of its latest call only", () => {
    const flight = new Flight();
    const moved: string[] = [];
    flight.onUrgent(() => moved.push("first"));
    flight.onUrgent(() => moved.push("second"));
    flight.raise();
    expect(moved).toEqual(["second"]);
  });

  it("ends with the reason of its abort", () => {
    const flight = new Flight();
    flight.abort("closed");
    expect([flight.signal.aborted, flight.signal.reason]).toEqual([true, "closed"]);
  });
});

describe("what several callers require", () => {
  it("is no more than a cached session if none of them asks for more", () => {
    const { mustBeNew, despiteRefusal, minRemaining } = new Flight().demand(NO_DEMAND);
    expect({ mustBeNew, despiteRefusal, minRemaining }).toEqual({
      mustBeNew: false,
      despiteRefusal: false,
      minRemaining: 0,
    });
  });

  it("adds up in any order: each caller gets at least what it asks", () => {
    const demands = fc.array(
      fc.record({
        forceRefresh: fc.option(fc.boolean(), { nil: undefined }),
        minRemaining: fc.option(fc.nat(1000), { nil: undefined }),
        despiteRefusal: fc.option(fc.boolean(), { nil: undefined }),
        onTurn: fc.constant(undefined),
        waitingLoad: fc.constant(undefined),
      }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(demands, (all) => {
        const flight = all.reduce((joined, each) => joined.demand(demandOf(each)), new Flight());
        expect(flight.mustBeNew).toBe(all.some(({ forceRefresh }) => forceRefresh));
        expect(flight.minRemaining).toBe(Math.max(0, ...all.map(({ minRemaining = 0 }) => minRemaining)));
        expect(flight.despiteRefusal).toBe(
          all.some(({ forceRefresh, despiteRefusal = forceRefresh }) => despiteRefusal),
        );
      }),
      { numRuns: 100 },
    );
  });

  it("ignores a remembered refusal for a forced refresh, unless the caller says otherwise", () => {
    expect(new Flight().demand(demandOf({ forceRefresh: true })).despiteRefusal).toBe(true);
    const respectful = demandOf({ forceRefresh: true, despiteRefusal: false });
    expect(new Flight().demand(respectful).despiteRefusal).toBe(false);
  });
});

describe("the progress of a load", () => {
  const NEVER = Number.NEGATIVE_INFINITY;

  it("is that of the queue while it waits there, and stays as it was afterwards", () => {
    const flight = new Flight();
    expect(flight.progressedAt).toBe(NEVER);
    const queue = { progressedAt: NEVER };
    const leave = flight.follow(queue);
    expect(flight.progressedAt).toBe(NEVER);
    queue.progressedAt = 5;
    expect(flight.progressedAt).toBe(5);
    leave();
    queue.progressedAt = 7;
    expect(flight.progressedAt).toBe(5);
  });

  it("is that of the queue in which the session waits that it is obtained with", () => {
    const queue = { progressedAt: NEVER };
    const [hub, role] = [new Flight(), new Flight()];
    hub.follow(queue);
    role.follow(hub);
    queue.progressedAt = 5;
    expect(role.progressedAt).toBe(5);
  });

  it("is that of the latest queue, whenever it leaves the one before", () => {
    const flight = new Flight();
    const leaveFirst = flight.follow({ progressedAt: 1 });
    flight.follow({ progressedAt: 2 });
    leaveFirst();
    expect(flight.progressedAt).toBe(2);
  });

  it("never goes back when it moves to a queue that stands still", () => {
    const flight = new Flight();
    flight.follow({ progressedAt: 5 })();
    flight.follow({ progressedAt: 2 });
    expect(flight.progressedAt).toBe(5);
  });

  it.each([
    ["from its arrival if there was none", NEVER, 100],
    ["from its arrival if that is later", 50, 100],
    ["from the last progress if that is later", 150, 150],
  ])("lets a caller wait for a minute %s", (_, progressedAt, from) => {
    expect(waitsUntil({ progressedAt }, 100)).toBe(from + LONGEST_WAIT);
  });
});

describe("a session from another process", () => {
  it("will do if it lives at least as long as every caller asks", () => {
    const flight = new Flight().demand(demandOf({ minRemaining: 1000 }));
    expect([flight.admits(credentials, 999), flight.admits(credentials, 1000)]).toEqual([false, true]);
  });

  it("will not do if a new one is required", () => {
    const flight = new Flight().demand(demandOf({ forceRefresh: true }));
    expect(flight.admits(credentials, Number.POSITIVE_INFINITY)).toBe(false);
  });

  it("will not do if it is the one that is held", () => {
    const flight = new Flight(credentials);
    expect(flight.admits(session(1).credentials, 1000)).toBe(false);
    expect(flight.admits(session(2).credentials, 1000)).toBe(true);
  });
});
