import { describe, expect, it } from "vitest";
import {
  findReach,
  isAwsPrincipal,
  isOidcProvider,
  NO_PRINCIPALS,
  type Principals,
  reaches,
} from "../../src/testing/iam-principal.js";
import type { SignerIdentity } from "../../src/testing/issued-sessions.js";

const ACCOUNT = "111122223333";
const ROOT = `arn:aws:iam::${ACCOUNT}:root`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/teams/Engine`;
const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/Engine/me`;
const USER = `arn:aws:iam::${ACCOUNT}:user/ann`;
const ROLE_ID = "AROAEXAMPLE123456";

const session: SignerIdentity = {
  accessKeyId: "ASIAEXAMPLE",
  arn: SESSION,
  accountId: ACCOUNT,
  userId: `${ROLE_ID}:me`,
  roleArn: ROLE,
  roleSessionName: "me",
};
const user: SignerIdentity = {
  accessKeyId: "AKIAEXAMPLE",
  arn: USER,
  accountId: ACCOUNT,
  userId: "AIDAEXAMPLE123456",
};

const named = (...ids: string[]): Principals => ({
  named: ids.map((id) => ({ type: "AWS", id })),
  isException: false,
});
const allBut = (...ids: string[]): Principals => ({ ...named(...ids), isException: true });

it.each([
  "*",
  ACCOUNT,
  ROOT,
  ROLE,
  USER,
  SESSION,
  ROLE_ID,
  "AIDAEXAMPLE123456",
  `arn:aws-us-gov:iam::${ACCOUNT}:role/A`,
  `arn:aws:sts::${ACCOUNT}:federated-user/ann`,
])("%s can be a principal", (id) => {
  expect(isAwsPrincipal(id)).toBe(true);
});

it.each([
  "",
  "1111222233334",
  `arn:aws:iam::${ACCOUNT}:role/*`,
  `arn:aws:iam::${ACCOUNT}:role/A?`,
  `arn:aws:iam::${ACCOUNT}:group/A`,
  `arn:aws:iam::${ACCOUNT}:policy/A`,
  `arn:aws:iam::*:root`,
  "ec2.amazonaws.com",
  `${ROLE}\n`,
])("%j cannot be a principal", (id) => {
  expect(isAwsPrincipal(id)).toBe(false);
});

describe("a statement reaches a session", () => {
  it.each([
    ["session", [SESSION]],
    ["session", ["*", ROLE, SESSION]],
    ["caller", [ROLE]],
    ["caller", [ROLE_ID]],
    ["caller", [ROOT, ROLE]],
    ["account", [ROOT]],
    ["account", [ACCOUNT]],
    ["account", ["*"]],
    [undefined, [`arn:aws:sts::${ACCOUNT}:assumed-role/Engine/other`]],
    [undefined, [`arn:aws:iam::${ACCOUNT}:role/Engine`]],
    [undefined, ["arn:aws-cn:iam::111122223333:root"]],
    [undefined, ["444455556666"]],
    [undefined, []],
  ] as const)("as %s by %j", (reach, ids) => {
    expect(findReach(named(...ids), session)).toBe(reach);
  });

  it("never by the name of a service or an identity provider", () => {
    const service: Principals = { named: [{ type: "Service", id: ROLE }], isException: false };
    expect(findReach(service, session)).toBeUndefined();
    expect(findReach(NO_PRINCIPALS, session)).toBeUndefined();
  });
});

it.each([
  ["caller", [USER]],
  ["caller", ["AIDAEXAMPLE123456"]],
  ["account", [ROOT]],
  [undefined, [ROLE]],
] as const)("a statement reaches a user as %s by %j", (reach, ids) => {
  expect(findReach(named(...ids), user)).toBe(reach);
});

describe("NotPrincipal", () => {
  it.each([
    ["all of account, role and session", [ROOT, ROLE, SESSION]],
    ["the account and the role, and so all sessions of the role", [ACCOUNT, ROLE]],
    ["the account and the unique id", [ROOT, ROLE_ID]],
    ["everybody", ["*"]],
  ])("excepts a session by %s", (_, ids) => {
    expect(findReach(allBut(...ids), session)).toBeUndefined();
  });

  it.each([
    ["the role without its account", [ROLE]],
    ["the account alone", [ROOT]],
    ["the session without its role", [ROOT, SESSION]],
    ["another session of the role", [ROOT, ROLE, `arn:aws:sts::${ACCOUNT}:assumed-role/Engine/other`]],
    ["nobody", []],
  ])("does not except it by %s", (_, ids) => {
    expect(findReach(allBut(...ids), session)).toBe("account");
  });

  it("excepts a user by its account and its ARN", () => {
    expect(findReach(allBut(ROOT, USER), user)).toBeUndefined();
    expect(findReach(allBut(ROOT), user)).toBe("account");
  });
});

describe("a service or an identity provider", () => {
  const EC2 = "ec2.amazonaws.com";
  const only = (id: string, isException = false): Principals => ({ named: [{ type: "Service", id }], isException });

  it("is reached by its own type and name, or by *", () => {
    expect(reaches(only(EC2), "Service", EC2)).toBe(true);
    expect(reaches(only("*"), "Service", EC2)).toBe(true);
    expect(reaches(named("*"), "Federated", "provider")).toBe(true);
    expect(reaches(only(EC2), "Federated", EC2)).toBe(false);
    expect(reaches(only(EC2), "Service", undefined)).toBe(false);
  });

  it("is reached by NotPrincipal unless it is named", () => {
    expect(reaches(only(EC2, true), "Service", EC2)).toBe(false);
    expect(reaches(only("ecs-tasks.amazonaws.com", true), "Service", EC2)).toBe(true);
  });

  it("is an OIDC provider by its type and ARN", () => {
    const id = `arn:aws:iam::${ACCOUNT}:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A`;
    expect(isOidcProvider({ type: "Federated", id })).toBe(true);
    expect(isOidcProvider({ type: "AWS", id })).toBe(false);
    expect(isOidcProvider({ type: "Federated", id: `arn:aws:iam::${ACCOUNT}:saml-provider/A` })).toBe(false);
  });
});
