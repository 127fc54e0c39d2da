import { describe, expect, it } from "vitest";
import { matchesArn } from "../../src/request/allowed-roles.js";
import { ACCOUNT, expectInvalid, expectRefusal, OTHER_ROLE, ROLE, requestOf, roleRequestOf } from "./support.js";

const HINT = "Ask an administrator to add it to allowedRoles, or use a listed role.";
const ENTRY =
  "a role ARN, or a pattern of the same form such as arn:aws:iam::123456789012:role/integration-*. To allow every role, write arn:*:iam::*:role/*";
const EXACT = "a role ARN of 20 to 2048 characters, such as arn:aws:iam::123456789012:role/path/name";
const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
const role = (rest: string) => `arn:aws:iam::${ACCOUNT}:role/${rest}`;
const allow = (allowedRoles: unknown, roleArn: string = ROLE) => roleRequestOf({ instance: { allowedRoles, roleArn } });
const expectAllowed = (allowedRoles: unknown, roleArn: string = ROLE) =>
  expect(allow(allowedRoles, roleArn).chain.assumption?.role.arn).toBe(roleArn);
const expectNotAllowed = (allowedRoles: unknown, roleArn: string = ROLE) => {
  const error = expectRefusal(
    () => allow(allowedRoles, roleArn),
    "ROLE_NOT_ALLOWED",
    "instance.roleArn",
    `The role ${roleArn} is not in the instance's allowedRoles. ${HINT}`,
  );
  expect(error.roleArn).toBe(roleArn);
};

