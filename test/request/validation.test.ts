import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  assertNoMisspelling,
  conflict,
  emptyRecord,
  escapeInvisible,
  hasMethods,
  invalid,
  invalidText,
  isRecord,
  itemsOf,
  namesIn,
  parseHttpUrl,
  pathOf,
  quoted,
  readFlag,
  readInteger,
  readLimit,
  readList,
  readRecord,
  readSetting,
  readSettings,
  readText,
  variableIn,
  withoutUndefined,
} from "../../src/request/validation.js";
import { expectInvalid, refusalOf } from "./support.js";

const RUNS = { numRuns: 100 };
/** Any UTF-16 units, lone surrogates included. */
const UNITS = fc.nat(0xffff).map((unit) => String.fromCharCode(unit));

describe("a string in an error", () => {
  const HIDDEN = /[\p{C}\u2028\u2029]/u;

  it("is one line without control, format or unassigned characters, and short", () => {
    fc.assert(
      fc.property(fc.string({ unit: UNITS, maxLength: 150 }), (text) => {
        for (const shown of [quoted(text), pathOf("owner", text), escapeInvisible(text).slice(0, 700)]) {
          expect(HIDDEN.test(shown)).toBe(false);
          expect(shown.length).toBeLessThan(750);
        }
      }),
      RUNS,
    );
  });

  it("is escaped as in JSON, so that it can be read back", () => {
    fc.assert(
      fc.property(fc.string({ unit: UNITS, minLength: 1, maxLength: 100 }), (text) => {
        expect(JSON.parse(quoted(text))).toBe(text);
      }),
      RUNS,
    );
  });

  it("is cut after 100 characters", () => {
    expect(quoted("x".repeat(100))).toBe(`"${"x".repeat(100)}"`);
    expect(quoted("x".repeat(101))).toBe(`"${"x".repeat(100)}"… (101 characters)`);
    expect(pathOf("tags", "x".repeat(101))).toBe(`tags.${"x".repeat(100)}…`);
    expect(quoted("")).toBe("an empty string");
  });
});

describe("the error for an invalid value", () => {
  it.each<[unknown, string, string]>([
    ["", "an empty string", "an empty string"],
    ["secret", "a string of 6 characters", '"secret"'],
    [7, "a number", "7"],
    [true, "a boolean", "true"],
    [null, "null", "null"],
    [undefined, "undefined", "undefined"],
    [[], "an empty array", "an empty array"],
    [["secret"], "an array of 1", "an array of 1"],
    [{ secret: 1 }, "an object", "an object"],
    [() => {}, "a function", "a function"],
    [7n, "a bigint", "a bigint"],
  ])("describes %o, and repeats it only if it cannot be a secret", (value, described, shown) => {
    expect(invalid("field", value, "x").message).toBe(`field is invalid: received ${described}. Allowed: x.`);
    const open = invalid("field", value, "x", { sensitive: false });
    expect(open.message).toBe(`field is invalid: received ${shown}. Allowed: x.`);
  });

  it("repeats a string if a string is expected, and otherwise describes only the type", () => {
    expect(invalidText("field", "a b", "x").message).toContain('received "a b"');
    expect(invalidText("field", 12_345, "x").message).toContain("received a number");
  });

  it("describes a revoked Proxy without reading it", () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    expect(invalid("field", proxy, "x").message).toContain("received an object");
  });

  it("names the role that it is about, if there is one", () => {
    const error = conflict("field", "contradicts another", "Leave it out.", "arn:aws:iam::123456789012:role/A");
    expect(error).toMatchObject({
      code: "INVALID_REQUEST",
      step: "request",
      field: "field",
      hint: "Leave it out.",
      roleArn: "arn:aws:iam::123456789012:role/A",
      retryable: false,
    });
  });
});

