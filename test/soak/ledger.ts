import type { RecordedRequest } from "../../src/testing/index.js";
import type { StsTrouble } from "./weather.js";

/** What came in so far. */
export interface Tally {
  readonly assumeRoleCalls: number;
  /** AssumeRole calls that got a session, whole. */
  readonly sessions: number;
  /** AssumeRole calls that trouble answered badly or not at all, by the trouble. */
  readonly injected: Readonly<Record<string, number>>;
  /** Refusals that no trouble explains, by operation and code. */
  readonly unexplained: Readonly<Record<string, number>>;
  readonly identityCalls: number;
  readonly imdsRequests: number;
}

interface Entry {
  readonly record: Readonly<RecordedRequest>;
  /** What befell AssumeRole when it came in. */
  readonly trouble: StsTrouble | undefined;
}

/** Trouble that spoils an answer of status 200. */
const SPOILS: ReadonlySet<StsTrouble | undefined> = new Set(["reset-midway", "truncated", "empty", "web-page"]);

/** Counts requests, so that they need not be kept. */
export class Ledger {
  readonly #counts = { assumeRoleCalls: 0, sessions: 0, identityCalls: 0, imdsRequests: 0 };
  readonly #injected: Record<string, number> = {};
  readonly #unexplained: Record<string, number> = {};
  /** Late answers that are still due. */
  #due: Entry[] = [];

  /** Enters requests that all came in under the same trouble. */
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