describe("allowedRoles", () => {
  it("leaves the decision to IAM if it is undefined", () => {
    expectAllowed(undefined);
    expect(requestOf({ instance: { allowedRoles: undefined } }).chain.assumption).toBeUndefined();
  });

  it("allows no role if it is empty", () => {
    expectNotAllowed([]);
  });

  it.each([[[]], [[ROLE]], [["arn:*:iam::*:role/*"]]])(
    "rejects a request without a role if it is %j",
    (allowedRoles) => {
      for (const extra of [{}, { policy: { Statement: [] } }, { externalId: "ab" }]) {
        expectRefusal(
          () => requestOf({ instance: { allowedRoles, ...extra } }),
          "ROLE_NOT_ALLOWED",
          undefined,
          "No role was requested, but the instance sets allowedRoles, so a role is required. Set roleArn in the instance or the command to a listed role.",
        );
      }
    },
  );

  it("applies to the command's role and to the instance's role", () => {
    const instance = { allowedRoles: [ROLE], roleArn: OTHER_ROLE };
    expect(requestOf({ instance, command: { roleArn: ROLE } }).chain.assumption?.role.arn).toBe(ROLE);
    expectRefusal(() => requestOf({ instance }), "ROLE_NOT_ALLOWED", "instance.roleArn", /^The role .*Audit is not in/);
    expectRefusal(
      () => requestOf({ instance: { ...instance, roleArn: ROLE }, command: { roleArn: OTHER_ROLE } }),
      "ROLE_NOT_ALLOWED",
      "command.roleArn",
      /^The role .*Audit is not in/,
    );
  });

  it("compares exact roles character by character", () => {
    expectAllowed([OTHER_ROLE, ROLE]);
    expectNotAllowed([OTHER_ROLE]);
    expectNotAllowed([`${ROLE}2`]);
    expectNotAllowed([ROLE.toLowerCase()]);
    expectNotAllowed([ROLE.replace("integrations/", "")]);
    expectNotAllowed([ROLE.replace("arn:aws:", "arn:aws-cn:")]);
  });

  it("does not change the session key", () => {
    expect(allow([ROLE]).chain.key).toBe(allow(undefined).chain.key);
  });

  it.each<[string, unknown, string, string, string]>([
    ["an empty string", "", "[0]", "an empty string", EXACT],
    ["only a star", "*", "[0]", "a string of 1 characters", ENTRY],
    ["a name", "Inventory", "[0]", "a string of 9 characters", EXACT],
    ["a user", `arn:aws:iam::${ACCOUNT}:user/*`, "[0]", `"arn:aws:iam::${ACCOUNT}:user/*"`, ENTRY],
    ["a star across parts", "arn:aws:*", "[0]", '"arn:aws:*"', ENTRY],
    ["a star for the service", `arn:aws:*::${ACCOUNT}:role/x`, "[0]", `"arn:aws:*::${ACCOUNT}:role/x"`, ENTRY],
    ["a star for the region", `arn:aws:iam:*:${ACCOUNT}:role/x`, "[0]", `"arn:aws:iam:*:${ACCOUNT}:role/x"`, ENTRY],
    ["a star for the kind", `arn:aws:iam::${ACCOUNT}:*/x`, "[0]", `"arn:aws:iam::${ACCOUNT}:*/x"`, ENTRY],
    ["a star for the whole resource", `arn:aws:iam::${ACCOUNT}:*`, "[0]", `"arn:aws:iam::${ACCOUNT}:*"`, ENTRY],
    ["an empty account", "arn:aws:iam:::role/x*", "[0]", '"arn:aws:iam:::role/x*"', ENTRY],
    [
      "letters in the account",
      "arn:aws:iam::12345678901x:role/x*",
      "[0]",
      '"arn:aws:iam::12345678901x:role/x*"',
      ENTRY,
    ],
    [
      "an account of 13 characters",
      "arn:aws:iam::1234567890123:role/*",
      "[0]",
      '"arn:aws:iam::1234567890123:role/*"',
      ENTRY,
    ],
    [
      "an exact ARN with 11 digits of account",
      "arn:aws:iam::12345678901:role/x",
      "[0]",
      '"arn:aws:iam::12345678901:role/x"',
      EXACT,
    ],
    [
      "an exact ARN without a name",
      `arn:aws:iam::${ACCOUNT}:role/path/`,
      "[0]",
      `"arn:aws:iam::${ACCOUNT}:role/path/"`,
      EXACT,
    ],
    ["a foreign partition", `arn:azure:iam::${ACCOUNT}:role/x`, "[0]", `"arn:azure:iam::${ACCOUNT}:role/x"`, EXACT],
    ["a colon", role("a:*"), "[0]", `"${role("a:*")}"`, ENTRY],
    ["a space", role("a *"), "[0]", `"${role("a *")}"`, ENTRY],
    ["a line feed", `${role("*")}\n`, "[0]", `"${role("*")}\\n"`, ENTRY],
    ["a policy variable", role("$" + "{aws:username}"), "[0]", `"${role("$")}{aws:username}"`, EXACT],
    [
      "2049 characters",
      role("*").padEnd(2049, "x"),
      "[0]",
      `"${role("*").padEnd(100, "x")}"… (2049 characters)`,
      ENTRY,
    ],
    ["a number", 5, "[0]", "a number", "an object with roleArn, externalId"],
    ["undefined", undefined, "[0]", "undefined", ENTRY],
    ["null", null, "[0]", "null", ENTRY],
    ["an array", [ROLE], "[0]", "an array of 1", "an object with roleArn, externalId"],
    ["an object without a role", { externalId: "ab" }, "[0].roleArn", "undefined", ENTRY],
    ["an object with an array", { roleArn: [ROLE], externalId: "ab" }, "[0].roleArn", "an array of 1", EXACT],
    ["an object with a star", { roleArn: "*", externalId: "ab" }, "[0].roleArn", "a string of 1 characters", ENTRY],
    [
      "an external id that is too short",
      { roleArn: ROLE, externalId: "a" },
      "[0].externalId",
      "a string of 1 characters",
      "2 to 1224 letters, digits and _+=,.@:/-",
    ],
    [
      "an empty external id",
      { roleArn: ROLE, externalId: "" },
      "[0].externalId",
      "an empty string",
      "2 to 1224 letters, digits and _+=,.@:/-",
    ],
  ])("rejects %s as an entry", (_, entry, at, received, allowed) => {
    const field = `instance.allowedRoles${at}`;
    expectInvalid(
      () => allow([entry]),
      field,
      new RegExp(`^${literal(`${field} is invalid: received ${received}. Allowed: ${allowed}`)}`),
    );
  });

  it("accepts patterns of 2048 characters", () => {
    expectNotAllowed([role("*").padEnd(2048, "x")]);
  });

  it("names the index of an invalid entry, even if no role is requested", () => {
    expectInvalid(
      () => requestOf({ instance: { allowedRoles: [ROLE, OTHER_ROLE, "x*"] } }),
      "instance.allowedRoles[2]",
      `instance.allowedRoles[2] is invalid: received a string of 2 characters. Allowed: ${ENTRY}.`,
    );
  });

  it("cannot have empty slots", () => {
    const allowedRoles = new Array(2);
    allowedRoles[1] = ROLE;
    expectInvalid(
      () => allow(allowedRoles),
      "instance.allowedRoles[0]",
      `instance.allowedRoles[0] is invalid: received undefined. Allowed: ${ENTRY}.`,
    );
  });

  it("names what to use instead of an ARN of a different kind", () => {
    expectInvalid(
      () => allow([`arn:aws:sts::${ACCOUNT}:assumed-role/Inventory/session`]),
      "instance.allowedRoles[0]",
      /This is a role session\. Use the role's ARN/,
    );
  });

  it.each<[unknown, string]>([
    [ROLE, `a string of ${ROLE.length} characters`],
    ["", "an empty string"],
    [{ 0: ROLE }, "an object"],
    [new Set([ROLE]), "an object"],
    [true, "a boolean"],
  ])("must be an array: %s is rejected", (allowedRoles, received) => {
    expectInvalid(
      () => allow(allowedRoles),
      "instance.allowedRoles",
      `instance.allowedRoles is invalid: received ${received}. Allowed: a list of role ARNs, patterns, or { roleArn, externalId }.`,
    );
  });
});

