import { createHash } from "node:crypto";
import { RoleArn } from "../../src/request/role-arn.js";
import { redacted } from "../../src/session/session-credentials.js";
import type { SessionToShare } from "../../src/store/session-record.js";
import { HOUR, MINUTE } from "./local.js";

export const NOW = Date.UTC(2026, 0, 1);
export const HOST = { host: "one", offset: 0 };

export const roleOf = (arn: string) => new RoleArn(arn);
export const keyOf = (text: string) => createHash("sha256").update(text).digest("base64url");

export function sessionOf(roleArn: string, number: number, issuedAt = NOW): SessionToShare {
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

export function readBack({ credentials, life, advisoryPoint }: SessionToShare, age: number) {
  return { kind: "shared", credentials, life, age, advisoryPoint };
}
