import { describe, expect, it } from "vitest";
import { Outbox } from "../../src/accounts/outbox.js";

const item = <T>(value: T) => ({ value, done: false });
const END = { value: undefined, done: true };

/** Writes as many items as there is room for, again and again. */
async function write(outbox: Outbox<number>, count: number, noteSize: () => void): Promise<void> {
  for (let number = 0; number < count; number++) {
    await outbox.room();
    outbox.put(number);
    noteSize();
  }
}

describe("reading", () => {
  it("gives the items in order, whether the reader or the writer comes first", async () => {
    const outbox = new Outbox<string>(2);
    const first = outbox.next();
    outbox.put("a");
    outbox.put("b");
    outbox.put("c");
    expect(await Promise.all([first, outbox.next(), outbox.next()])).toEqual([item("a"), item("b"), item("c")]);
  });

  it("gives what is left, and then the end", async () => {
    const outbox = new Outbox<string>(2);
    outbox.put("a");
    outbox.close();
    outbox.put("too late");
    expect([await outbox.next(), await outbox.next(), await outbox.next()]).toEqual([item("a"), END, END]);
  });

  it("ends for readers that wait already", async () => {
    const outbox = new Outbox<string>(2);
    const waiting = [outbox.next(), outbox.next()];
    outbox.close();
    expect(await Promise.all(waiting)).toEqual([END, END]);
  });

  it.each([
    ["an error", new Error("no")],
    ["undefined", undefined],
    ["null", null],
  ])("rejects once with %s that ended the run, after what is left", async (_name, error) => {
    const outbox = new Outbox<string>(2);
    outbox.put("a");
    outbox.close({ error });
    expect(await outbox.next()).toEqual(item("a"));
    expect(await outbox.next().catch((thrown: unknown) => ({ thrown }))).toEqual({ thrown: error });
    expect(await outbox.next()).toEqual(END);
  });

  it("gives nothing any more if the rest is discarded", async () => {
    const outbox = new Outbox<string>(2);
    outbox.put("a");
    outbox.close({}, true);
    expect(await outbox.next()).toEqual(END);
  });
});

describe("room", () => {
  it("is there until the outbox is full, and again when an item is read", async () => {
    const outbox = new Outbox<string>(1);
    expect(outbox.room()).toBeUndefined();
    outbox.put("a");
    const room = outbox.room();
    expect(room).toBeInstanceOf(Promise);
    await outbox.next();
    await room;
    expect(outbox.room()).toBeUndefined();
  });

  it("is there for all when the outbox is closed", async () => {
    const outbox = new Outbox<string>(1);
    outbox.put("a");
    const waiting = [outbox.room(), outbox.room()];
    outbox.close();
    await Promise.all(waiting);
    expect(outbox.room()).toBeUndefined();
  });

  it("keeps many writers from filling the memory while the reader is slow", async () => {
    const outbox = new Outbox<number>(2);
    let size = 0;
    let largest = 0;
    const noteSize = () => {
      largest = Math.max(largest, ++size);
    };
    const writing = Promise.all([1, 2, 3].map(() => write(outbox, 100, noteSize)));
    for (let read = 0; read < 300; read++) {
      await outbox.next();
      size--;
      for (let turn = 0; turn < 10; turn++) await undefined;
    }
    await writing;
    expect(largest).toBeLessThanOrEqual(2 + 3);
  });

  it("wakes every writer, even if there are more of them than room", async () => {
    const outbox = new Outbox<number>(1);
    outbox.put(0);
    const writing = Promise.all(Array.from({ length: 20 }, () => write(outbox, 1, () => {})));
    for (let read = 0; read < 21; read++) await outbox.next();
    await writing;
  });
});
