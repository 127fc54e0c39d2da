import { expect, it, vi } from "vitest";
import { MINUTE } from "../support/local.js";
import { criteriaOf, reportOf } from "./report.js";
import { runSoak } from "./soak.js";

it("a few roles survive two hours full of failures, and every call to STS is accounted for", async () => {
  const lines: string[] = [];
  const result = await runSoak({
    roles: 40,
    hours: 2,
    commandsPerSecond: 4,
    seed: 3,
    climate: { sts: 3 * MINUTE, imds: 20 * MINUTE, keys: 20 * MINUTE },
    warmUpHours: 1,
    progress: (line) => lines.push(line),
    stubEnv: vi.stubEnv,
  });
  const criteria = criteriaOf(result, { judgeHeap: false });
  const report = reportOf(result, criteria);
  expect(
    criteria.filter(({ met }) => !met),
    report,
  ).toEqual([]);
  expect(Object.keys(result.tally.injected).length, report).toBeGreaterThanOrEqual(4);
  expect(lines).toHaveLength(2);
}, 180_000); // real time that a busy machine may need
