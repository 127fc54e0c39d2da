import { describe, expect, it } from "vitest";
import { readCondition } from "../../src/testing/iam-condition.js";
import { readRequestContext } from "../../src/testing/request-context.js";

type Values = string | readonly string[];

/** Whether a condition is true for a request with exactly these keys. */
function holds(condition: Record<string, Record<string, Values>>, request: Record<string, Values>): boolean {
  const lists = (values: Record<string, Values>) =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, [value].flat()]));
  const read = Object.entries(condition).map(([operator, keys]) => [operator, lists(keys)]);
  const context = Object.entries(lists(request)).map(([key, value]): [string, string[]] => [key.toLowerCase(), value]);
  return readCondition("Condition", Object.fromEntries(read), "2012-10-17")(new Map(context));
}

const NOON = { "aws:CurrentTime": "2026-01-01T12:00:00Z", "aws:EpochTime": "1767268800" };
const MFA = { "aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "600" };
const OFFICE = { "aws:SourceIp": "203.0.113.7" };
const OU = "o-example/r-ab12/ou-ab12-11111111/";

describe("an operator", () => {
  it.each<[string, string, Values, Record<string, Values>, boolean]>([
    ["NumericEquals", "aws:MultiFactorAuthAge", "600", MFA, true],
    ["NumericEquals", "aws:MultiFactorAuthAge", "600.0", MFA, true],
    ["NumericNotEquals", "aws:MultiFactorAuthAge", "600", MFA, false],
    ["NumericNotEquals", "aws:MultiFactorAuthAge", "600", {}, true],
    ["NumericLessThan", "aws:MultiFactorAuthAge", "3600", MFA, true],
    ["NumericLessThan", "aws:MultiFactorAuthAge", "600", MFA, false],
    ["NumericLessThan", "aws:MultiFactorAuthAge", "3600", {}, false],
    ["NumericLessThanEquals", "aws:MultiFactorAuthAge", "600", MFA, true],
    ["NumericGreaterThan", "aws:MultiFactorAuthAge", ["9000", "100"], MFA, true],
    ["NumericGreaterThanEquals", "aws:MultiFactorAuthAge", "601", MFA, false],
    ["DateEquals", "aws:CurrentTime", "2026-01-01T13:00:00+01:00", NOON, true],
    ["DateNotEquals", "aws:CurrentTime", "2026-01-01T12:00:00Z", NOON, false],
    ["DateGreaterThan", "aws:CurrentTime", "2026-01-01", NOON, true],
    ["DateLessThan", "aws:CurrentTime", "2026-01-01T12:00:00Z", NOON, false],
    ["DateLessThanEquals", "aws:CurrentTime", "1767268800", NOON, true],
    ["DateGreaterThanEquals", "aws:EpochTime", "2026-01-01T12:00:00Z", NOON, true],
    ["NumericGreaterThan", "aws:EpochTime", "1767268799", NOON, true],
    ["DateGreaterThan", "aws:TokenIssueTime", "2026-01-01", NOON, false],
    ["Bool", "aws:MultiFactorAuthPresent", "true", MFA, true],
    ["Bool", "aws:MultiFactorAuthPresent", "True", MFA, true],
    ["Bool", "aws:MultiFactorAuthPresent", "false", MFA, false],
    ["Bool", "aws:MultiFactorAuthPresent", "false", {}, false],
    ["BoolIfExists", "aws:MultiFactorAuthPresent", "false", {}, true],
    ["BoolIfExists", "aws:MultiFactorAuthPresent", "false", MFA, false],
    ["BinaryEquals", "example:Key", "QmluYXJ5", { "example:Key": "QmluYXJ5" }, true],
    ["BinaryEquals", "example:Key", "QmluYXJ5", { "example:Key": "QmluYXJ6" }, false],
    ["IpAddress", "aws:SourceIp", "203.0.113.0/24", OFFICE, true],
    ["IpAddress", "aws:SourceIp", ["198.51.100.0/24", "203.0.113.7"], OFFICE, true],
    ["IpAddress", "aws:SourceIp", "203.0.113.6", OFFICE, false],
    ["IpAddress", "aws:SourceIp", "0.0.0.0/0", OFFICE, true],
    ["IpAddress", "aws:SourceIp", "0.0.0.0/0", {}, false],
    ["IpAddress", "aws:SourceIp", "2001:db8::/32", { "aws:SourceIp": "2001:DB8:0:0::1" }, true],
    ["IpAddress", "aws:SourceIp", "2001:db8::/32", OFFICE, false],
    ["NotIpAddress", "aws:SourceIp", ["198.51.100.0/24", "203.0.113.0/24"], OFFICE, false],
    ["NotIpAddress", "aws:SourceIp", "198.51.100.0/24", {}, true],
    ["NotIpAddressIfExists", "aws:SourceIp", "203.0.113.0/24", OFFICE, false],
    [
      "ArnLike",
      "aws:SourceArn",
      "arn:aws:logs:*:*:log-group:*",
      { "aws:SourceArn": "arn:aws:logs:a:1:log-group:b:c" },
      true,
    ],
    ["ArnLike", "aws:SourceArn", "arn:aws:*:log-group:*", { "aws:SourceArn": "arn:aws:logs:a:1:log-group:b:c" }, false],
    ["ArnNotLike", "aws:SourceArn", "*", { "aws:SourceArn": "arn:aws:logs:a:1:log-group:b" }, false],
    ["StringEquals", "SAML:aud", "https://signin.aws.amazon.com/saml", {}, false],
    ["StringNotEquals", "SAML:aud", "https://signin.aws.amazon.com/saml", {}, true],
    [
      "ForAnyValue:StringLike",
      "aws:PrincipalOrgPaths",
      `${OU}*`,
      { "aws:PrincipalOrgPaths": [`${OU}ou-ab12-2/`] },
      true,
    ],
    ["ForAnyValue:StringLike", "aws:PrincipalOrgPaths", OU, { "aws:PrincipalOrgPaths": [`${OU}ou-ab12-2/`] }, false],
    ["ForAnyValue:StringLike", "aws:PrincipalOrgPaths", `${OU}*`, {}, false],
    ["ForAnyValue:StringNotLike", "aws:PrincipalOrgPaths", "x*", {}, false],
    ["ForAllValues:StringNotLike", "aws:PrincipalOrgPaths", "x*", {}, true],
    ["ForAnyValue:StringEqualsIfExists", "aws:TagKeys", "team", {}, true],
    ["ForAllValues:StringEqualsIfExists", "aws:TagKeys", "team", { "aws:TagKeys": ["team", "other"] }, false],
  ])("%s on %s with %j in %j: %s", (operator, key, value, request, expected) => {
    expect(holds({ [operator]: { [key]: value } }, request)).toBe(expected);
  });
});

describe("a policy variable", () => {
  const ann = { "aws:username": "ann", "aws:PrincipalTag/team": "red", "aws:PrincipalTag/odd": "r*" };

  it.each<[string, string, string, Record<string, Values>, boolean]>([
    [
      "StringEquals",
      "aws:RequestTag/team",
      `\${aws:PrincipalTag/team}`,
      { ...ann, "aws:RequestTag/team": "red" },
      true,
    ],
    [
      "StringEquals",
      "aws:RequestTag/team",
      `\${AWS:principaltag/TEAM}`,
      { ...ann, "aws:RequestTag/team": "red" },
      true,
    ],
    [
      "StringEquals",
      "aws:RequestTag/team",
      `\${aws:PrincipalTag/team}`,
      { ...ann, "aws:RequestTag/team": "blue" },
      false,
    ],
    ["StringLike", "sts:RoleSessionName", `\${aws:username}-*`, { ...ann, "sts:RoleSessionName": "ann-7" }, true],
    ["StringLike", "sts:RoleSessionName", `\${aws:PrincipalTag/odd}`, { ...ann, "sts:RoleSessionName": "rest" }, false],
    ["StringLike", "sts:RoleSessionName", `\${aws:PrincipalTag/odd}`, { ...ann, "sts:RoleSessionName": "r*" }, true],
    [
      "ArnLike",
      "aws:PrincipalArn",
      `arn:aws:iam::*:role/\${aws:PrincipalTag/team}/*`,
      { ...ann, "aws:PrincipalArn": "arn:aws:iam::1:role/red/a" },
      true,
    ],
    // Without a value it equals nothing, so a negated operator is true.
    ["StringEquals", "sts:RoleSessionName", `\${aws:username}`, { "sts:RoleSessionName": "" }, false],
    ["StringNotEquals", "sts:RoleSessionName", `\${aws:username}`, { "sts:RoleSessionName": "ann" }, true],
    ["StringEquals", "sts:RoleSessionName", `\${aws:username, 'nobody'}`, { "sts:RoleSessionName": "nobody" }, true],
    [
      "StringEquals",
      "sts:RoleSessionName",
      `\${aws:username, 'nobody'}`,
      { ...ann, "sts:RoleSessionName": "nobody" },
      false,
    ],
  ])("%s on %s with %s in %j: %s", (operator, key, value, request, expected) => {
    expect(holds({ [operator]: { [key]: value } }, request)).toBe(expected);
  });

  it("is plain text in policies before version 2012-10-17", () => {
    const condition = { StringEquals: { "sts:RoleSessionName": [`\${aws:username}`] } };
    const old = readCondition("Condition", condition, "2008-10-17");
    expect(old(new Map([["sts:rolesessionname", [`\${aws:username}`]]]))).toBe(true);
    expect(old(new Map(Object.entries({ "sts:rolesessionname": ["ann"], "aws:username": ["ann"] })))).toBe(false);
  });
});

describe("the keys that a test sets", () => {
  it.each<[string, unknown]>([
    ["requestContext must be an object of condition keys", ["aws:SourceIp"]],
    ['requestContext["aws:SourceAddress"] is not a condition key', { "aws:SourceAddress": "203.0.113.7" }],
    ['requestContext["SourceIp"] is not a condition key', { SourceIp: "203.0.113.7" }],
    ['requestContext["aws:PrincipalTag/"] is not a condition key', { "aws:PrincipalTag/": "x" }],
    ['requestContext["sts:ExternalId"] cannot be set', { "sts:ExternalId": "acme" }],
    ['requestContext["aws:CurrentTime"] cannot be set', { "aws:CurrentTime": "2026-01-01T00:00:00Z" }],
    ['requestContext["aws:SourceIp"] must be an IP address, got "office"', { "aws:SourceIp": "office" }],
    ['requestContext["aws:SourceIp"] must have exactly one value', { "aws:SourceIp": ["203.0.113.7", "203.0.113.8"] }],
    ['requestContext["aws:MultiFactorAuthPresent"] must be "true" or "false"', { "aws:MultiFactorAuthPresent": true }],
    ['requestContext["aws:MultiFactorAuthAge"] must be a number in a string', { "aws:MultiFactorAuthAge": "long" }],
    ['requestContext["aws:PrincipalOrgID"] must be a string', { "aws:PrincipalOrgID": undefined }],
    ['requestContext["aws:PrincipalOrgPaths"] must have at least one value', { "aws:PrincipalOrgPaths": [] }],
  ])("%s", (message, given) => {
    expect(() => readRequestContext("requestContext", given as never)).toThrow(
      expect.objectContaining({ name: "TypeError", message: expect.stringContaining(message) }),
    );
  });

  it("can belong to another service, and are then not validated", () => {
    expect([...readRequestContext("requestContext", { "ssm:SourceInstanceARN": "arn:aws:ssm:::x" })]).toEqual([
      ["ssm:sourceinstancearn", ["arn:aws:ssm:::x"]],
    ]);
  });
});
