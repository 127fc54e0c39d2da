import { expect, it } from "vitest";
import { createCredentialResolver } from "../../src/index.js";
import { createManualClock } from "../../src/testing/index.js";

// The only test in this file: the modules for a first call are imported once in a process.
it("advance() waits for the modules that the first call of a process imports", async () => {
  const clock = createManualClock();
  const throttling = Object.assign(new Error("Rate exceeded"), { name: "Throttling" });
  const stsClient = { send: () => Promise.reject(throttling) };
  await using resolver = createCredentialResolver({ runtime: clock, stsClient });
  const outcome = resolver.resolve({ roleArn: "arn:aws:iam::123456789012:role/Inventory" }).catch(({ code }) => code);

  await clock.advance(15_000);

  const pending = new Promise((resolve) => setImmediate(resolve, "pending"));
  expect(await Promise.race([outcome, pending])).toBe("STS_UNAVAILABLE");
  expect(clock.pendingTimers).toBe(0);
});
