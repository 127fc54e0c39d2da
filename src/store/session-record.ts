import type { KeyObject } from "node:crypto";
import { ACCESS_KEY_ID } from "../request/limits.js";
import { isSessionForRole, type RoleArn } from "../request/role-arn.js";
import { isRecord } from "../request/validation.js";
import { EXPIRY_MARGIN } from "../session/refresh-policy.js";
import { redacted, type SessionCredentials } from "../session/session-credentials.js";
import { openRecord, type RecordFault, sealRecord } from "./sealed-record.js";

/** A session as processes share it. Times are epoch milliseconds by AWS's clock. */
export interface SharedSession {
  readonly credentials: SessionCredentials & { readonly expiration: Date };
  readonly issuedAt: number;
  /** Milliseconds from the issue for which it is served, which ends at `expiration` or before. */
  readonly life: number;
  /** Milliseconds after its issue at which a refresh is due: the same for all who share it. */
  readonly advisoryPoint: number;
  /** Whose clock it was judged by, and how far AWS's time was ahead of that clock. */
  readonly clock: { readonly host: string; readonly offset: number };
}

/** What a record has to be of, and the machine that reads it. */
export interface RecordReader {
  readonly storeKey: string;
  readonly role: RoleArn;
  readonly encryptionKeys: readonly KeyObject[] | undefined;
  /** Epoch milliseconds by this machine's clock. */
  readonly now: number;
  /** This machine's own {@link SharedSession.clock}. */
  readonly clock: SharedSession["clock"];
}

/** What may be shown of a record. */
export interface RecordLabels {
  readonly roleArn: string;
  readonly accountId: string;
  readonly expiration: Date;
}

/** The longest life of a session that STS gives, milliseconds. */
const LONGEST_LIFE = 43_200_000;
/** Milliseconds by which the clocks of hosts may differ. */
const CLOCK_TOLERANCE = 60_000;
/** The last time that a `Date` can be of. */
const LAST_TIME = 8.64e15;

export function toRecord(
  { credentials, issuedAt, life, advisoryPoint, clock }: SharedSession,
  role: RoleArn,
  storeKey: string,
  encryptionKeys: readonly KeyObject[] | undefined,
): string {
  const { accessKeyId, secretAccessKey, sessionToken, expiration, assumedRoleArn } = credentials;
  const content = {
    key: storeKey,
    roleArn: role.arn,
    accountId: role.accountId,
    accessKeyId,
    secretAccessKey,
    sessionToken,
    assumedRoleArn,
    issuedAt,
    life,
    expiration: expiration.getTime(),
    advisoryPoint,
    clock,
  };
  return sealRecord(JSON.stringify(content), storeKey, encryptionKeys);
}

/** The session of a record, with its age in milliseconds, or why it is not used. Nothing that a store says is believed. */
export function readRecord(
  record: string,
  { storeKey, role, encryptionKeys, now, clock }: RecordReader,
): { session: SharedSession; age: number } | { fault: RecordFault } {
  const content = open(record, storeKey, encryptionKeys);
  if ("fault" in content) return content;
  const { fields } = content;
  const { accessKeyId, secretAccessKey, sessionToken, assumedRoleArn } = fields;
  const { issuedAt, life, expiration, advisoryPoint } = fields;
  const isOfRole =
    fields.key === storeKey &&
    fields.roleArn === role.arn &&
    fields.accountId === role.accountId &&
    (assumedRoleArn === undefined || (typeof assumedRoleArn === "string" && isSessionForRole(role, assumedRoleArn)));
  if (!isOfRole) return { fault: "foreign" };
  const writer = fields.clock;
  if (
    !isText(accessKeyId) ||
    !ACCESS_KEY_ID.test(accessKeyId) ||
    !isText(secretAccessKey) ||
    !isText(sessionToken) ||
    !isTime(issuedAt) ||
    !isTime(life) ||
    !isTime(expiration) ||
    !isTime(advisoryPoint) ||
    !isClock(writer)
  ) {
    return { fault: "unreadable" };
  }
  const isPossible = life > 0 && life <= LONGEST_LIFE && advisoryPoint <= life && issuedAt + life <= expiration;
  if (!isPossible) return { fault: "unreadable" };
  const offset = writer.host === clock.host ? writer.offset : clock.offset;
  const age = now + offset - issuedAt;
  if (age < -CLOCK_TOLERANCE) return { fault: "ahead" };
  if (age >= life - EXPIRY_MARGIN) return { fault: "expired" };
  const credentials = {
    accessKeyId,
    secretAccessKey,
    sessionToken,
    expiration: new Date(expiration),
    accountId: role.accountId,
    ...(assumedRoleArn !== undefined && { assumedRoleArn }),
  };
  return {
    session: { credentials: redacted(credentials) as typeof credentials, issuedAt, life, advisoryPoint, clock: writer },
    age: Math.max(0, age),
  };
}

/** Role, account and expiry of a record; `undefined` if it cannot be opened. */
export function readRecordLabels(
  record: string,
  storeKey: string,
  encryptionKeys?: readonly KeyObject[],
): RecordLabels | undefined {
  const content = open(record, storeKey, encryptionKeys);
  if ("fault" in content) return undefined;
  const { roleArn, accountId, expiration } = content.fields;
  if (!isText(roleArn) || !isText(accountId) || !isTime(expiration)) return undefined;
  return { roleArn, accountId, expiration: new Date(expiration) };
}

/** Which session a record holds; `undefined` if it cannot be opened. */
export function readAccessKeyId(
  record: string,
  storeKey: string,
  encryptionKeys: readonly KeyObject[] | undefined,
): string | undefined {
  const content = open(record, storeKey, encryptionKeys);
  return "fields" in content && isText(content.fields.accessKeyId) ? content.fields.accessKeyId : undefined;
}

function open(
  record: string,
  storeKey: string,
  encryptionKeys: readonly KeyObject[] | undefined,
): { fields: Record<string, unknown> } | { fault: RecordFault } {
  const opened = openRecord(record, storeKey, encryptionKeys);
  if ("fault" in opened) return opened;
  try {
    const fields: unknown = JSON.parse(opened.text);
    return isRecord(fields) ? { fields } : { fault: "unreadable" };
  } catch {
    return { fault: "unreadable" };
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= LAST_TIME;
}

function isClock(value: unknown): value is SharedSession["clock"] {
  return isRecord(value) && typeof value.host === "string" && Number.isFinite(value.offset);
}
