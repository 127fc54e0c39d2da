import { expect, it } from "vitest";
import { type Bug, buildWith } from "../support/build-with-bug.js";
import { type Invariant, Violation } from "./invariants.js";
import { runModel, warmUp } from "./run-model.js";
import { createSimulatedAws } from "./simulated-aws.js";

interface ModelBug extends Bug {
  /** The invariants that it breaks; which one is found first is a matter of chance. */
  readonly breaks: readonly Invariant[];
}

const BUGS: Record<string, ModelBug> = {
  "stale key: the session's name is left out of the cache key": {
    file: "request/role-request.ts",
    text: "roleArn: role.arn, ...assumption, sts: fixed.sts",
    becomes: "roleArn: role.arn, ...assumption, roleSessionName: null, sts: fixed.sts",
    breaks: ["no other key's session"],
  },
  "double flight: a caller who has to wait starts a load of its own": {
    file: "session/session-slot.ts",
    text: "this.#wait(this.#flight?.demand(wish) ?? this.#startFlight(wish), signal)",
    becomes: "this.#wait(this.#startFlight(wish), signal)",
    breaks: ["one flight per key"],
  },
  "expired served: the life that is left counts for a caller who asks for some alone": {
    file: "session/session-slot.ts",
    text: "if (this.#remaining(now) > EXPIRY_MARGIN) return session;",
    becomes: "if (minRemaining === 0 || this.#remaining(now) > EXPIRY_MARGIN) return session;",
    breaks: ["no expired session"],
  },
  "revival: a load goes on as if nothing had been invalidated": {
    file: "session/session-slot.ts",
    text: "if (generation !== this.#generation) {",
    becomes: "if (generation > this.#generation) {",
    breaks: ["nothing dropped comes back"],
  },
  "abort for all: a caller's signal ends the load": {
    file: "session/session-slot.ts",
    text: "leaveWith(() => abortedError(this.#source, signal)),",
    becomes: "() => flight.abort(abortedError(this.#source, signal)),",
    breaks: ["an abort frees one caller at once"],
  },
  "no second identity: the base keys that STS refused are kept": {
    file: "credential-resolver.ts",
    text: "if (isHeld) await keyNow({ signal, forceRefresh: true });",
    becomes: "if (isHeld) await keyNow({ signal });",
    breaks: ["base keys that were refused are read again"],
  },
  "dropped: a session that a service refuses is nobody's any more": {
    file: "session/session-slot.ts",
    text: "this.#replacing = this.#loadReplacement(accessKeyId);",
    becomes: "this.#session = undefined; return true;",
    breaks: ["nobody waits while a session is valid"],
  },
  "no limit: each refusal by a service asks STS again": {
    file: "session/refresh-policy.ts",
    text: "return succeeded ? LONGEST_BACKOFF : FIRST_BACKOFF;",
    becomes: "return 0;",
    breaks: ["one call per key and lifetime"],
  },
  "doubt is expiry: a step of the wall clock ends a session": {
    file: "session/refresh-policy.ts",
    text: "return to.monotonic - from.monotonic;",
    becomes: "return elapsedBetween(from, to);",
    breaks: ["nobody waits while a session is valid"],
  },
  "no context: a refresh ahead runs in the context of whoever moves the clock": {
    file: "session/session-slot.ts",
    text: "AsyncResource.bind(refresh)",
    becomes: "refresh",
    breaks: ["a key's work runs in the context of its own callers"],
  },
  "leak: loads go on after close": {
    file: "session/credential-cache.ts",
    text: "for (const slot of this.#pinned.values()) slot.abort(closedError());",
    becomes: "",
    breaks: ["nothing is left after close"],
  },
};

const RUNS = 2000;

it.each(Object.entries(BUGS))("finds a counterexample for %s", { timeout: 120_000 }, async (name, bug) => {
  const createResolver = await buildWith(bug);
  const worlds = { createWorld: createSimulatedAws, createResolver };
  await warmUp(worlds);
  const { runs, error, counterexample } = await runModel({ ...worlds, runs: RUNS, seed: 1 });
  console.log(`${name}\nfound in run ${runs}: ${counterexample ?? "nothing"}\n`);
  expect(error).toBeInstanceOf(Violation);
  expect(bug.breaks).toContain((error as Violation).invariant);
});

it("finds none in the same build without a bug", { timeout: 120_000 }, async () => {
  const worlds = { createWorld: createSimulatedAws, createResolver: await buildWith() };
  await warmUp(worlds);
  const { counterexample } = await runModel({ ...worlds, runs: 500, seed: 1 });
  expect(counterexample, counterexample).toBeUndefined();
});
