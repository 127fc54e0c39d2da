import type { KeyObject } from "node:crypto";
import { ACCESS_KEY_ID } from "../request/limits.js";
import { isSessionForRole, type RoleArn } from "../request/role-arn.js";
import { isRecord } from "../request/validation.js";
import { EXPIRY_MARGIN } from "../session/refresh-policy.js";
import { redacted, type SessionCredentials } from "../session/session-credentials.js";
import type { SharedSession } from "../session/session-loader.js";
import { openRecord, type RecordFault, sealRecord } from "./sealed-record.js";

/** A session to share with other processes. Times are epoch milliseconds by AWS's clock. */
export interface SessionToShare {
  readonly credentials: SessionCredentials & { readonly expiration: Date };
  readonly issuedAt: number;
  /** How long the session is served after its issue, in milliseconds. Never beyond `expiration`. */
  readonly life: number;
  /** How long after its issue the session is due for a refresh, in milliseconds. The same for all processes. */
  readonly advisoryPoint: number;
  /** The host that stored the session, and how far AWS's clock was ahead of that host's clock. */
  readonly clock: { readonly host: string; readonly offset: number };
}

/** What a record must match, and the clock of the machine that reads it. */
export interface RecordReader {
  readonly storeKey: string;
  readonly role: RoleArn;
  readonly encryptionKeys: readonly KeyObject[] | undefined;
  /** Epoch milliseconds by this machine's clock. */
  readonly now: number;
  /** This machine's own {@link SessionToShare.clock}. */
  readonly clock: SessionToShare["clock"];
}

/** The non-secret parts of a record. */
export interface RecordLabels {
  readonly roleArn: string;
  readonly accountId: string;
  readonly expiration: Date;
}

/** The longest session that STS grants, in milliseconds. */
const LONGEST_LIFE = 43_200_000;
/** Tolerated clock difference between hosts, in milliseconds. */
const CLOCK_TOLERANCE = 60_000;
/** The latest time that a `Date` can represent. */
const LAST_TIME = 8.64e15;

export function toRecord(
  { credentials, ...times }: SessionToShare,
  role: RoleArn,
  storeKey: string,
  encryptionKeys: readonly KeyObject[] | undefined,
): string {
  const { accessKeyId, secretAccessKey, sessionToken, assumedRoleArn } = credentials;
  const owner = { key: storeKey, roleArn: role.arn, accountId: role.accountId, assumedRoleArn };
  const keys = { accessKeyId, secretAccessKey, sessionToken, expiration: credentials.expiration.getTime() };
  return sealRecord({ ...owner, ...keys, ...times }, storeKey, encryptionKeys);
}

/** Returns the session, or why the record was rejected. Store contents are untrusted, so it validates every field. */
export function readSessionRecord(
  record: string,
  { storeKey, role, encryptionKeys, now, clock }: RecordReader,
): SharedSession | { readonly fault: RecordFault } {
  const opened = openRecord(record, storeKey, encryptionKeys);
  if ("fault" in opened) return opened;
  const { fields } = opened;
  const { accessKeyId, secretAccessKey, sessionToken, assumedRoleArn, clock: writer } = fields;
  const { issuedAt, life, expiration, advisoryPoint } = fields;
  const isOfRole =
    fields.key === storeKey &&
    fields.roleArn === role.arn &&
    fields.accountId === role.accountId &&
    (assumedRoleArn === undefined || (typeof assumedRoleArn === "string" && isSessionForRole(role, assumedRoleArn)));
  if (!isOfRole) return { fault: "foreign" };
  if (
    !isText(accessKeyId) ||
    !ACCESS_KEY_ID.test(accessKeyId) ||
    !isText(secretAccessKey) ||
    !isText(sessionToken) ||
    !isTime(issuedAt) ||
    !isTime(life) ||
    !isTime(expiration) ||
    !isTime(advisoryPoint) ||
    !isClock(writer) ||
    !(life > 0 && life <= LONGEST_LIFE && advisoryPoint <= life && issuedAt + life <= expiration)
  ) {
    return { fault: "unreadable" };
  }
  const offset = writer.host === clock.host ? writer.offset : clock.offset;
  const age = now + offset - issuedAt;
  if (age < -CLOCK_TOLERANCE) return { fault: "ahead" };
  if (age >= life - EXPIRY_MARGIN) return { fault: "expired" };
  const credentials = redacted({
    accessKeyId,
    secretAccessKey,
    sessionToken,
    expiration: new Date(expiration),
    accountId: role.accountId,
    ...(assumedRoleArn !== undefined && { assumedRoleArn }),
  });
  return { kind: "shared", credentials, life, age: Math.max(0, age), advisoryPoint };
}

/** The role, account and expiry of a record; `undefined` if they cannot be read. */
export function readRecordLabels(
  record: string,
  storeKey: string,
  encryptionKeys?: readonly KeyObject[],
): RecordLabels | undefined {
  const opened = openRecord(record, storeKey, encryptionKeys);
  if ("fault" in opened) return undefined;
  const { roleArn, accountId, expiration } = opened.fields;
  if (!isText(roleArn) || !isText(accountId) || !isTime(expiration)) return undefined;
  return { roleArn, accountId, expiration: new Date(expiration) };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= LAST_TIME;
}

function isClock(value: unknown): value is SessionToShare["clock"] {
  return isRecord(value) && typeof value.host === "string" && Number.isFinite(value.offset);
}
