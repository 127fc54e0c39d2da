import { describe, expect, it } from "vitest";
import { IssuedSessions } from "../../src/testing/issued-sessions.js";
import { type LocalRole, readLocalRole, readPermissions } from "../../src/testing/local-role.js";
import { findDenial, type TrustQuestion } from "../../src/testing/trust.js";

const ARN = "arn:aws:iam::123456789012:role/teams/red/Inventory";
const CALLER = "arn:aws:iam::111122223333:role/Engine";

describe("a caller", () => {
  const caller = new IssuedSessions().issue({
    kind: "role",
    identity: {
      arn: "arn:aws:sts::111122223333:assumed-role/Engine/me",
      accountId: "111122223333",
      userId: "AROA:me",
      roleArn: CALLER,
      roleSessionName: "me",
    },
  });
  interface Rest extends Partial<TrustQuestion> {
    allowAssumeRole?: readonly string[];
    attached?: readonly string[];
  }
  const ask = (
    role: Omit<LocalRole, "roleArn"> | undefined,
    { allowAssumeRole = ["*"], attached = [CALLER], ...rest }: Rest = {},
  ) =>
    findDenial({
      caller,
      permissions: readPermissions("caller", { allowAssumeRole }, []),
      roleArn: ARN,
      roleSessionName: "session",
      trust: role && readLocalRole({ roleArn: ARN, ...role }).trust(attached),
      tags: new Map(),
      transitiveTagKeys: [],
      tagged: false,
      surroundings: { time: 0, region: "us-east-1", userAgent: undefined, given: new Map() },
      ...rest,
    });

  it.each<[string, string | undefined, Omit<LocalRole, "roleArn"> | undefined, Rest?]>([
    ["is trusted by default", undefined, {}],
    ["is not trusted by default when another is attached", "sts:AssumeRole", {}, { attached: [] }],
    ["cannot assume a role that does not exist", "sts:AssumeRole", undefined],
    ["is trusted by its role", undefined, { trustedPrincipals: [CALLER] }],
    ["is trusted by its session", undefined, { trustedPrincipals: [caller.identity.arn] }],
    ["is trusted through its account", undefined, { trustedPrincipals: ["arn:aws:iam::111122223333:root"] }],
    ["is trusted if everyone is", undefined, { trustedPrincipals: ["*"] }],
    [
      "is denied if only another account is trusted",
      "sts:AssumeRole",
      { trustedPrincipals: ["arn:aws:iam::444455556666:root"] },
    ],
    [
      "is not matched by a pattern, which a principal cannot be",
      "sts:AssumeRole",
      { trustedPrincipals: [`${CALLER}*`] },
    ],
    ["needs its own permission", "sts:AssumeRole", {}, { allowAssumeRole: ["arn:aws:iam::*:role/Other"] }],
    ["needs the external id", "sts:AssumeRole", { externalId: "acme" }],
    ["needs the right external id", "sts:AssumeRole", { externalId: "acme" }, { externalId: "Acme" }],
    ["passes with the external id", undefined, { externalId: "acme" }, { externalId: "acme" }],
    ["can send an external id that is not required", undefined, {}, { externalId: "acme" }],
    ["needs a source identity", "sts:AssumeRole", { requiredSourceIdentity: ["ann"] }],
    ["passes with the source identity", undefined, { requiredSourceIdentity: ["ann"] }, { sourceIdentity: "ann" }],
    ["cannot tag", "sts:TagSession", { allowTagSession: false }, { tagged: true }],
    ["can go without tags", undefined, { allowTagSession: false }],
    [
      "cannot set a source identity",
      "sts:SetSourceIdentity",
      { allowSetSourceIdentity: false },
      { sourceIdentity: "ann" },
    ],
  ])("%s (%s)", (_title, denied, role, rest) => {
    expect(ask(role, rest)?.action).toBe(denied);
  });
});
