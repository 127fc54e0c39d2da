import { describe, expect, it } from "vitest";
import { type ConditionKey, describeInvalidValues, findConditionKey } from "../../src/testing/condition-keys.js";

const text = { kind: "text", isMultivalued: false, isDerived: false };

describe("a condition key", () => {
  it.each<[string, object]>([
    ["aws:PrincipalArn", { ...text, isDerived: true }],
    ["aws:TokenIssueTime", { kind: "time", isMultivalued: false, isDerived: true }],
    ["aws:TagKeys", { kind: "text", isMultivalued: true, isDerived: true }],
    ["aws:PrincipalOrgID", text],
    ["aws:PrincipalOrgPaths", { ...text, isMultivalued: true }],
    ["aws:SourceIp", { ...text, kind: "address" }],
    ["aws:SecureTransport", { ...text, kind: "boolean" }],
    ["sts:DurationSeconds", { ...text, kind: "number" }],
    ["aws:PrincipalTag/team", text],
    ["aws:RequestTag/cost center", { ...text, isDerived: true }],
  ])("of AWS has a type and an origin: %s", (name, expected) => {
    expect(findConditionKey(name)).toEqual(expected);
    expect(findConditionKey(name.toUpperCase())).toEqual(expected);
  });

  it.each(["s3:prefix", "ec2:ResourceTag/team", "saml:aud", "oidc.eks.eu-west-1.amazonaws.com/id/ABC:sub"])(
    "of another service has string values: %s",
    (name) => {
      expect(findConditionKey(name)).toEqual(text);
    },
  );

  it.each([
    "aws:PrincipalOrgId2",
    "sts:Anything",
    "aws:PrincipalTag",
    "aws:PrincipalTag/",
    "PrincipalArn",
    "s3:",
    "s3:*",
    "s3:a$b",
    "a b:c",
    "constructor",
    "",
  ])("is not %j", (name) => {
    expect(findConditionKey(name)).toBeUndefined();
  });
});

describe("the values of a key", () => {
  const keyOf = (kind: ConditionKey["kind"], isMultivalued = false): ConditionKey => ({
    kind,
    isMultivalued,
    isDerived: false,
  });

  it.each<[ConditionKey["kind"], string, unknown]>([
    ["text", "a", ""],
    ["boolean", "True", "yes"],
    ["number", "-1.5", "1e3"],
    ["time", "2026-01-31T00:00:00Z", "tomorrow"],
    ["address", "2001:db8::1", "203.0.113.0/24"],
    ["text", "7", 7],
  ])("of type %s can be %j, but not %j", (kind, valid, invalid) => {
    expect(describeInvalidValues(keyOf(kind), [valid])).toBeUndefined();
    expect(describeInvalidValues(keyOf(kind), [invalid])).toMatch(/^must be /);
    expect(describeInvalidValues(keyOf(kind, true), [valid, invalid])).toMatch(/^must be /);
  });

  it("are exactly one, or at least one if a request may have several", () => {
    expect(describeInvalidValues(keyOf("text"), [])).toBe("must have exactly one value");
    expect(describeInvalidValues(keyOf("text"), ["a", "b"])).toBe("must have exactly one value");
    expect(describeInvalidValues(keyOf("text", true), [])).toBe("must have at least one value");
    expect(describeInvalidValues(keyOf("text", true), ["a", "b"])).toBeUndefined();
  });
});
