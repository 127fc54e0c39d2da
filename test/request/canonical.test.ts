import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, sha256 } from "../../src/request/canonical.js";

describe("canonical JSON", () => {
  it("sorts the keys of every object, and omits undefined values", () => {
    expect(canonicalJson({ b: [{ d: 1, c: undefined, a: null }], a: "x" })).toBe('{"a":"x","b":[{"a":null,"d":1}]}');
  });

  it("keeps the order of arrays", () => {
    expect(canonicalJson([2, 1])).not.toBe(canonicalJson([1, 2]));
  });

  it("can be parsed back to the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("is equal for two JSON values exactly if they are equal", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (one, other) => {
        const normal = (value: unknown) => JSON.parse(JSON.stringify(value));
        let equal = true;
        try {
          expect(normal(one)).toStrictEqual(normal(other));
        } catch {
          equal = false;
        }
        expect(canonicalJson(one) === canonicalJson(other)).toBe(equal);
      }),
    );
  });
});

describe("a hash", () => {
  it("is a SHA-256 in base64url with 43 characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(sha256(text)).toBe(createHash("sha256").update(text, "utf8").digest("base64url"));
        expect(sha256(text)).toMatch(/^[\w-]{43}$/);
      }),
    );
  });
});
