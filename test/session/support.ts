import { RolecallError, type RolecallErrorCode } from "../../src/errors.js";
import type { Link } from "../../src/request/chain.js";
import type { Flight } from "../../src/session/flight.js";
import { INSTANCE_PROFILE_RULES, type RefreshRules, ROLE_RULES } from "../../src/session/refresh-policy.js";
import { redacted } from "../../src/session/session-credentials.js";
import type { IssuedSession, Load, SessionLoader } from "../../src/session/session-loader.js";
import { withStaticStability } from "../../src/sources/static-stability.js";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export interface SourceSettings {
  key?: string;
  parentKey?: string;
  rules?: RefreshRules;
}

interface LoadOfLink {
  readonly rules: RefreshRules;
  load(flight: Flight): Promise<Load>;
}

const LOADS = new WeakMap<Link, LoadOfLink>();
const loadOf = (link: Link) => LOADS.get(link) as LoadOfLink;

/** Loads what {@link createSource} made. */
export const loader: SessionLoader = {
  rules: (link) => loadOf(link).rules,
  load: (link, flight) => loadOf(link).load(flight),
  deleteShared: async () => {},
};

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
  const source = {
    key,
    parent: parentKey && { key: parentKey },
    step: "assume-role",
    roleArn: `role of ${key}`,
  } as Link;
  LOADS.set(source, {
    rules,
    load: (flight) => (rules === INSTANCE_PROFILE_RULES ? withStaticStability(load, flight) : load(flight)),
  });
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
