import { describe, expect, it } from "vitest";
import { type Cell, countAtMost, expectTable, secondsAtMost } from "../support/generated-part.js";
import { ROLE, SECOND } from "../support/local.js";
import { type Fault, IMDS_FAULTS, SOURCE_ROLE_FAULTS, STS_FAULTS } from "./faults.js";
import { MACHINE_EVENTS, observeMachine } from "./machine.js";
import { type Observation, observeFault } from "./observe-fault.js";

/** `assumeRole.timeout`: the time limit of a load. */
const DEADLINE = 10 * SECOND;
/** The lowest rate that the limiter learns is one call a second. The time limit runs from the first call on. */
const LONGEST_TURN = SECOND;
const LONGEST_RECOVERY = 5 * SECOND;
/**
 * A denial is a response, not an outage. It is remembered until `verify`, `invalidate` or `forceRefresh` call again.
 */
const LONGEST_HOLD = 60 * SECOND;

describe.each([
  ["STS", "sts faults", STS_FAULTS],
  ["a source role", "source role faults", SOURCE_ROLE_FAULTS],
  ["the metadata service", "imds faults", IMDS_FAULTS],
])("%s", (_, name, faults) => {
  const rows = new Map<string, Cell[]>();

  it.each(faults.map((fault): [string, Fault] => [fault.name, fault]))("%s", async (title, fault) => {
    const observation = await observeFault(fault);
    const { held, needed, goesOn, recovery, before, after, errorsRetained } = observation;

    expect(held, "with a valid session, nobody fails or waits").toMatchObject({ failed: 0, waited: 0 });
    expect([...needed.outcomes]).toEqual([fault.needed]);
    expect(needed.took, "an answer within the deadline").toBeLessThanOrEqual(DEADLINE);
    const turn = fault.throttles ? LONGEST_TURN : 0;
    expect(goesOn.longest, "an answer within the deadline").toBeLessThanOrEqual(DEADLINE + turn);
    for (const { roleArn, hint, printed } of needed.errors) {
      if (fault.on === "sts") expect(roleArn).toBe(fault.behindHub ?? ROLE);
      expect(hint).not.toBe("");
      expect(printed.length, "no answer is quoted in full").toBeLessThan(4000);
    }
    expect(recovery).toBeLessThanOrEqual(fault.refusal ? LONGEST_HOLD : LONGEST_RECOVERY);
    if (fault.hangs) before.sockets = after.sockets;
    expect(after, "sockets and calls are what they were").toMatchObject({ ...before, timers: expect.any(Number) });
    // A base identity that seems expired has no timer: it is read again when it is needed.
    expect(after.timers, "no timer is left behind").toBeLessThanOrEqual(before.timers);
    if (!fault.hangs) expect(errorsRetained, "errors are not kept after the recovery").toBe(0);
    rows.set(title, rowOf(fault, observation));
  });

  it("stays within the table in docs/reliability.md (ROLECALL_WRITE_DOCS=1 updates it)", () => {
    const head = [
      "fault",
      "with a session: served at once",
      "calls",
      "without one: callers get",
      "after",
      "calls",
      "calls in the next minute",
      "recovered after",
    ];
    expectTable({ page: "reliability.md", name }, head, [...rows.values()]);
  });
});

describe("the machine", () => {
  const rows: Cell[][] = [];

  it.each(MACHINE_EVENTS)("$name", async (event) => {
    const { outcomes, took, stsCalls, later } = await observeMachine(event);
    expect([...outcomes]).toEqual(["served"]);
    expect(took).toBeLessThanOrEqual(LONGEST_RECOVERY);
    expect(stsCalls).toBe(event.stsCalls);
    expect(later, "from then on nobody waits").toMatchObject({ failed: 0, waited: 0, stsCalls: 0 });
    rows.push([event.name, countAtMost(stsCalls), secondsAtMost(took), `${later.commands} of ${later.commands}`]);
  });

  it("stays within the table in docs/reliability.md (ROLECALL_WRITE_DOCS=1 updates it)", () => {
    const head = [
      "event",
      "calls to STS for the next ten callers",
      "they are served after",
      "served at once in the next minute",
    ];
    expectTable({ page: "reliability.md", name: "machine events" }, head, rows);
  });
});

function rowOf(fault: Fault, { held, needed, goesOn, recovery }: Observation): Cell[] {
  return [
    fault.name,
    `${held.commands - held.waited - held.failed} of ${held.commands}`,
    countAtMost(held.calls),
    fault.needed === "served" ? "the session" : `\`${fault.needed}\``,
    secondsAtMost(needed.took),
    countAtMost(needed.calls),
    goesOn.commands < 60 ? "" : countAtMost(goesOn.calls), // a fault of megabytes is not measured for a minute
    fault.needed === "served" ? "" : secondsAtMost(recovery),
  ];
}
