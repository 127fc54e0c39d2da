import { describe, expect, it } from "vitest";
import { assumptionOf, expectInvalid, roleRequestOf } from "./support.js";

/** Where a setting is given: the field's owner and the input with the value. */
const at = {
  command: (setting: string, value: unknown) => ({ command: { [setting]: value } }),
  instance: (setting: string, value: unknown) => ({ instance: { [setting]: value } }),
  "options.session": (setting: string, value: unknown) => ({ session: { [setting]: value } }),
};
type Owner = keyof typeof at;

const NAME = "2 to 64 letters, digits and _+=,.@-";
const IDENTITY = "2 to 64 letters, digits and _+=,.@-, not starting with aws:";
const ID = "2 to 1224 letters, digits and _+=,.@:/-";

const wrongTypes: [unknown, string][] = [
  [5, "a number"],
  [true, "a boolean"],
  [{}, "an object"],
  [["ab"], "an array of 1"],
  [() => "ab", "a function"],
  [Symbol("ab"), "a symbol"],
  [10n, "a bigint"],
];

const texts: { setting: "roleSessionName" | "sourceIdentity"; owners: Owner[]; rule: string }[] = [
  { setting: "roleSessionName", owners: ["command", "instance"], rule: NAME },
  { setting: "sourceIdentity", owners: ["instance", "options.session"], rule: IDENTITY },
];

describe.each(texts)("$setting", ({ setting, owners, rule }) => {
  describe.each(owners)("in %s", (owner) => {
    const field = `${owner}.${setting}`;

    it.each(["ab", "a".repeat(64), "_+=,.@-", "09AZaz"])("can be %j", (value) => {
      expect(assumptionOf(at[owner](setting, value))[setting]).toBe(value);
    });

    it.each([undefined, null])("can be %s, which means that it is not set", (value) => {
      expect(assumptionOf(at[owner](setting, value))[setting]).toBeUndefined();
    });

    it.each<[unknown, string]>([
      ["", "an empty string"],
      ["a", '"a"'],
      ["a".repeat(65), `"${"a".repeat(65)}"`],
      ["a".repeat(101), `"${"a".repeat(100)}"… (101 characters)`],
      ["a b", '"a b"'],
      ["a/b", '"a/b"'],
      ["a:b", '"a:b"'],
      ["ab\n", '"ab\\n"'],
      ["ab\u007f\u0085\u2028\u202e\ud800", '"ab\\u007f\\u0085\\u2028\\u202e\\ud800"'],
      ["äöü", '"äöü"'],
      ...wrongTypes,
    ])("cannot be %s, and the error shows the received value", (value, received) => {
      expectInvalid(
        () => roleRequestOf(at[owner](setting, value)),
        field,
        `${field} is invalid: received ${received}. Allowed: ${rule}.`,
      );
    });
  });
});

describe("sourceIdentity", () => {
  it.each(["aws:", "aws:name"])("cannot be %s, because AWS reserves the prefix", (value) => {
    expectInvalid(
      () => roleRequestOf({ instance: { sourceIdentity: value } }),
      "instance.sourceIdentity",
      `instance.sourceIdentity is invalid: received "${value}". Allowed: ${IDENTITY}.`,
    );
  });
});

describe("externalId", () => {
  it.each(["ab", "a".repeat(1224), "_+=,.@:/-", "aws:x"])("can be %j", (externalId) => {
    expect(assumptionOf({ instance: { externalId } }).externalId).toBe(externalId);
  });

  it.each<[unknown, string]>([
    ["", "an empty string"],
    ["a", "a string of 1 characters"],
    ["a".repeat(1225), "a string of 1225 characters"],
    ["with space", "a string of 10 characters"],
    ["new\nline", "a string of 8 characters"],
    [12345, "a number"],
    [true, "a boolean"],
    [["ab"], "an array of 1"],
    [{}, "an object"],
  ])("cannot be %j, and the error describes the value without showing it", (externalId, received) => {
    expectInvalid(
      () => roleRequestOf({ instance: { externalId } }),
      "instance.externalId",
      `instance.externalId is invalid: received ${received}. Allowed: ${ID}.`,
    );
  });
});

describe.each(["command", "instance"] as const)("roleSessionDuration in %s", (owner) => {
  const field = `${owner}.roleSessionDuration`;

  it.each<[unknown, number]>([
    [900, 900],
    [43_200, 43_200],
    ["900", 900],
    ["43200", 43_200],
    ["0900", 900],
    [1234.0, 1234],
    [undefined, 3600],
    [null, 3600],
  ])("is %j for %d seconds", (value, seconds) => {
    expect(assumptionOf(at[owner]("roleSessionDuration", value)).durationSeconds).toBe(seconds);
  });

  it.each<[unknown, string]>([
    [899, "899"],
    [43_201, "43201"],
    ["899", '"899"'],
    ["43201", '"43201"'],
    [900.5, "900.5"],
    ["900.0", '"900.0"'],
    ["1e3", '"1e3"'],
    ["0x400", '"0x400"'],
    [" 900 ", '" 900 "'],
    ["900\n", '"900\\n"'],
    ["+900", '"+900"'],
    ["-900", '"-900"'],
    ["９００", '"９００"'],
    ["", "an empty string"],
    ["9".repeat(16), `"${"9".repeat(16)}"`],
    [0, "0"],
    [-900, "-900"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    [true, "a boolean"],
    [900n, "a bigint"],
    [[900], "an array of 1"],
    [new Number(900), "an object"],
    [new Date(900), "an object"],
  ])("cannot be %s", (value, received) => {
    expectInvalid(
      () => roleRequestOf(at[owner]("roleSessionDuration", value)),
      field,
      `${field} is invalid: received ${received}. Allowed: a whole number of seconds from 900 to 43200, as a number or as digits.`,
    );
  });
});
