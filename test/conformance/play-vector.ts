import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Diagnostics, type RolecallEvents } from "../../src/diagnostics.js";
import { isRolecallError, RolecallError } from "../../src/errors.js";
import { BaseIdentity } from "../../src/request/base-identity.js";
import { SourceLink } from "../../src/request/chain.js";
import { createRoleRequest } from "../../src/request/role-request.js";
import { readResolverOptions } from "../../src/resolver-options.js";
import type { AwsCredentialIdentity } from "../../src/sdk-types.js";
import { CredentialCache } from "../../src/session/credential-cache.js";
import { ROLE_RULES } from "../../src/session/refresh-policy.js";
import { baseIdentitySource } from "../../src/sources/base-identity-source.js";
import { createMachine } from "../../src/sources/machine.js";
import { ServerClock } from "../../src/sources/server-clock.js";
import { createManualClock } from "../../src/testing/index.js";
import {
  type CachedCredentials,
  type GetStep,
  isGetStep,
  type Observation,
  type Response,
  type Result,
  type Step,
  type Vector,
} from "./vector-data.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DEFAULT_LIFETIME_SECONDS = 3600;
/** Ages that put a one-hour session into each state. Its advisory window is the last 15 minutes. */
const AGES: Record<Exclude<CachedCredentials, "none">, number> = {
  valid: 10 * MINUTE,
  advisory: 50 * MINUTE,
  mandatory: 59 * MINUTE,
  expired: 61 * MINUTE,
};
/** The random spread is fixed so that the window begins as early as possible, as the vectors require. */
const NO_SPREAD = () => 0;
/** Every backoff has its maximum length. */
const LONGEST_DRAW = () => 1 - Number.EPSILON;

const REFUSAL = new RolecallError("ASSUME_ROLE_DENIED", "The source refuses for good.", {
  step: "base-identity",
  hint: "Change the vector.",
});

export interface Played {
  observations: Observation[];
  /** What one more caller gets after the last step, by what was held before that step. The source is down by then. */
  nextCaller: Observation;
}

/** Runs a vector against our cache. */
export async function play(vector: Vector): Promise<Played> {
  const cache = await createCacheUnderTest(vector);
  const observations: Observation[] = [];
  try {
    for (const [index, step] of vector.steps.entries()) {
      const observation = await cache.perform(step);
      if (!observation || !isGetStep(step)) continue;
      const measured = step.expected.advisoryWindowSeconds !== undefined;
      observations.push({
        ...observation,
        ...(measured && {
          advisoryWindowSeconds: await advisoryWindowSeconds(vector, vector.steps.slice(0, index + 1)),
        }),
      });
    }
    return { observations, nextCaller: await cache.askAgain() };
  } finally {
    cache.close();
  }
}

/** Measured: how long before the expiration the proactive refresh calls the source. */
async function advisoryWindowSeconds(vector: Vector, steps: Step[]): Promise<number> {
  const cache = await createCacheUnderTest(vector, { refreshAhead: true });
  try {
    for (const step of steps) await cache.perform(step);
    return (await cache.remainingAtOwnRefresh()) / SECOND;
  } finally {
    cache.close();
  }
}

