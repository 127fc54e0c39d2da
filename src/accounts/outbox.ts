/**
 * A queue of finished items. Writers wait for room, so a slow reader slows down the work instead of filling up memory.
 */
export class Outbox<T> {
  readonly #capacity: number;
  readonly #items: T[] = [];
  readonly #readers: { resolve(result: IteratorResult<T, undefined>): void; reject(error: unknown): void }[] = [];
  readonly #writers: (() => void)[] = [];
  #end: { readonly error?: unknown } | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Resolves when there is room; `undefined` if there is room already. */
  room(): Promise<void> | undefined {
    if (this.#end || this.#items.length < this.#capacity) return undefined;
    return new Promise((resolve) => this.#writers.push(resolve));
  }

  put(item: T): void {
    if (this.#end) return; // the reader has left
    const reader = this.#readers.shift();
    if (reader) reader.resolve({ value: item, done: false });
    else this.#items.push(item);
  }

  /**
   * Items in the queue can still be read, unless `discarded` is set. After the last item, readers get `error` or the
   * end.
   */
  close(end: { readonly error?: unknown } = {}, discarded = false): void {
    if (discarded) this.#items.length = 0;
    this.#end ??= end;
    for (const reader of this.#readers.splice(0)) this.next().then(reader.resolve, reader.reject);
    this.#wakeWriters(this.#writers.length);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#items.length > 0) {
      const value = this.#items.shift() as T;
      // Wakes one writer per item: if all of them woke, each read would let in as many items as there are writers.
      if (this.#items.length < this.#capacity) this.#wakeWriters(1);
      return Promise.resolve({ value, done: false });
    }
    if (!this.#end) {
      this.#wakeWriters(this.#writers.length);
      return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
    }
    const end = this.#end;
    this.#end = {}; // an error is reported once
    return "error" in end ? Promise.reject(end.error) : Promise.resolve({ value: undefined, done: true });
  }

  #wakeWriters(count: number): void {
    for (const wake of this.#writers.splice(0, count)) wake();
  }
}