describe("an entry with an external id", () => {
  const bound = { roleArn: ROLE, externalId: "bound" };
  const idOf = (allowedRoles: unknown, roleArn = ROLE, externalId?: string) =>
    roleRequestOf({ instance: { allowedRoles, roleArn, externalId } }).chain.assumption?.externalId;

  it("binds the id to that role, and overrides the instance's external id", () => {
    expect(idOf([bound])).toBe("bound");
    expect(idOf([bound], ROLE, "own")).toBe("bound");
    expect(idOf([OTHER_ROLE, bound], OTHER_ROLE, "own")).toBe("own");
    expect(idOf([OTHER_ROLE, bound], OTHER_ROLE)).toBeUndefined();
  });

  it("can be a pattern", () => {
    expect(idOf([{ roleArn: role("integrations/*"), externalId: "many" }])).toBe("many");
  });

  it("is matched as an exact ARN first, then as the first pattern", () => {
    const first = { roleArn: role("*"), externalId: "first" };
    const second = { roleArn: role("integrations/*"), externalId: "second" };
    expect(idOf([first, second, bound])).toBe("bound");
    expect(idOf([first, second])).toBe("first");
    expect(idOf([second, first])).toBe("second");
    expect(idOf([first, ROLE])).toBeUndefined();
    expect(idOf([first, ROLE], ROLE, "own")).toBe("own");
  });

  it("is part of the session key", () => {
    expect(allow([bound]).chain.key).not.toBe(allow([ROLE]).chain.key);
    expect(allow([bound]).chain.key).toBe(roleRequestOf({ instance: { externalId: "bound" } }).chain.key);
  });

  it.each([undefined, null])("cannot have the external id %s", (externalId) => {
    expectInvalid(
      () => allow([{ roleArn: ROLE, externalId }]),
      "instance.allowedRoles[0].externalId",
      "instance.allowedRoles[0].externalId is missing. If the role requires none, list its ARN as a string.",
    );
  });

  it("cannot have other keys", () => {
    expectInvalid(
      () => allow([{ ...bound, external_id: "x" }]),
      "instance.allowedRoles[0].external_id",
      "instance.allowedRoles[0].external_id is not a setting, but looks like externalId. Write it as externalId.",
    );
  });

  it.each([[[bound, { ...bound, externalId: "other" }]], [[bound, ROLE]], [[ROLE, bound]]])(
    "cannot contradict another entry for the same role: %j",
    (allowedRoles) => {
      expectInvalid(
        () => allow(allowedRoles),
        "instance.allowedRoles[1]",
        "instance.allowedRoles[1] repeats a role with a different external id. List each role once.",
      );
    },
  );

  it("can be repeated unchanged", () => {
    expect(idOf([bound, { ...bound }])).toBe("bound");
  });
});

