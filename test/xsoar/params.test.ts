import { describe, expect, it } from "vitest";
import { Parameters } from "../../src/xsoar/params.js";
import { expectInvalid } from "../request/support.js";

const parameters = (values: object) => new Parameters("params", values);

describe("a parameter", () => {
  it.each(["", null, undefined])("is not set if it is %j", (value) => {
    expect(parameters({ roleArn: value }).get("roleArn")).toEqual({ field: "params.roleArn", value: undefined });
  });

  it.each([0, false, " ", {}])("is set if it is %j", (value) => {
    expect(parameters({ roleArn: value }).get("roleArn").value).toBe(value);
  });

  it("is never one that every object inherits", () => {
    expect(parameters({}).get("toString").value).toBeUndefined();
  });
});

describe("a parameter with several names", () => {
  const names = ["region", "defaultRegion", "default_region"] as const;
  const oneOf = (values: object) => parameters(values).oneOf(names);

  it("has the value of the name that is set", () => {
    const found = { field: "params.default_region", value: "eu-west-1" };
    expect(oneOf({ region: "", defaultRegion: null, default_region: "eu-west-1" })).toEqual(found);
  });

  it("is reported under its first name if none is set", () => {
    expect(oneOf({})).toEqual({ field: "params.region", value: undefined });
  });

  it("may be set twice to the same text or number", () => {
    expect(oneOf({ region: "3600", defaultRegion: 3600 })).toEqual({ field: "params.region", value: "3600" });
  });

  it.each<[unknown, unknown]>([
    ["eu-west-1", "eu-west-2"],
    ["true", true],
    [{ a: 1 }, { a: 1 }],
  ])("cannot be set to %j and %j", (region, defaultRegion) => {
    expectInvalid(
      () => oneOf({ region, defaultRegion }),
      "params.defaultRegion",
      "params.defaultRegion has a different value than params.region. Set only one of them.",
    );
  });
});

describe("a checkbox", () => {
  const checked = (proxy: unknown) => parameters({ proxy }).checkbox("proxy");

  it.each([true, "true", "True", "yes", "YES"])("is checked by %j", (value) => {
    expect(checked(value)).toBe(true);
  });

  it.each([false, "false", "False", "no", "", null, undefined])("is not checked by %j", (value) => {
    expect(checked(value)).toBe(false);
  });

  it.each([1, 0, "on", "1", {}, []])("cannot be %j", (value) => {
    expectInvalid(() => checked(value), "params.proxy", /Allowed: true or false, as a boolean or a string\.$/);
  });
});

describe("a misspelled parameter", () => {
  it("is rejected if it is set, and ignored if it is empty", () => {
    const check = (values: object) => () => parameters(values).assertNoMisspelling(["roleArn", "region"]);
    expectInvalid(check({ rolearn: "x" }), "params.rolearn", /looks like roleArn\. Write it as roleArn\.$/);
    expect(check({ rolearn: "", unrelated: "x", roleArn: "y" })).not.toThrow();
  });
});

it.each([undefined, null, "text", []])("parameters cannot be %j as a whole", (values) => {
  expectInvalid(() => parameters(values as never), "params", /Allowed: an object of the platform's parameters\.$/);
});
