import type { RecordedRequest } from "../../src/testing/index.js";
import type { StsTrouble } from "./weather.js";

/** What has been received so far. */
export interface Tally {
  readonly assumeRoleCalls: number;
  /** AssumeRole calls that returned a session completely. */
  readonly sessions: number;
  /** AssumeRole calls with a bad or missing response because of a disturbance, by disturbance. */
  readonly injected: Readonly<Record<string, number>>;
  /** Rejections without a disturbance, by operation and code. */
  readonly unexplained: Readonly<Record<string, number>>;
  readonly identityCalls: number;
  readonly imdsRequests: number;
}

interface Entry {
  readonly record: Readonly<RecordedRequest>;
  /** The disturbance when an AssumeRole call arrived. */
  readonly trouble: StsTrouble | undefined;
}

/** Disturbances that damage a response with status 200. */
const SPOILS: ReadonlySet<StsTrouble | undefined> = new Set(["reset-midway", "truncated", "empty", "web-page"]);

/** Counts requests, so that they need not be kept. */
export class Ledger {
  readonly #counts = { assumeRoleCalls: 0, sessions: 0, identityCalls: 0, imdsRequests: 0 };
  readonly #injected: Record<string, number> = {};
  readonly #unexplained: Record<string, number> = {};
  /** Late responses that are still pending. */
  #due: Entry[] = [];

  /** Records requests that all arrived under the same disturbance. */
  enter(records: readonly Entry["record"][], trouble: StsTrouble | undefined): void {
    const entries = [...this.#due, ...records.map((record) => ({ record, trouble }))];
    this.#due = entries.filter(isDue);
    for (const entry of entries) if (!isDue(entry)) this.#count(entry);
  }

  get tally(): Tally {
    return { ...this.#counts, injected: { ...this.#injected }, unexplained: { ...this.#unexplained } };
  }

  #count({ record: { target, operation, status, errorCode = "no answer" }, trouble }: Entry): void {
    if (target === "imds") {
      this.#counts.imdsRequests++;
    } else if (operation === "AssumeRole") {
      this.#counts.assumeRoleCalls++;
      if (trouble !== undefined && SPOILS.has(trouble)) add(this.#injected, trouble);
      else if (status === 200) this.#counts.sessions++;
      else if (errorCode === "ExpiredToken") add(this.#injected, "refused keys");
      else if (trouble !== undefined && trouble !== "slow") add(this.#injected, trouble);
      else add(this.#unexplained, `${operation}: ${errorCode}`);
    } else {
      this.#counts.identityCalls++;
      if (status !== 200) add(this.#unexplained, `${operation}: ${errorCode}`);
    }
  }
}

function isDue({ record, trouble }: Entry): boolean {
  return trouble === "slow" && record.status === undefined;
}

function add(to: Record<string, number>, what: string): void {
  to[what] = (to[what] ?? 0) + 1;
}