describe("a string setting", () => {
  const rule = { pattern: /^[a-z]+$/, min: 2, max: 4, allowed: "2 to 4 letters" };

  it.each([undefined, null])("is not set if it is %s", (value) => {
    expect(readText("field", value, rule)).toBeUndefined();
  });

  it.each(["ab", "abcd"])("can be %s", (value) => {
    expect(readText("field", value, rule)).toBe(value);
  });

  it.each(["", "a", "abcde", "AB", 12, ["ab"]])("cannot be %j", (value) => {
    expectInvalid(() => readText("field", value, rule), "field", /^field is invalid: .*Allowed: 2 to 4 letters\.$/);
  });

  it("is not shown if it is sensitive", () => {
    const act = (sensitive: boolean) => refusalOf(() => readText("field", "SECRET", { ...rule, sensitive })).message;
    expect(act(true)).not.toContain("SECRET");
    expect(act(false)).toContain("SECRET");
  });
});

describe("a whole number", () => {
  const read = (value: unknown) => readInteger("field", value, 900, 43_200, "seconds");

  it("can be a number or digits, from the minimum to the maximum", () => {
    fc.assert(
      fc.property(fc.integer({ min: 800, max: 44_000 }), (number) => {
        for (const value of [number, `${number}`]) {
          if (number >= 900 && number <= 43_200) expect(read(value)).toBe(number);
          else expect(() => read(value)).toThrow("from 900 to 43200");
        }
      }),
      RUNS,
    );
  });

  it.each([900.5, Number.NaN, "9e2", " 900", "+900", "0x384", "", "1".repeat(16), true, [900]])(
    "cannot be %j",
    (value) => {
      expectInvalid(() => read(value), "field", /Allowed: a whole number of seconds from 900 to 43200/);
    },
  );
});

it("a flag that is false has the effect of one that is not set, and must be a boolean", () => {
  expect([true, false, undefined, null].map((value) => readFlag("field", value))).toEqual([
    true,
    undefined,
    undefined,
    undefined,
  ]);
  expectInvalid(() => readFlag("field", "true"), "field", /received a string of 4 characters\. Allowed: true or false/);
});

it("a limit cannot be null, which would lift it", () => {
  expect(readLimit("field", undefined)).toBeUndefined();
  expect(readLimit("field", [])).toEqual([]);
  expectInvalid(
    () => readLimit("field", null),
    "field",
    "field is null, which would lift the limit. To set no limit, leave it out.",
  );
});

describe("a URL", () => {
  it.each(["https://sts.eu-west-1.amazonaws.com", "http://127.0.0.1:80/x"])("can be %s", (value) => {
    expect(parseHttpUrl(value, /\s/)?.href).toBe(new URL(value).href);
  });

  it.each(["ftp://host", "file:///etc/passwd", "host", "", "https://a b", 7, undefined, new URL("https://host")])(
    "cannot be %s",
    (value) => {
      expect(parseHttpUrl(value, /\s/)).toBeUndefined();
    },
  );
});

describe("a list", () => {
  it("has at most 10,000 items", () => {
    const list = Array.from({ length: 10_000 }, (_, index) => index);
    expect(readList("field", list, "numbers")).toEqual(list);
    expectInvalid(() => readList("field", [...list, 0], "numbers"), "field", /a list of at most 10000 numbers/);
  });

  it.each(["ab", { length: 1, 0: "a" }, new Set(["a"]), 7])("cannot be %o", (value) => {
    expectInvalid(() => readList("field", value, "words"), "field", /Allowed: a list of words\.$/);
  });

  it("has undefined in an empty slot, and a copy of each item", () => {
    const sparse: unknown[] = ["a"];
    sparse[2] = "c";
    const items = itemsOf("field", sparse, 3);
    sparse[0] = "changed";
    expect(items).toEqual(["a", undefined, "c"]);
  });
});

