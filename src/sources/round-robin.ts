/** A queue of nested groups. The members of a group take turns; within an innermost group, items are first in, first out. */
export class RoundRobin<Item> {
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
