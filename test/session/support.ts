import { RolecallError, type RolecallErrorCode } from "../../src/errors.js";
import type { Flight } from "../../src/session/flight.js";
import { INSTANCE_PROFILE_RULES, type RefreshRules, ROLE_RULES } from "../../src/session/refresh-policy.js";
import { redacted } from "../../src/session/session-credentials.js";
import type { IssuedSession, Load, SessionSource } from "../../src/session/session-source.js";
import { withStaticStability } from "../../src/sources/static-stability.js";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export interface SourceSettings {
  key?: string;
  parentKey?: string;
  rules?: RefreshRules;
}

/** A source that responds as the test sets it, or with its own sessions. */
export function createSource({ key = "key", parentKey, rules = ROLE_RULES }: SourceSettings = {}) {
  let loads = 0;
  let running = 0;
  let mostAtOnce = 0;
  let answer: (flight: Flight) => Promise<Load> = async () => session(loads);
  const load = async (flight: Flight) => {
    loads++;
    mostAtOnce = Math.max(mostAtOnce, ++running);
    try {
      return await answer(flight);
    } finally {
      running--;
    }
  };
  const source: SessionSource = {
    key,
    parentKey,
    step: "assume-role",
    roleArn: `role of ${key}`,
    rules,
    load: (flight) => (rules === INSTANCE_PROFILE_RULES ? withStaticStability(load, flight) : load(flight)),
    invalidate: async () => {},
  };
  return {
    source,
    answers(next: (flight: Flight) => Promise<Load>) {
      answer = next;
    },
    fails(code: RolecallErrorCode) {
      answer = async () => {
        throw failure(code);
      };
    },
    get loads() {
      return loads;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
  };
}

export function session(number: number, life = HOUR): IssuedSession {
  return {
    kind: "issued",
    life,
    credentials: redacted({ accessKeyId: `ASIA${number}`, secretAccessKey: `secret-${number}`, sessionToken: "token" }),
  };
}

export function failure(code: RolecallErrorCode): RolecallError {
  return new RolecallError(code, "It failed.", { step: "assume-role", hint: "Wait." });
}
