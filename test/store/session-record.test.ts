import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { RoleArn } from "../../src/request/role-arn.js";
import { redacted } from "../../src/session/session-credentials.js";
import type { RecordFault } from "../../src/store/sealed-record.js";
import { readRecordLabels, readSessionRecord, type SessionToShare, toRecord } from "../../src/store/session-record.js";
import { newEncryptionKey } from "../support/encryption-key.js";
import { HOUR, MINUTE, OTHER_ROLE, ROLE } from "../support/local.js";

import { seededRandom } from "../support/seeded-random.js";

const NOW = Date.UTC(2026, 0, 1);
const HOST = { host: "one", offset: 0 };
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

const roleOf = (arn: string) => new RoleArn(arn);
const keyOf = (text: string) => createHash("sha256").update(text).digest("base64url");

function sessionOf(roleArn: string, number: number, issuedAt = NOW): SessionToShare {
  const { accountId } = roleOf(roleArn);
  const roleName = roleArn.slice(roleArn.lastIndexOf("/") + 1);
  const credentials = redacted({
    accessKeyId: `ASIA${number}`,
    secretAccessKey: keyOf(`secret of ${roleArn} ${number}`),
    sessionToken: keyOf(`token of ${roleArn} ${number}`).repeat(8),
    expiration: new Date(issuedAt + HOUR),
    accountId,
    assumedRoleArn: `arn:aws:sts::${accountId}:assumed-role/${roleName}/session`,
  });
  return {
    credentials: credentials as SessionToShare["credentials"],
    issuedAt,
    life: HOUR,
    advisoryPoint: 45 * MINUTE,
    clock: HOST,
  };
}

function readBack({ credentials, life, advisoryPoint }: SessionToShare, age: number) {
  return { kind: "shared", credentials, life, age, advisoryPoint };
}

describe.each([
  ["plain", undefined, undefined],
  ["sealed", [newEncryptionKey()], [newEncryptionKey()]],
] as const)("a %s record", (way, encryptionKeys, otherKeys) => {
  const storeKey = keyOf("a session");
  const reader = { storeKey, role: roleOf(ROLE), encryptionKeys, now: NOW + MINUTE, clock: HOST };
  const record = toRecord(sessionOf(ROLE, 1), reader.role, storeKey, encryptionKeys);

  it("returns the session and its age", () => {
    expect(readSessionRecord(record, reader)).toEqual(readBack(sessionOf(ROLE, 1), MINUTE));
    expect(readRecordLabels(record, storeKey, encryptionKeys)).toEqual({
      roleArn: ROLE,
      accountId: "123456789012",
      expiration: new Date(NOW + HOUR),
    });
  });

  it("reveals nothing about its session without the key", () => {
    expect(record.includes("ASIA1")).toBe(way === "plain");
    expect(record.includes(ROLE)).toBe(way === "plain");
    expect(record.length).toBeLessThan(16_384);
  });

  it("is rejected at another key, for another role, after expiry, or with another encryption key", () => {
    expect(readSessionRecord(record, { ...reader, storeKey: keyOf("another") })).toEqual({ fault: "altered" });
    expect(readSessionRecord(record, { ...reader, role: roleOf(OTHER_ROLE) })).toEqual({ fault: "foreign" });
    expect(readSessionRecord(record, { ...reader, now: NOW + HOUR - 10_000 })).toEqual({ fault: "expired" });
    expect(readSessionRecord(record, { ...reader, now: NOW + HOUR - 10_001 })).toMatchObject({ age: HOUR - 10_001 });
    const withOther = readSessionRecord(record, { ...reader, encryptionKeys: otherKeys ?? [newEncryptionKey()] });
    expect(withOther).toEqual({ fault: way === "plain" ? "unsealed" : "unknown-key" });
    expect(readRecordLabels(record, keyOf("another"), encryptionKeys)).toBeUndefined();
  });

  it("is checked by the writer's clock offset on the same host, and by the reader's on another host", () => {
    const fast = { host: "one", offset: -2 * HOUR };
    const written = toRecord({ ...sessionOf(ROLE, 1), clock: fast }, reader.role, storeKey, encryptionKeys);
    const readAt = (now: number, clock: SessionToShare["clock"]) =>
      readSessionRecord(written, { ...reader, now, clock });
    expect(readAt(NOW + 2 * HOUR + MINUTE, { host: "one", offset: 0 })).toMatchObject({ age: MINUTE });
    expect(readAt(NOW + MINUTE, { host: "two", offset: 0 })).toMatchObject({ age: MINUTE });
    expect(readAt(NOW + 2 * HOUR + MINUTE, { host: "two", offset: 0 })).toEqual({ fault: "expired" });
  });

  it("is rejected more than a minute before its issue, because a slow clock cannot tell when it expires", () => {
    expect(readSessionRecord(record, { ...reader, now: NOW - MINUTE })).toMatchObject({ age: 0 });
    expect(readSessionRecord(record, { ...reader, now: NOW - MINUTE - 1 })).toEqual({ fault: "ahead" });
  });

  it.each<[string, Record<string, unknown>]>([
    ["no key", { accessKeyId: undefined }],
    ["an invalid access key id", { accessKeyId: "AS IA" }],
    ["an empty secret", { secretAccessKey: "" }],
    ["no token", { sessionToken: null }],
    ["a token that is not a string", { sessionToken: ["x"] }],
  ])("with %s is unreadable", (_, fields) => {
    const { credentials, ...rest } = sessionOf(ROLE, 1);
    const changed = { ...rest, credentials: { ...credentials, ...fields } } as SessionToShare;
    expect(readSessionRecord(toRecord(changed, reader.role, storeKey, encryptionKeys), reader)).toEqual({
      fault: "unreadable",
    });
  });

  it.each<[string, Partial<SessionToShare>, RecordFault]>([
    ["a life of 13 hours", { issuedAt: NOW - 12 * HOUR, life: 13 * HOUR }, "unreadable"],
    ["a life beyond its expiration", { life: HOUR + 1 }, "unreadable"],
    ["no life", { life: 0, advisoryPoint: 0 }, "unreadable"],
    ["an end before its beginning", { issuedAt: NOW + 2 * HOUR }, "unreadable"],
    ["a refresh after its end", { advisoryPoint: 2 * HOUR }, "unreadable"],
    ["an invalid time", { issuedAt: Number.NaN }, "unreadable"],
    ["no clock", { clock: undefined as never }, "unreadable"],
    ["an invalid clock", { clock: { host: "one", offset: Number.POSITIVE_INFINITY } }, "unreadable"],
  ])("with %s is rejected", (_, fields, fault) => {
    const changed = toRecord({ ...sessionOf(ROLE, 1), ...fields }, reader.role, storeKey, encryptionKeys);
    expect(readSessionRecord(changed, reader)).toEqual({ fault });
  });

  it("is foreign if it names another role's session", () => {
    const { credentials, ...rest } = sessionOf(ROLE, 1);
    const { assumedRoleArn } = sessionOf(OTHER_ROLE, 1).credentials;
    const changed = { ...rest, credentials: { ...credentials, assumedRoleArn } } as SessionToShare;
    expect(readSessionRecord(toRecord(changed, reader.role, storeKey, encryptionKeys), reader)).toEqual({
      fault: "foreign",
    });
  });
});

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
