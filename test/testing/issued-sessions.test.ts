import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { IssuedSessions, type IssueOptions } from "../../src/testing/issued-sessions.js";

const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

const session: IssueOptions = {
  kind: "role",
  identity: {
    arn: "arn:aws:sts::111122223333:assumed-role/Engine/me",
    accountId: "111122223333",
    userId: "AROAEXAMPLE:me",
    roleArn: "arn:aws:iam::111122223333:role/Engine",
    roleSessionName: "me",
  },
  issuedAt: NOW,
  expiration: NOW + HOUR,
};
const user: IssueOptions = {
  kind: "user",
  identity: { arn: "arn:aws:iam::111122223333:user/ann", accountId: "111122223333", userId: "AIDAEXAMPLE" },
};

describe("a set of keys", () => {
  it("has the form of AWS's: a session has a token and expires, a user's keys do not", () => {
    const issued = new IssuedSessions();
    const temporary = issued.issue(session);
    expect(temporary.identity.accessKeyId).toMatch(/^ASIA[A-Z2-7]{16,}$/);
    expect(temporary).toMatchObject({ sessionToken: expect.any(String), expiration: NOW + HOUR, issuedAt: NOW });
    const lasting = issued.issue(user);
    expect(lasting.identity.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16,}$/);
    for (const name of ["sessionToken", "expiration", "issuedAt"]) expect(lasting).not.toHaveProperty(name);
    for (const { secretAccessKey } of [temporary, lasting]) expect(secretAccessKey).toHaveLength(40);
  });

  it("is another one each time, and is found by its access key id", () => {
    const issued = new IssuedSessions();
    const [one, other] = [issued.issue(session), issued.issue(session)];
    expect(one.secretAccessKey).not.toBe(other.secretAccessKey);
    expect(issued.find(one.identity.accessKeyId)).toBe(one);
    expect(issued.find(other.identity.accessKeyId)).toBe(other);
    expect(issued.find("ASIAUNKNOWN")).toBeUndefined();
  });

  it("expires at a whole second", () => {
    const { expiration } = new IssuedSessions().issue({ ...session, expiration: NOW + 1999 });
    expect(expiration).toBe(NOW + 1000);
  });

  it("takes nothing from what every object inherits", () => {
    Object.defineProperty(Object.prototype, "sourceIdentity", { value: "inherited", configurable: true });
    try {
      expect(new IssuedSessions().issue(session).sourceIdentity).toBeUndefined();
    } finally {
      Reflect.deleteProperty(Object.prototype, "sourceIdentity");
    }
  });
});

describe("keys are rejected as expired", () => {
  it("from their expiration on", () => {
    const issued = new IssuedSessions();
    const keys = issued.issue(session);
    expect([NOW, NOW + HOUR - 1, NOW + HOUR].map((now) => issued.isExpired(keys, now))).toEqual([false, false, true]);
    expect(issued.isExpired(issued.issue(user), Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  it("before it if a test says so", () => {
    const issued = new IssuedSessions();
    const keys = issued.issue(session);
    issued.expire(keys.identity.accessKeyId);
    expect(issued.isExpired(keys, NOW)).toBe(true);
  });

  it("not at all during an outage, unless a test says so", () => {
    const issued = new IssuedSessions();
    const keys = issued.issue(session);
    issued.outliveExpiration(keys.identity.accessKeyId);
    expect(issued.isExpired(keys, NOW + 2 * HOUR)).toBe(false);
    issued.expire(keys.identity.accessKeyId);
    expect(issued.isExpired(keys, NOW)).toBe(true);
  });
});

it("all secrets are listed, so that a test can look for them, and printing shows none", () => {
  const issued = new IssuedSessions();
  const { secretAccessKey, sessionToken } = issued.issue(session);
  issued.addSecrets("external id", undefined, "", secretAccessKey);
  expect(issued.secrets()).toEqual([secretAccessKey, sessionToken, "external id"]);
  const shown = inspect(issued, { depth: 10, showHidden: true }) + JSON.stringify(issued);
  for (const secret of issued.secrets()) expect(shown).not.toContain(secret);
});
