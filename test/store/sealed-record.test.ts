import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openRecord, sealedName, sealRecord } from "../../src/store/sealed-record.js";
import { newEncryptionKey } from "../support/encryption-key.js";

const KEY = "a-key";
const FIELDS = { accessKeyId: "ASIAEXAMPLE", life: 3600 };
const [ours, theirs] = [newEncryptionKey(), newEncryptionKey()];
const protections = [
  ["plain", undefined],
  ["sealed", [ours]],
] as const;

describe.each(protections)("a %s record", (protection, keys) => {
  const record = sealRecord(FIELDS, KEY, keys);

  it("returns any fields that JSON can hold, under any key", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (fields, key) => {
        const stored = JSON.parse(JSON.stringify(fields));
        expect(openRecord(sealRecord(fields, key, keys), key, keys)).toEqual({ fields: stored });
      }),
      { numRuns: 100 },
    );
  });

  it("cannot be opened if any of its characters changes", () => {
    fc.assert(
      fc.property(fc.nat(record.length - 1), fc.constantFrom("A", "z", "0", "_", ".", "{", "\n"), (at, character) => {
        fc.pre(record[at] !== character);
        const changed = record.slice(0, at) + character + record.slice(at + 1);
        expect(openRecord(changed, KEY, keys)).toHaveProperty("fault");
      }),
      { numRuns: 100 },
    );
  });

  it("cannot be opened if it is cut or extended", () => {
    for (let length = 0; length < record.length; length++) {
      expect(openRecord(record.slice(0, length), KEY, keys)).toHaveProperty("fault");
    }
    expect(openRecord(`${record}A`, KEY, keys)).toHaveProperty("fault");
  });

  it("is bound to its key", () => {
    expect(openRecord(record, `${KEY}2`, keys)).toEqual({ fault: "altered" });
  });

  it("is named by the version of its form and by its protection", () => {
    expect(record).toMatch(new RegExp(`^rolecall1\\.${protection}\\.[\\w-]+\\.`));
    expect(openRecord(record.replace("rolecall1", "rolecall2"), KEY, keys)).toEqual({ fault: "unreadable" });
  });

  it.each(["", "text", "{}", "rolecall1", "rolecall1.other.label.content"])("is not %j", (text) => {
    expect(openRecord(text, KEY, keys)).toEqual({ fault: "unreadable" });
  });

  it.each([[["a", "list"]], ["text"], [null], [7]])("that holds %j is unreadable", (content) => {
    expect(openRecord(sealRecord(content as object, KEY, keys), KEY, keys)).toEqual({ fault: "unreadable" });
  });
});

describe("encryption", () => {
  it("is different for each record, even with equal fields", () => {
    const records = Array.from({ length: 10 }, () => sealRecord(FIELDS, KEY, [ours]));
    expect(new Set(records).size).toBe(records.length);
  });

  it("hides the fields and the key", () => {
    const record = sealRecord(FIELDS, KEY, [ours]);
    const bytes = Buffer.from(record.split(".")[3] ?? "", "base64url").toString("latin1");
    for (const text of [record, bytes]) expect(text).not.toMatch(/ASIAEXAMPLE|3600|a-key/);
  });

  it("uses the first key; any of them decrypts", () => {
    const written = (...keys: (typeof ours)[]) => sealRecord(FIELDS, KEY, keys);
    expect(openRecord(written(ours), KEY, [theirs, ours])).toEqual({ fields: FIELDS });
    expect(openRecord(written(ours, theirs), KEY, [ours])).toEqual({ fields: FIELDS });
    expect(openRecord(written(ours, theirs), KEY, [theirs])).toEqual({ fault: "unknown-key" });
  });

  it("is required once a store has keys, and cannot be opened without them", () => {
    expect(openRecord(sealRecord(FIELDS, KEY, undefined), KEY, [ours])).toEqual({ fault: "unsealed" });
    expect(openRecord(sealRecord(FIELDS, KEY, undefined), KEY, [])).toEqual({ fault: "unsealed" });
    expect(openRecord(sealRecord(FIELDS, KEY, [ours]), KEY, undefined)).toEqual({ fault: "unknown-key" });
  });

  it("rejects another spelling of the same bytes", () => {
    const record = sealRecord(FIELDS, KEY, [ours]);
    for (const spelling of [`${record}=`, `${record}==`, `${record}\n`]) {
      expect(openRecord(spelling, KEY, [ours])).toEqual({ fault: "unreadable" });
    }
  });
});

it("a session's name in a store depends on the key and the digest, and reveals neither", () => {
  const name = sealedName("digest", ours);
  expect(name).toMatch(/^[\w-]{43}$/);
  expect(sealedName("digest", ours)).toBe(name);
  expect(sealedName("other digest", ours)).not.toBe(name);
  expect(sealedName("digest", theirs)).not.toBe(name);
});
