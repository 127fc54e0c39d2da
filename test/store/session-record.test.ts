import { describe, expect, it } from "vitest";
import type { RecordFault } from "../../src/store/sealed-record.js";
import { readRecordLabels, readSessionRecord, type SessionToShare, toRecord } from "../../src/store/session-record.js";
import { newEncryptionKey } from "../support/encryption-key.js";
import { HOUR, MINUTE, OTHER_ROLE, ROLE } from "../support/local.js";
import { HOST, keyOf, NOW, readBack, roleOf, sessionOf } from "../support/session-records.js";

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
