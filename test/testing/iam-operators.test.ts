import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findOperator, parseBoolean, parseNumber, parseTime } from "../../src/testing/iam-operators.js";
import { readPolicyText } from "../../src/testing/iam-pattern.js";

/** Whether a value in a request matches one in a policy, before the negation; `undefined` if the policy's is invalid. */
function compare(name: string, value: string, received: string): boolean | undefined {
  return findOperator(name)?.read(readPolicyText(value) ?? [], value)?.(received, new Map());
}

const RUNS = { numRuns: 100 };

describe("an operator", () => {
  it.each(["String", "StringEqual", "stringequals", "Null", "StringEqualsIfExists", "toString", "__proto__", ""])(
    "is not found by the name %j",
    (name) => {
      expect(findOperator(name)).toBeUndefined();
    },
  );

  it.each([
    ["StringNotEquals", "StringEquals"],
    ["StringNotEqualsIgnoreCase", "StringEqualsIgnoreCase"],
    ["StringNotLike", "StringLike"],
    ["ArnNotEquals", "ArnEquals"],
    ["ArnNotLike", "ArnLike"],
    ["NumericNotEquals", "NumericEquals"],
    ["DateNotEquals", "DateEquals"],
    ["NotIpAddress", "IpAddress"],
  ])("%s is the negation of %s", (negation, name) => {
    expect(findOperator(negation)).toEqual({ ...findOperator(name), isNegated: true });
    expect(findOperator(name)?.isNegated).toBe(false);
  });

  it.each(["BoolNot", "NumericNotLessThan", "NotBinaryEquals"])(
    "has no negation that IAM does not have: %s",
    (name) => {
      expect(findOperator(name)).toBeUndefined();
    },
  );

  it("may have policy variables only if it compares strings", () => {
    const takesVariables = (name: string) => findOperator(name)?.takesVariables;
    expect(["StringEquals", "StringNotLike", "ArnLike"].map(takesVariables)).toEqual([true, true, true]);
    expect(["NumericEquals", "DateLessThan", "Bool", "IpAddress"].map(takesVariables)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

it("numbers are compared as numbers, in every order", () => {
  fc.assert(
    fc.property(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 }), (value, received) => {
      const of = (order: string) => compare(`Numeric${order}`, `${value}`, `${received}.0`);
      expect(of("Equals")).toBe(received === value);
      expect(of("LessThan")).toBe(received < value);
      expect(of("LessThanEquals")).toBe(received <= value);
      expect(of("GreaterThan")).toBe(received > value);
      expect(of("GreaterThanEquals")).toBe(received >= value);
    }),
    RUNS,
  );
});

it("an address is in a range if the bits of the prefix are the same", () => {
  const toNumber = (bytes: readonly number[]) => bytes.reduce((number, byte) => number * 256 + byte, 0);
  const bytes = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
  const pair = fc.oneof(
    fc.tuple(bytes, bytes),
    bytes.map((one) => [one, [...one.slice(0, 3), (one[3] + 1) % 256]] as const),
  );
  fc.assert(
    fc.property(pair, fc.nat(32), ([one, other], prefix) => {
      const size = 2 ** (32 - prefix);
      const isSame = Math.floor(toNumber(one) / size) === Math.floor(toNumber(other) / size);
      expect(compare("IpAddress", `${one.join(".")}/${prefix}`, other.join("."))).toBe(isSame);
    }),
    RUNS,
  );
});

it.each<[string, string]>([
  ["NumericEquals", "ten"],
  ["NumericEquals", "1e3"],
  ["NumericEquals", ""],
  ["DateEquals", "yesterday"],
  ["DateEquals", "2026-13-01"],
  ["Bool", "yes"],
  ["BinaryEquals", "%%"],
  ["IpAddress", "203.0.113"],
  ["IpAddress", "203.0.113.0/33"],
  ["IpAddress", "203.0.113.0/24/8"],
  ["IpAddress", "203.0.113.0/"],
  ["IpAddress", "2001:db8::/129"],
])("%s rejects %j in a policy, and does not match it in a request", (name, invalid) => {
  expect(compare(name, invalid, "1")).toBeUndefined();
  const valid = { Numeric: "1", Date: "2026-01-01", Bool: "true", Binary: "QQ==", IpAddr: "203.0.113.0/24" };
  const [, value = ""] = Object.entries(valid).find(([type]) => name.startsWith(type)) ?? [];
  expect(compare(name, value, invalid)).toBe(false);
});

it.each<[string, number | undefined]>([
  ["2026-01-01", Date.UTC(2026, 0, 1)],
  ["2026-01", Date.UTC(2026, 0, 1)],
  ["2026-01-01T00:00Z", Date.UTC(2026, 0, 1)],
  ["2026-01-01T02:00:00.5+02:00", Date.UTC(2026, 0, 1) + 500],
  ["1767225600", Date.UTC(2026, 0, 1)],
  ["2026-01-01T00:00:00", undefined],
  ["01.01.2026", undefined],
  ["", undefined],
])("the time of %j is %s", (text, time) => {
  expect(parseTime(text)).toBe(time);
});

it("a number has digits and perhaps a sign and a fraction, and a boolean is a word in any case", () => {
  expect(["1", "+1", "-1.50", ".5", "1.", " 1", "0x1"].map(parseNumber)).toEqual([
    1,
    1,
    -1.5,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(["true", "FALSE", "1", ""].map(parseBoolean)).toEqual([true, false, undefined, undefined]);
});
