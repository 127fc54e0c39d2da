import { expect, it, vi } from "vitest";
import { HOUR } from "../support/local.js";
import { criteriaOf, reportOf } from "./report.js";
import { runSoak } from "./soak.js";

/** For a shorter or different run, set variables such as `SOAK_ROLES=200 SOAK_HOURS=6 npm run soak`. */
const {
  SOAK_ROLES = 2000,
  SOAK_HOURS = 48,
  SOAK_COMMANDS_PER_SECOND = 50,
  SOAK_SEED = Date.now() % 1_000_000,
} = process.env;

it("two thousand roles run for two days", async () => {
  const result = await runSoak({
    roles: Number(SOAK_ROLES),
    hours: Number(SOAK_HOURS),
    commandsPerSecond: Number(SOAK_COMMANDS_PER_SECOND),
    seed: Number(SOAK_SEED),
    climate: { sts: HOUR, imds: 2 * HOUR, keys: 3 * HOUR },
    warmUpHours: 2,
    progress: (line) => console.log(line),
    stubEnv: vi.stubEnv,
  });
  const criteria = criteriaOf(result, { judgeHeap: true });
  console.log(reportOf(result, criteria));
  expect(criteria.filter(({ met }) => !met).map(({ name }) => name)).toEqual([]);
});