async function createCacheUnderTest({ given }: Vector, { refreshAhead = false } = {}) {
  const clock = createManualClock({ random: NO_SPREAD });
  let answer: Pick<GetStep, "response" | "lifetimeSeconds"> = {};
  let nextAccessKeyId: string | undefined = given.accessKeyId;
  let held: AwsCredentialIdentity | undefined;
  let heldBefore: AwsCredentialIdentity | undefined;
  let rejectedAccessKeyId: string | undefined;
  const asked: number[] = [];
  let heldOffUntil = 0;

  const provider = async (): Promise<AwsCredentialIdentity> => {
    asked.push(clock.now());
    clock.setRandom(answer.response === "freshCredentials" ? NO_SPREAD : LONGEST_DRAW);
    return answerOf(answer.response, answer.lifetimeSeconds);
  };
  const answerOf = (response: Response | undefined, lifetimeSeconds = DEFAULT_LIFETIME_SECONDS) => {
    if (response === "nonRecoverableError") throw REFUSAL;
    if (response !== "freshCredentials" && response !== "staleCredentials") throw new Error("The source is down.");
    const life = response === "freshCredentials" ? lifetimeSeconds * SECOND : 0;
    const identity = {
      accessKeyId: nextAccessKeyId ?? `AKID-of-answer-${asked.length}`,
      secretAccessKey: "secret",
      expiration: new Date(clock.now() + life),
    };
    nextAccessKeyId = undefined;
    if (response === "freshCredentials") held = identity;
    return identity;
  };
  const base = new BaseIdentity({ kind: "provider", provider });
  const target = createRoleRequest({}, undefined, undefined, {}).chain.sts;
  const source = new SourceLink(base, target);
  const load = baseIdentitySource(source, {
    runtime: clock,
    machine: createMachine(readResolverOptions({ runtime: clock }), new AbortController().signal),
    serverClock: () => new ServerClock(),
    sts: () => Promise.reject(new Error("A vector has no STS.")),
  });
  const rules = {
    ...ROLE_RULES,
    advisoryWindow: given.configuredAdvisoryWindowSeconds && given.configuredAdvisoryWindowSeconds * SECOND,
  };
  const cache = new CredentialCache({
    runtime: clock,
    diagnostics: new Diagnostics(),
    loader: { rules: () => rules, load: (_, flight) => load(flight), deleteShared: async () => {} },
    maxSessions: 10,
    refreshAhead,
  });

  const noteBackoff = (message: unknown) => {
    heldOffUntil = clock.now() + (message as RolecallEvents["refresh-failed"]).retryIn;
  };
  const forgetBackoff = () => {
    heldOffUntil = 0;
  };
  subscribe("aws-rolecall:refresh-failed", noteBackoff);
  subscribe("aws-rolecall:refreshed", forgetBackoff);

  const resultOfGet = async (): Promise<Result> => {
    try {
      // The rejected call makes the cache call the source while other callers request the session.
      if (rejectedAccessKeyId !== undefined) {
        cache.replace(source, rejectedAccessKeyId, false).catch(() => {});
        rejectedAccessKeyId = undefined;
      }
      const got = await cache.get(source);
      if (got.accessKeyId === heldBefore?.accessKeyId) return "cachedCredentials";
      if (got.accessKeyId === held?.accessKeyId) return "newCredentials";
      throw new Error(`Got ${got.accessKeyId}, which is neither the held set nor the new one.`);
    } catch (error) {
      if (!isRolecallError(error)) throw error;
      return error.code === REFUSAL.code ? "nonRecoverableError" : "noCredentialsError";
    } finally {
      await clock.settle(); // lets a background refresh finish
    }
  };

  const observe = async (): Promise<Observation> => {
    const asksBefore = asked.length;
    const heldOff = clock.now() < heldOffUntil;
    const result = await resultOfGet();
    if (asked.length > asksBefore) return { result, source: "asked" };
    return { result, source: heldOff && result === "cachedCredentials" ? "held off" : "not asked" };
  };

  if (given.cachedCredentials !== "none") {
    answer = { response: "freshCredentials" };
    await cache.get(source);
    await clock.advance(AGES[given.cachedCredentials]);
  }

  return {
    async perform(step: Step): Promise<Observation | undefined> {
      if (step.type === "getCredentials") {
        answer = step;
        heldBefore = held;
        return observe();
      }
      if (step.type === "advanceTime") await clock.advance(step.seconds * SECOND);
      else rejectedAccessKeyId = step.rejectedAccessKeyId;
      return undefined;
    },
    askAgain(): Promise<Observation> {
      answer = {};
      return observe();
    },
    async remainingAtOwnRefresh(): Promise<number> {
      const expiration = held?.expiration?.getTime() ?? Number.NaN;
      // Only a session in use is refreshed proactively. No window is more than half of the lifetime.
      await clock.advance((expiration - clock.now()) / 2 - 1);
      await cache.get(source);
      const asksBefore = asked.length;
      answer = {};
      await clock.advance(expiration - clock.now());
      return expiration - (asked[asksBefore] ?? Number.NaN);
    },
    close() {
      unsubscribe("aws-rolecall:refresh-failed", noteBackoff);
      unsubscribe("aws-rolecall:refreshed", forgetBackoff);
      cache.close();
    },
  };
}
