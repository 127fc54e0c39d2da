import { expect, it } from "vitest";
import type { RecordFault } from "../../src/store/sealed-record.js";
import { readSessionRecord, toRecord } from "../../src/store/session-record.js";
import { newEncryptionKey } from "../support/encryption-key.js";
import { HOUR, OTHER_ROLE, ROLE } from "../support/local.js";
import { seededRandom } from "../support/seeded-random.js";
import { HOST, keyOf, NOW, readBack, roleOf, sessionOf } from "../support/session-records.js";

const MUTATIONS = 100_000;
const FAULTS: readonly RecordFault[] = [
  "unreadable",
  "altered",
  "unknown-key",
  "unsealed",
  "foreign",
  "expired",
  "ahead",
];

it(`${MUTATIONS.toLocaleString("en")} records that were swapped, changed, cut, replayed or sealed with other keys lead to no wrong session`, () => {
  const random = seededRandom(20_261_124);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const old = newEncryptionKey();
  const current = newEncryptionKey();
  const unknown = newEncryptionKey();
  /**
   * Everything that a store could have seen: sessions of two roles under four keys, of two hours, in every sealed form.
   */
  const pool = [ROLE, OTHER_ROLE].flatMap((roleArn, roleIndex) =>
    [0, 1].flatMap((place) =>
      [NOW - 2 * HOUR, NOW].flatMap((issuedAt, generation) =>
        [undefined, [current], [old], [unknown]].map((encryptionKeys, sealing) => {
          const storeKey = keyOf(`${roleArn} ${place}`);
          const session = sessionOf(roleArn, roleIndex * 1000 + place * 100 + generation * 10 + sealing, issuedAt);
          return { roleArn, storeKey, session, record: toRecord(session, roleOf(roleArn), storeKey, encryptionKeys) };
        }),
      ),
    ),
  );
  const mutations: Record<string, (record: string, other: string) => string> = {
    swapped: (_record, other) => other,
    truncated: (record) => record.slice(0, below(record.length)),
    extended: (record, other) => record + other.slice(0, 1 + below(8)),
    flipped: (record) => {
      const bytes = Buffer.from(record, "latin1");
      const at = below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
      return bytes.toString("latin1");
    },
    exchanged: (record, other) => {
      const at = below(record.length);
      return record.slice(0, at) + oneOf([...other]) + record.slice(at + 1);
    },
    spliced: (record, other) => {
      const at = below(Math.min(record.length, other.length));
      return record.slice(0, at) + other.slice(at);
    },
    relabelled: (record, other) =>
      [...record.split(".").slice(0, 1 + below(3)), ...other.split(".").slice(3)].join("."),
  };
  const faults = new Map<string, number>();
  let served = 0;
  for (let turn = 0; turn < MUTATIONS; turn++) {
    const [origin, other] = [oneOf(pool), oneOf(pool)];
    const target = oneOf([origin, oneOf(pool)]);
    const mutated = mutations[oneOf(Object.keys(mutations))]?.(origin.record, other.record) ?? "";
    const read = readSessionRecord(mutated, {
      storeKey: target.storeKey,
      role: roleOf(target.roleArn),
      encryptionKeys: oneOf([undefined, [current], [current, old]]),
      now: NOW + below(HOUR),
      clock: HOST,
    });
    if ("fault" in read) {
      faults.set(read.fault, (faults.get(read.fault) ?? 0) + 1);
      continue;
    }
    served++;
    // Only a complete record, for the requested key and role, and within its lifetime.
    const source = pool.find(({ record }) => record === mutated);
    expect(source).toMatchObject({ storeKey: target.storeKey, roleArn: target.roleArn });
    expect(source && readBack(source.session, read.age)).toEqual(read);
    expect(source?.session.issuedAt).toBe(NOW);
  }
  const seen = [...faults.keys()].sort();
  expect(seen).toEqual(FAULTS.filter((fault) => fault !== "foreign" && fault !== "ahead").sort());
  expect(served).toBeGreaterThan(100);
  expect(served).toBeLessThan(MUTATIONS / 10);
}, 60_000);
