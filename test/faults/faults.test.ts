import { describe, expect, it } from "vitest";
import { expectGenerated, markdownTable } from "../support/generated-part.js";
import { ROLE, SECOND } from "../support/local.js";
import { type Fault, IMDS_FAULTS, STS_FAULTS } from "./faults.js";
import { MACHINE_EVENTS, observeMachine } from "./machine.js";
import { type Observation, observeFault } from "./observe-fault.js";

/** `assumeRole.timeout`: a load ends within it. */
const DEADLINE = 10 * SECOND;
const LONGEST_RECOVERY = 5 * SECOND;
/** A refusal is AWS's answer and no outage: it is remembered, and `verify`, `invalidate` or `forceRefresh` ask again. */
const LONGEST_HOLD = 60 * SECOND;

describe.each([
  ["STS", "sts faults", STS_FAULTS],
  ["the metadata service", "imds faults", IMDS_FAULTS],
])("%s", (_, name, faults) => {
  const rows = new Map<string, (string | number)[]>();

  it.each(faults.map((fault): [string, Fault] => [fault.name, fault]))("%s", async (title, fault) => {
    const observation = await observeFault(fault);
    const { held, needed, goesOn, recovery, before, after, errorsRetained } = observation;

    expect(held, "with a valid session, nobody fails or waits").toMatchObject({ failed: 0, waited: 0 });
    expect([...needed.outcomes]).toEqual([fault.needed]);
    expect(Math.max(needed.took, goesOn.longest), "an answer within the deadline").toBeLessThanOrEqual(DEADLINE);
    for (const { roleArn, hint, printed } of needed.errors) {
      if (fault.on === "sts") expect(roleArn).toBe(ROLE);
      expect(hint).not.toBe("");
      expect(printed.length, "no answer is quoted in full").toBeLessThan(4000);
    }
    expect(recovery).toBeLessThanOrEqual(fault.refusal ? LONGEST_HOLD : LONGEST_RECOVERY);
    if (fault.hangs) before.sockets = after.sockets;
    expect(after, "sockets and calls are what they were").toMatchObject({ ...before, timers: expect.any(Number) });
    // A base identity that looks expired has no timer: it is read again when it is needed.
    expect(after.timers, "no timer is left behind").toBeLessThanOrEqual(before.timers);
    if (!fault.hangs) expect(errorsRetained, "errors are not kept after the recovery").toBe(0);
    rows.set(title, rowOf(fault, observation));
  });

  it("stands in docs/reliability.md as it was measured; ROLECALL_WRITE_DOCS=1 writes it", () => {
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
    expectGenerated({ page: "reliability.md", name }, markdownTable(head, [...rows.values()]));
  });
});

describe("the machine", () => {
  const rows: (string | number)[][] = [];

  it.each(MACHINE_EVENTS)("$name", async (event) => {
    const { outcomes, took, stsCalls, later } = await observeMachine(event);
    expect([...outcomes]).toEqual(["served"]);
    expect(took).toBeLessThanOrEqual(LONGEST_RECOVERY);
    expect(stsCalls).toBe(event.stsCalls);
    expect(later, "from then on nobody waits").toMatchObject({ failed: 0, waited: 0, stsCalls: 0 });
    rows.push([event.name, stsCalls, `${took / SECOND} s`, `${later.commands} of ${later.commands}`]);
  });

  it("stands in docs/reliability.md as it was measured; ROLECALL_WRITE_DOCS=1 writes it", () => {
    const head = [
      "event",
      "calls to STS for the next ten callers",
      "they are served after",
      "served at once in the next minute",
    ];
    expectGenerated({ page: "reliability.md", name: "machine events" }, markdownTable(head, rows));
  });
});

function rowOf(fault: Fault, { held, needed, goesOn, recovery }: Observation): (string | number)[] {
  return [
    fault.name,
    `${held.commands - held.waited - held.failed} of ${held.commands}`,
    held.calls,
    fault.needed === "served" ? "the session" : `\`${fault.needed}\``,
    seconds(needed.took),
    needed.calls,
    goesOn.commands < 60 ? `${goesOn.calls} (${goesOn.commands} s)` : goesOn.calls,
    fault.needed === "served" ? "" : seconds(recovery),
  ];
}

function seconds(ms: number): string {
  return `${ms / SECOND} s`;
}
