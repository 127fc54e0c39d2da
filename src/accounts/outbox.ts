/**
 * What ends is put in here until it is read. Writers wait for room, so that a slow reader holds up the work instead of
 * filling the memory.
 */
export class Outbox<T> {
  readonly #capacity: number;
  readonly #items: T[] = [];
  readonly #readers: { resolve(result: IteratorResult<T, undefined>): void; reject(error: unknown): void }[] = [];
  #writers: (() => void)[] = [];
  #end: { readonly error?: unknown } | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** `undefined` if there is room already. */
  room(): Promise<void> | undefined {
    if (this.#end || this.#items.length < this.#capacity) return undefined;
    return new Promise((resolve) => this.#writers.push(resolve));
  }

  put(item: T): void {
    if (this.#end) return; // nobody reads any more
    const reader = this.#readers.shift();
    if (reader) reader.resolve({ value: item, done: false });
    else this.#items.push(item);
  }

  /** What is in it can still be read, unless it is `discarded`. Then readers get `error`, or the end. */
  close(end: { readonly error?: unknown } = {}, discarded = false): void {
    if (discarded) this.#items.length = 0;
    this.#end ??= end;
    for (const reader of this.#readers.splice(0)) this.next().then(reader.resolve, reader.reject);
    this.#wakeWriters();
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#items.length > 0) {
      const value = this.#items.shift() as T;
      this.#wakeWriters();
      return Promise.resolve({ value, done: false });
    }
    if (!this.#end) return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
    const { error } = this.#end;
    this.#end = {}; // an error is told once
    return error === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error);
  }

  #wakeWriters(): void {
    const writers = this.#writers;
    this.#writers = [];
    for (const wake of writers) wake();
  }
}