describe("an object of settings", () => {
  it.each<[string, unknown]>([
    ["an array", []],
    ["a map", new Map()],
    ["a date", new Date(0)],
    ["a promise", Promise.resolve()],
    ["an error", new Error("x")],
    ["a function", () => {}],
    ["null", null],
    ["something that can be iterated", { *[Symbol.iterator]() {} }],
  ])("cannot be %s", (_, value) => {
    expect(isRecord(value)).toBe(false);
    expectInvalid(() => readRecord("field", value, "an object"), "field", /Allowed: an object\.$/);
  });

  it("can be an instance of a class, or have no prototype", () => {
    class Settings {
      get region() {
        return "eu-west-1";
      }
    }
    for (const value of [new Settings(), Object.assign(Object.create(null), { region: "eu-west-1" })]) {
      expect(isRecord(value)).toBe(true);
      expect(readSettings("field", value, ["region"])).toEqual({ region: "eu-west-1" });
    }
  });

  it("is empty if it is not set, and the result inherits nothing", () => {
    const settings = readSettings("field", undefined, ["region"]);
    expect(settings).toEqual({});
    expect(Object.getPrototypeOf(Object.getPrototypeOf(settings))).toBeNull();
    for (const name of ["toString", "constructor", "hasOwnProperty"]) expect(name in settings).toBe(false);
    expect("constructor" in emptyRecord()).toBe(false);
  });

  it("names the setting that an unknown key looks like, or all of them", () => {
    expectInvalid(
      () => readSettings("sts", { Region: "eu-west-1" }, ["region", "endpoint"]),
      "sts.Region",
      "sts.Region is not a setting, but looks like region. Write it as region.",
    );
    expectInvalid(
      () => readSettings("sts", { color: "blue" }, ["region", "endpoint"]),
      "sts.color",
      "sts.color is not a setting. Known settings: region, endpoint.",
    );
  });

  it("may have a key that misspells no setting, if nothing else is asked of it", () => {
    const findMeant = (name: string) => (name === "Region" ? "region" : undefined);
    expect(() => assertNoMisspelling("args", { color: "blue" }, findMeant)).not.toThrow();
    expect(() => assertNoMisspelling("args", { Region: "x" }, findMeant)).toThrow("looks like region");
  });

  it("has the names of its class, but no name that every object inherits", () => {
    class Settings {
      own = 1;
    }
    const settings = Object.assign(Object.create({ inherited: 2 }), new Settings());
    expect([...namesIn("field", settings)].sort()).toEqual(["inherited", "own"]);
    expect(readSetting("field", settings, "inherited")).toBe(2);
    expect(readSetting("field", settings, "toString")).toBeUndefined();
  });

  it("keeps only the keys that have a value", () => {
    expect(Object.keys(withoutUndefined({ a: 1, b: undefined, c: null }))).toEqual(["a", "c"]);
  });
});

it("an object has methods only if all of them are functions", () => {
  const store = { get() {}, set() {}, delete: "text" };
  expect(hasMethods("store", store, "get", "set")).toBe(true);
  expect(hasMethods("store", store, "get", "delete")).toBe(false);
  expect(hasMethods("store", store, "toString")).toBe(false);
  expect(
    hasMethods(
      "store",
      Object.assign(() => {}, store),
      "get",
    ),
  ).toBe(true);
  for (const value of [null, undefined, "text"]) expect(hasMethods("store", value, "length")).toBe(false);
});

it("an environment variable is read by its own name, and never from what objects inherit", () => {
  expect(variableIn({ AWS_REGION: "eu-west-1" }, "AWS_REGION")).toBe("eu-west-1");
  expect(variableIn({}, "toString")).toBeUndefined();
  expect(variableIn({ toString: "own" } as never, "toString")).toBe("own");
  const throwing = new Proxy({}, { get: () => expect.fail("a secret") });
  expectInvalid(() => variableIn(throwing, "AWS_REGION"), "AWS_REGION", /^AWS_REGION cannot be read/);
});
