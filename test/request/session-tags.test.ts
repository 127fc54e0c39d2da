import { describe, expect, it } from "vitest";
import { assumptionOf, expectInvalid, roleRequestOf } from "./support.js";

const KEY_RULE = "Allowed: tag keys of 1 to 128 letters, digits, spaces and _.:/=+-@.";
const VALUE_RULE = "Allowed: a tag value of 0 to 256 letters, digits, spaces and _.:/=+-@.";
const tags = (count: number, prefix = "k") =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, "v"]));
const owners = [
  ["instance", (given: unknown) => ({ instance: { tags: given } })],
  ["options.session", (given: unknown) => ({ session: { tags: given } })],
] as const;

describe.each(owners)("tags in %s", (owner, input) => {
  const field = `${owner}.tags`;
  const tagsFrom = (given: unknown) => ({ ...assumptionOf(input(given)).tags });
  const refuse = (given: unknown, at: string, message: string) =>
    expectInvalid(() => roleRequestOf(input(given)), at, message);

  it.each([undefined, null, {}])("can be %j", (given) => {
    expect(tagsFrom(given)).toEqual({});
  });

  it.each([
    ["k", ""],
    ["k".repeat(128), "v".repeat(256)],
    ["Ključ 1", "значение"],
    ["_.:/=+-@", "a_.:/=+-@ b"],
    ["鍵", "値\u00a0\u3000"],
    ["𝒌".repeat(128), "𝒗".repeat(256)],
  ])("accept the key %s", (key, value) => {
    expect(tagsFrom({ [key]: value })).toEqual({ [key]: value });
  });

  it("accept a key that every object inherits", () => {
    const given = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}');
    expect(Object.entries(assumptionOf(input(given)).tags)).toEqual(Object.entries(given));
  });

  it.each([undefined, null])(
    "reject a value that is %s, because a session without the tag would be a different session",
    (value) => {
      refuse(
        { c: "v", tenant: value },
        `${field}.tenant`,
        `${field}.tenant is invalid: received ${value}. ${VALUE_RULE}`,
      );
    },
  );

  it.each<[string, string]>([
    ["", "an empty string"],
    ["k".repeat(129), `"${"k".repeat(100)}"… (129 characters)`],
    ["𝒌".repeat(129), `"${"𝒌".repeat(50)}"… (258 characters)`],
    ["a,b", '"a,b"'],
    ["a\tb", '"a\\tb"'],
    ["a*", '"a*"'],
    ["😀", '"😀"'],
    ["\ud835", '"\\ud835"'],
  ])("reject the key %j", (key, received) => {
    refuse({ [key]: "v" }, field, `${field} is invalid: received ${received}. ${KEY_RULE}`);
  });

  it.each<[unknown, string]>([
    ["v".repeat(257), `"${"v".repeat(100)}"… (257 characters)`],
    ["𝒗".repeat(257), `"${"𝒗".repeat(50)}"… (514 characters)`],
    ["a;b", '"a;b"'],
    ["line\n", '"line\\n"'],
    [5, "a number"],
    [true, "a boolean"],
    [["v"], "an array of 1"],
    [{}, "an object"],
    [Symbol("v"), "a symbol"],
  ])("reject a value of %s", (value, received) => {
    refuse({ team: value }, `${field}.team`, `${field}.team is invalid: received ${received}. ${VALUE_RULE}`);
  });

  it("can be 50, but not 51", () => {
    expect(Object.keys(tagsFrom(tags(50)))).toHaveLength(50);
    refuse(
      tags(51),
      field,
      `${field} has more than 50 tags. Remove some: the limit includes the instance's tags and the author's tags.`,
    );
  });

  it("are read only up to the limit, even if there are a hundred thousand", () => {
    const read = new Set<PropertyKey>();
    const many = new Proxy(tags(100_000), {
      get: (record, key) => {
        read.add(key);
        return record[String(key)];
      },
    });
    refuse(
      many,
      field,
      `${field} has more than 50 tags. Remove some: the limit includes the instance's tags and the author's tags.`,
    );
    expect([...read].filter((key) => typeof key === "string").length).toBe(51);
  });

  it("cannot differ only in case", () => {
    refuse(
      { Team: "a", TEAM: "a" },
      `${field}.TEAM`,
      `${field}.TEAM conflicts with the tag "Team", which is already set. Use another key: tag keys are case-insensitive, and an instance's tags cannot be changed.`,
    );
  });

  it.each<[unknown, string]>([
    ["team=a", "a string of 6 characters"],
    ["", "an empty string"],
    [[{ Key: "team", Value: "a" }], "an array of 1"],
    [new Map([["team", "a"]]), "an object"],
    [Promise.resolve({ team: "a" }), "an object"],
    [5, "a number"],
  ])("are rejected as %s", (given, received) => {
    refuse(given, field, `${field} is invalid: received ${received}. Allowed: an object of tag keys to tag values.`);
  });

  it("can be inherited", () => {
    expect(tagsFrom(Object.create({ team: "a" }))).toEqual({ team: "a" });
  });
});

