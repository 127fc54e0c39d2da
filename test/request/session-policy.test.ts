import { describe, expect, it } from "vitest";
import { assumptionOf, expectInvalid, roleRequestOf } from "./support.js";

const NULL_HINT = "To set no limit, leave it out.";
const RULE = "Allowed: a JSON object, or its text, of at most 2048 characters.";
const owners = [
  ["instance", (settings: object) => ({ instance: settings })],
  ["options.session", (settings: object) => ({ session: settings })],
] as const;

/** A policy whose canonical JSON has this many characters. */
function policyOf(characters: number): { Statement: string } {
  const frame = JSON.stringify({ Statement: "" }).length;
  return { Statement: "x".repeat(characters - frame) };
}

describe.each(owners)("policy in %s", (owner, input) => {
  const field = `${owner}.policy`;
  const policyFrom = (policy: unknown) => assumptionOf(input({ policy })).policy;
  const refuse = (policy: unknown, message: string) =>
    expectInvalid(() => roleRequestOf(input({ policy })), field, message);

  it("is sent with sorted keys and without white space, whether it is an object or JSON", () => {
    const policy = {
      Version: "2012-10-17",
      Statement: [{ Resource: ["b", "a"], Effect: "Allow", Action: "s3:*", Condition: { Bool: { y: true, x: null } } }],
    };
    const sent =
      '{"Statement":[{"Action":"s3:*","Condition":{"Bool":{"x":null,"y":true}},"Effect":"Allow","Resource":["b","a"]}],"Version":"2012-10-17"}';
    expect(policyFrom(policy)).toBe(sent);
    expect(policyFrom(` ${JSON.stringify(policy, null, 4)}\n`)).toBe(sent);
    expect(policyFrom(Object.assign(Object.create(null), policy))).toBe(sent);
  });

  it.each([
    ["a key", { Statement: [], Id: undefined }, "Id"],
    ["a condition", { Statement: [{ Effect: "Allow", Condition: undefined }] }, "Statement[0].Condition"],
    ["an array's item", { Statement: [{ Action: ["s3:Get*", undefined] }] }, "Statement[0].Action[1]"],
    ["an empty slot", { Statement: [{ Action: new Array(1) }] }, "Statement[0].Action[0]"],
  ])("names %s that is undefined and would be dropped", (_, policy, path) => {
    expectInvalid(
      () => roleRequestOf(input({ policy })),
      `${field}.${path}`,
      `${field}.${path} is undefined. Set a value, or leave the key out: JSON drops undefined values, which could lift a restriction.`,
    );
  });

  it("is not set if it is undefined, and is rejected if it is null, which would remove the limit", () => {
    expect(policyFrom(undefined)).toBeUndefined();
    refuse(null, `${field} is null, which would lift the limit. ${NULL_HINT}`);
  });

  it("can have 2048 characters, as an object and as JSON with white space", () => {
    expect(policyFrom(policyOf(2048))).toHaveLength(2048);
    expect(policyFrom(JSON.stringify(policyOf(2048), null, 100))).toHaveLength(2048);
  });

  it("cannot have 2049 characters, as an object or as JSON", () => {
    const message = `${field} has 2049 characters. ${RULE.slice(0, -1)}. Move statements to a managed policy, and add it to policyArns.`;
    refuse(policyOf(2049), message);
    refuse(JSON.stringify(policyOf(2049)), message);
  });

  it("is rejected without parsing if its JSON has more than 16384 characters", () => {
    const policy = '{"Statement":[]}';
    expect(policyFrom(policy.padEnd(16_384))).toBe(policy);
    refuse(
      policy.padEnd(16_385),
      `${field} has 16385 characters. ${RULE} Move statements to a managed policy, and add it to policyArns.`,
    );
  });

  it.each<[string, unknown, string]>([
    ["an empty string", "", "an empty string"],
    ["a blank string", "  ", "a string of 2 characters"],
    ["invalid JSON", "{Statement:[]}", "a string of 14 characters"],
    ["JSON with a trailing comma", '{"a":1,}', "a string of 8 characters"],
    ["JSON of an array", "[{}]", "a string of 4 characters"],
    ["JSON of null", "null", "a string of 4 characters"],
    ["JSON of a number", "5", "a string of 1 characters"],
    ["JSON of a string", '"{}"', "a string of 4 characters"],
    ["an array", [{}], "an array of 1"],
    ["a number", 5, "a number"],
    ["true", true, "a boolean"],
    ["a function", () => ({}), "a function"],
    ["a symbol", Symbol("policy"), "a symbol"],
  ])("is rejected if it is %s", (_, policy, received) => {
    refuse(policy, `${field} is invalid: received ${received}. ${RULE}`);
  });

  it.each([
    '{"Statement":[],"Statement":[]}',
    '{"Statement":[{"Condition":{"a":1},"Effect":"Deny","Condition":{}}]}',
    '{"a":{"b":{"x":1,"y":2}},"a":{"b":{"x":1}},"c":1}',
    '{"a":1,"\\u0061":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"a\\\\":1,"a\\\\":2}',
  ])("as the JSON %s is rejected because it repeats a key", (policy) => {
    refuse(policy, `${field} has the same key twice in one object. Write each key once: JSON keeps only the last.`);
  });

  it.each([
    '{"Statement":{"a":{"x":1},"b":{"x":2}}}',
    '{"Statement":"\\"a\\":1"}',
    '{"Statement":1,"a\\"":1,"a":": ","b":"{\\"a\\":"}',
    '{"Statement":[],"a:b":["c","d"],"e" : "f"}',
    '{"Statement":[],"__proto__":{"x":1}}',
  ])("as the JSON %s is accepted because it has each key once", (policy) => {
    expect(JSON.parse(policyFrom(policy)!)).toEqual(JSON.parse(policy));
  });

  it.each<[string, unknown, string]>([
    ["NaN", { a: Number.NaN }, "a number that JSON cannot represent exactly: write it as a string"],
    ["infinity", { a: Number.NEGATIVE_INFINITY }, "a number that JSON cannot represent exactly: write it as a string"],
    ["2 ** 53", { a: [2 ** 53] }, "a number that JSON cannot represent exactly: write it as a string"],
    ["a bigint", { a: 1n }, "a bigint"],
    ["a symbol", { a: Symbol("x") }, "a symbol"],
    ["a function", { a: () => 1 }, "a function"],
    ["its own toJSON", { toJSON: () => ({}) }, "a function"],
    ["a date", { a: new Date(0) }, "an object that is not plain JSON"],
    ["a map", { a: new Map([["x", 1]]) }, "an object that is not plain JSON"],
    ["a set", { a: new Set([1]) }, "an object that is not plain JSON"],
    ["a boxed string", { a: new String("x") }, "an object that is not plain JSON"],
    ["a typed array", { a: new Uint8Array(1) }, "an object that is not plain JSON"],
    ["an instance of a class", { a: new (class Statement {})() }, "an object that is not plain JSON"],
    ["inherited keys", { a: Object.create({ Effect: "Deny" }) }, "an object that is not plain JSON"],
    [
      "keys inherited from an object without a prototype",
      { a: Object.create(Object.assign(Object.create(null), { Effect: "Deny" })) },
      "an object that is not plain JSON",
    ],
    ["keys on an array", { a: Object.assign(["x"], { Effect: "Deny" }) }, "an array with named properties"],
    ["a symbol as a key", { a: { [Symbol("Effect")]: "Deny" } }, "an object that is not plain JSON"],
    ["a hidden key", { a: Object.defineProperty({}, "Effect", { value: "Deny" }) }, "an object that is not plain JSON"],
  ])("with %s is rejected, because the value would be lost", (_, policy, what) => {
    refuse(policy, `${field} contains ${what}. ${RULE}`);
  });

  it.each(["9007199254740992", "1e400", "-12345678901234567890"])(
    "with the number %s in its JSON is rejected",
    (number) => {
      refuse(
        `{"a":${number}}`,
        `${field} contains a number that JSON cannot represent exactly: write it as a string. ${RULE}`,
      );
    },
  );

  it.each([0, -1, 0.5, 2 ** 53 - 1])("can have the number %d", (number) => {
    expect(policyFrom({ Statement: number })).toBe(`{"Statement":${number}}`);
  });

  it("is rejected if it contains itself", () => {
    const circle: Record<string, unknown> = {};
    circle["a"] = circle;
    const ring: unknown[] = [];
    ring.push(ring);
    for (const policy of [circle, { ring }])
      refuse(policy, `${field} contains too many values or levels, or a circular reference. ${RULE}`);
  });

  it("is rejected if it is deeply nested, without a stack overflow", () => {
    const message = `${field} contains too many values or levels, or a circular reference. ${RULE}`;
    refuse(`{"a":${"[".repeat(8000)}${"]".repeat(8000)}}`, message);
    refuse({ a: JSON.parse(`${"[".repeat(4200)}${"]".repeat(4200)}`) }, message);
  });

  it("is accepted from another realm", async () => {
    const { runInNewContext } = await import("node:vm");
    expect(policyFrom(runInNewContext('({ Statement: [{ x: 1 }], Id: "t" })'))).toBe(
      '{"Id":"t","Statement":[{"x":1}]}',
    );
  });

  it("is read once, so that the checked value is the sent value", () => {
    let reads = 0;
    const policy = {
      get Statement() {
        return reads++ === 0 ? "Deny" : { toString: () => "Allow" };
      },
    };
    expect(policyFrom(policy)).toBe('{"Statement":"Deny"}');
  });

  it.each([{}, "{}", { statement: [] }])("without a Statement is rejected before STS is called: %j", (policy) => {
    refuse(
      policy,
      `${field} has no Statement. Use the format of IAM policies: { "Version": ..., "Statement": [...] }.`,
    );
  });
});

