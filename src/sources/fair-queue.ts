export const BACKGROUND = 0;
export const WAITING_CALLER = 1;
/** A waiting caller whose first attempt failed: its deadline has started. */
export const WAITING_CALLER_AGAIN = 2;
type Priority = typeof BACKGROUND | typeof WAITING_CALLER | typeof WAITING_CALLER_AGAIN;

/** Milliseconds in the queue after which a background refresh is treated like a waiting caller. */
const AGED = 10_000;

/** The options that `p-queue` passes to its queue. */
export interface QueueOptions {
  readonly id?: string;
  readonly priority?: number;
  /** The groups that the call belongs to, the widest first. */
  readonly line?: readonly string[];
}

interface NewCall<Run> {
  readonly id: string;
  readonly run: Run;
  readonly line: readonly string[];
  /** Monotonic time, milliseconds. */
  readonly since: number;
}

interface WaitingCall<Run> extends NewCall<Run> {
  readonly priority: Priority;
  /** The line, extended so that aged refreshes and callers take turns too. */
  readonly path: readonly string[];
}

/**
 * The queue for `p-queue`: highest priority first, and round-robin between lines within a priority. No matter how many
 * calls one tenant makes, another tenant's call waits for at most one of them.
 */
export class FairQueue<Run> {
  readonly #now: () => number;
  readonly #calls = new Map<string, WaitingCall<Run>>();
  readonly #turns = {
    [BACKGROUND]: new RoundRobin<WaitingCall<Run>>(),
    [WAITING_CALLER]: new RoundRobin<WaitingCall<Run>>(),
    [WAITING_CALLER_AGAIN]: new RoundRobin<WaitingCall<Run>>(),
  };
  /** Background calls, in order of arrival. */
  readonly #refreshes = new Set<WaitingCall<Run>>();

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#calls.size;
  }

  enqueue(run: Run, { id = "", priority = BACKGROUND, line = [] }: QueueOptions = {}): void {
    this.#add({ id, run, line, since: this.#now() }, priority as Priority);
  }

  dequeue(): Run | undefined {
    this.#raiseAged();
    for (const priority of [WAITING_CALLER_AGAIN, WAITING_CALLER, BACKGROUND] as const) {
      const call = this.#turns[priority].take();
      if (!call) continue;
      this.#forget(call);
      return call.run;
    }
    return undefined;
  }

  setPriority(id: string, priority: number): void {
    const call = this.#calls.get(id);
    if (!call) return;
    this.remove(id);
    this.#add(call, priority as Priority);
  }

  remove(id: string): void {
    const call = this.#calls.get(id);
    if (!call) return;
    this.#turns[call.priority].delete(call, call.path);
    this.#forget(call);
  }

  filter({ priority }: QueueOptions): Run[] {
    return [...this.#calls.values()].filter((call) => call.priority === priority).map(({ run }) => run);
  }

  #add({ id, run, line, since }: NewCall<Run>, priority: Priority, kind = "caller"): void {
    const call = { id, run, line, since, priority, path: [...line, kind] };
    this.#calls.set(id, call);
    this.#turns[priority].add(call, call.path);
    if (priority === BACKGROUND) this.#refreshes.add(call);
  }

  #forget(call: WaitingCall<Run>): void {
    this.#calls.delete(call.id);
    this.#refreshes.delete(call);
  }

  #raiseAged(): void {
    const agedSince = this.#now() - AGED;
    for (const call of this.#refreshes) {
      if (call.since > agedSince) return;
      this.remove(call.id);
      this.#add(call, WAITING_CALLER, "refresh");
    }
  }
}

/** A queue of nested groups. The members of a group take turns. Within an innermost group, the order is FIFO. */
class RoundRobin<Item> {
  readonly #items = new Set<Item>();
  /** In order of their turns. */
  readonly #members = new Map<string, RoundRobin<Item>>();

  get isEmpty(): boolean {
    return this.#items.size === 0 && this.#members.size === 0;
  }

  /** @param path the names of the groups, outermost first */
  add(item: Item, [name, ...rest]: readonly string[]): void {
    if (name === undefined) {
      this.#items.add(item);
      return;
    }
    const member = this.#members.get(name) ?? new RoundRobin<Item>();
    this.#members.set(name, member);
    member.add(item, rest);
  }

  /** @param path the same path as in {@link add} */
  delete(item: Item, [name, ...rest]: readonly string[]): void {
    if (name === undefined) {
      this.#items.delete(item);
      return;
    }
    const member = this.#members.get(name);
    member?.delete(item, rest);
    if (member?.isEmpty) this.#members.delete(name);
  }

  /** Removes and returns the next item. */
  take(): Item | undefined {
    for (const item of this.#items) {
      this.#items.delete(item);
      return item;
    }
    for (const [name, member] of this.#members) {
      const item = member.take();
      this.#members.delete(name);
      if (!member.isEmpty) this.#members.set(name, member);
      return item;
    }
    return undefined;
  }
}