describe("a pattern", () => {
  it.each([
    [role("*"), role("a")],
    [role("*"), role("path/a")],
    [role("integrations/*"), ROLE],
    [role("*Inventory"), ROLE],
    [role("int*tory"), ROLE],
    [role("integrations?Inventory"), ROLE],
    [role("?nventory"), role("Inventory")],
    [role("In*"), role("In")],
    [role("**"), role("a")],
    [role("*a*a*"), role("banana")],
    [role("*/*"), ROLE],
    [`arn:aws:iam::*:role/Audit`, OTHER_ROLE],
    [`arn:aws:iam::44445555????:role/Audit`, OTHER_ROLE],
    [`arn:aws:iam::4*:role/Audit`, OTHER_ROLE],
    [`arn:aws*:iam::${ACCOUNT}:role/a`, role("a")],
    [`arn:aws*:iam::${ACCOUNT}:role/a`, `arn:aws-cn:iam::${ACCOUNT}:role/a`],
    [`arn:aws-??:iam::${ACCOUNT}:role/a`, `arn:aws-cn:iam::${ACCOUNT}:role/a`],
    ["arn:*:iam::*:role/*", ROLE],
    [role("a.b*"), role("a.bc")],
    [role("a+(b)*"), role("a+(b)/c")],
  ])("%s allows %s", (pattern, arn) => {
    expect(matchesArn(pattern, arn)).toBe(true);
    expectAllowed([pattern], arn);
  });

  it.each([
    [role("integrations/?"), ROLE],
    [role("?Inventory"), role("Inventory")],
    [role("inventory*"), role("Inventory")],
    [role("Inventory?"), role("Inventory")],
    [role("*x"), role("xy")],
    [role("*/*"), role("a")],
    [`arn:aws:iam::44445555???:role/Audit`, OTHER_ROLE],
    [`arn:aws:iam::1*:role/*`, OTHER_ROLE],
    [`arn:aws:iam::*:role/*`, `arn:aws-cn:iam::${ACCOUNT}:role/a`],
    [`arn:aws-*:iam::*:role/*`, role("a")],
    [role("a.b*"), role("axb")],
    [role("[a-z]*"), role("a")],
    [role("a+*"), role("aa")],
  ])("%s does not allow %s", (pattern, arn) => {
    expect(matchesArn(pattern, arn)).toBe(false);
    expectNotAllowed([pattern], arn);
  });

  it.each([
    ["arn:*", "arn:aws:iam::123456789012:role/a"],
    ["*", "arn:aws:iam::123456789012:role/a"],
    ["arn:aws:iam::*", "arn:aws:iam::123456789012:role/a"],
    ["arn:aws:iam:*:role/a", "arn:aws:iam::123456789012:role/a"],
    ["arn:aws:iam::123456789012?role/a", "arn:aws:iam::123456789012:role/a"],
  ])("%s does not match across a colon", (pattern, arn) => {
    expect(matchesArn(pattern, arn)).toBe(false);
  });

  it("with many stars is evaluated quickly against the longest ARN", () => {
    const longest = role(`${"a".repeat(1900)}/`)
      .padEnd(2046, "a")
      .concat("/a");
    const patterns = [
      "*a".repeat(1000),
      `${"*a".repeat(900)}b`,
      `${"*".repeat(2000)}b`,
      `*${"a".repeat(1000)}b*`,
      `${"a*?".repeat(600)}b`,
    ];
    // With exponential time this would not end within the test's time limit.
    for (const pattern of patterns.map(role)) matchesArn(pattern, longest);
    expectNotAllowed(patterns.slice(1).map(role), longest);
  });
});