describe.each(owners)("policyArns in %s", (owner, input) => {
  const field = `${owner}.policyArns`;
  const arns = (count: number) => Array.from({ length: count }, (_, index) => `arn:aws:iam::aws:policy/P${index}`);
  const refuse = (policyArns: unknown, at: string, message: string) =>
    expectInvalid(() => roleRequestOf(input({ policyArns })), at, message);
  const LIST = "1 to 10 different policy ARNs; for no restriction, leave it out";

  it.each([1, 10])("can be %d", (count) => {
    expect(assumptionOf(input({ policyArns: arns(count) })).policyArns).toHaveLength(count);
  });

  it("are sent in order, without changing the given array", () => {
    const policyArns = Object.freeze(["arn:aws:iam::aws:policy/b", `arn:aws:iam::123456789012:policy/path/a`]);
    expect(assumptionOf(input({ policyArns })).policyArns).toEqual([policyArns[1], policyArns[0]]);
    expect(policyArns[0]).toBe("arn:aws:iam::aws:policy/b");
  });

  it.each([
    [0, "an empty array"],
    [11, "an array of 11"],
  ])("cannot be %d", (count, shown) => {
    refuse(arns(count), field, `${field} is invalid: received ${shown}. Allowed: ${LIST}.`);
  });

  it("cannot repeat an ARN", () => {
    refuse([...arns(2), ...arns(1)], field, `${field} is invalid: received an array of 3. Allowed: ${LIST}.`);
  });

  it("can have 2048 characters each, but not 2049", () => {
    const arn = (length: number) => "arn:aws:iam::aws:policy/".padEnd(length, "p");
    expect(assumptionOf(input({ policyArns: [arn(2048)] })).policyArns).toEqual([arn(2048)]);
    refuse(
      [arn(2049)],
      `${field}[0]`,
      `${field}[0] is invalid: received "${arn(100)}"… (2049 characters). Allowed: a policy ARN such as arn:aws:iam::aws:policy/ReadOnlyAccess.`,
    );
  });

  it.each<[string, unknown, string]>([
    ["a role", "arn:aws:iam::123456789012:role/x", '"arn:aws:iam::123456789012:role/x"'],
    ["a policy's name", "ReadOnlyAccess", '"ReadOnlyAccess"'],
    ["an empty string", "", "an empty string"],
    ["an ARN without a name", "arn:aws:iam::aws:policy/", '"arn:aws:iam::aws:policy/"'],
    ["an account of 11 digits", "arn:aws:iam::12345678901:policy/x", '"arn:aws:iam::12345678901:policy/x"'],
    ["a trailing line feed", "arn:aws:iam::aws:policy/x\n", '"arn:aws:iam::aws:policy/x\\n"'],
    ["the SDK's object form", { arn: "arn:aws:iam::aws:policy/x" }, "an object"],
    ["undefined", undefined, "undefined"],
    ["null", null, "null"],
    ["a number", 1, "a number"],
  ])("with %s are rejected with the entry's index", (_, arn, received) => {
    refuse(
      [arns(1)[0], arn],
      `${field}[1]`,
      `${field}[1] is invalid: received ${received}. Allowed: a policy ARN such as arn:aws:iam::aws:policy/ReadOnlyAccess.`,
    );
  });

  it("with an empty slot are rejected", () => {
    refuse(
      // biome-ignore lint/suspicious/noSparseArray: the hole is the point
      [, arns(1)[0]],
      `${field}[0]`,
      `${field}[0] is invalid: received undefined. Allowed: a policy ARN such as arn:aws:iam::aws:policy/ReadOnlyAccess.`,
    );
  });

  it.each<[unknown, string]>([
    ["arn:aws:iam::aws:policy/x", "a string of 25 characters"],
    ["", "an empty string"],
    [{}, "an object"],
    [new Set(arns(1)), "an object"],
    [false, "a boolean"],
  ])("must be an array: %s is rejected", (policyArns, received) => {
    refuse(policyArns, field, `${field} is invalid: received ${received}. Allowed: a list of policy ARNs.`);
  });
});

it("a policy with characters that STS does not accept is sent in escaped form, with the same meaning", () => {
  const policy = { Statement: [{ Sid: "größe", Resource: "arn:aws:s3:::日本/😀" }] };
  const sent = assumptionOf({ instance: { policy } }).policy ?? "";
  expect(sent).toMatch(/^[ -\u00ff]+$/);
  expect(JSON.parse(sent)).toEqual(policy);
});