describe("the author's tags", () => {
  it("are added to the instance's tags, and can repeat one", () => {
    expect({
      ...assumptionOf({ instance: { tags: { a: "1", b: "2" } }, session: { tags: { b: "2", c: "3" } } }).tags,
    }).toEqual({ a: "1", b: "2", c: "3" });
  });

  it.each([
    ["b", "3"],
    ["b", ""],
    ["B", "2"],
  ])("cannot change the instance's: %s=%s", (key, value) => {
    expectInvalid(
      () => roleRequestOf({ instance: { tags: { a: "1", b: "2" } }, session: { tags: { [key]: value } } }),
      `options.session.tags.${key}`,
      `options.session.tags.${key} conflicts with the tag "b", which is already set. Use another key: tag keys are case-insensitive, and an instance's tags cannot be changed.`,
    );
  });

  it("can be up to 50 together with the instance's tags", () => {
    const instance = { tags: tags(30) };
    expect(Object.keys(assumptionOf({ instance, session: { tags: tags(20, "a") } }).tags)).toHaveLength(50);
    expect(Object.keys(assumptionOf({ instance, session: { tags: tags(50) } }).tags)).toHaveLength(50);
    expectInvalid(
      () => roleRequestOf({ instance, session: { tags: tags(21, "a") } }),
      "options.session.tags",
      "options.session.tags has more than 50 tags. Remove some: the limit includes the instance's tags and the author's tags.",
    );
  });
});

describe("transitiveTagKeys", () => {
  const instance = { tags: { team: "a", app: "b" } };

  it("select tags of the instance or of the author, each once and in order", () => {
    const request = assumptionOf({
      instance: { ...instance, transitiveTagKeys: ["team", "app", "own", "team"] },
      session: { tags: { own: "c" } },
    });
    expect(request.transitiveTagKeys).toEqual(["app", "own", "team"]);
  });

  it.each([undefined, null, []])("can be %j", (transitiveTagKeys) => {
    expect(assumptionOf({ instance: { ...instance, transitiveTagKeys } }).transitiveTagKeys).toEqual([]);
  });

  it.each(["other", "Team", "", "toString", "__proto__", "a\n\u2028b"])(
    "cannot include %j, which is not a tag",
    (key) => {
      const shown = key === "" ? "an empty string" : JSON.stringify(key).replace("\u2028", "\\u2028");
      expectInvalid(
        () => roleRequestOf({ instance: { ...instance, transitiveTagKeys: ["team", key] } }),
        "instance.transitiveTagKeys[1]",
        `instance.transitiveTagKeys[1] is ${shown}, which is not a tag of the session. Set that tag too, or leave the key out.`,
      );
    },
  );

  it("are truncated to 100 characters in an error", () => {
    expectInvalid(
      () => roleRequestOf({ instance: { ...instance, transitiveTagKeys: ["k".repeat(5000)] } }),
      "instance.transitiveTagKeys[0]",
      `instance.transitiveTagKeys[0] is "${"k".repeat(100)}"… (5000 characters), which is not a tag of the session. Set that tag too, or leave the key out.`,
    );
  });

  it.each<[unknown, string]>([
    [5, "a number"],
    [undefined, "undefined"],
    [{}, "an object"],
  ])("cannot contain %s", (key, received) => {
    expectInvalid(
      () => roleRequestOf({ instance: { ...instance, transitiveTagKeys: [key] } }),
      "instance.transitiveTagKeys[0]",
      `instance.transitiveTagKeys[0] is invalid: received ${received}. Allowed: a tag key.`,
    );
  });

  it.each<[unknown, string]>([
    ["team", "a string of 4 characters"],
    [{ team: true }, "an object"],
    [new Set(["team"]), "an object"],
  ])("must be an array: %s is rejected", (transitiveTagKeys, received) => {
    expectInvalid(
      () => roleRequestOf({ instance: { ...instance, transitiveTagKeys } }),
      "instance.transitiveTagKeys",
      `instance.transitiveTagKeys is invalid: received ${received}. Allowed: a list of tag keys.`,
    );
  });
});
