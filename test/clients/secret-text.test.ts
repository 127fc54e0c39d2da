import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REDACTED, toSecrets, withoutSecrets } from "../../src/clients/secret-text.js";
import { ENCODINGS } from "./encodings.js";

const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/** Secrets as AWS makes them: base64, of 40 characters and more. */
const secret = fc
  .uint8Array({ minLength: 30, maxLength: 90 })
  .map((bytes) => Buffer.from(bytes).toString("base64"))
  .filter((text) => text.length >= 40);

describe.each(Object.entries(ENCODINGS))("a secret as %s", (_, encode) => {
  it("is redacted, and the text around it stays", () => {
    fc.assert(
      fc.property(secret, (text) => {
        const shown = withoutSecrets(`before: ${encode(text)} :after`, toSecrets([SECRET, text]));
        expect(shown).toMatch(/^before: .*\[redacted\].* :after$/s);
        const encoded = encode(text);
        const core = encoded.slice(encoded.length / 2, encoded.length / 2 + 16);
        expect(shown).not.toContain(core);
      }),
      { numRuns: 20 },
    );
  });
});

describe("a message without secrets", () => {
  it("stays as it is", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        expect(withoutSecrets(text, toSecrets([SECRET]))).toBe(text);
      }),
      { numRuns: 100 },
    );
  });

  it("stays as it is if it is encoded, too", () => {
    const text = "a%20b &amp; \\u0041 \\n 48 65 6c";
    expect(withoutSecrets(text, toSecrets([SECRET]))).toBe(text);
    expect(withoutSecrets(SECRET, [])).toBe(SECRET);
  });
});

describe("the occurrences of secrets in one text", () => {
  it("are all redacted", () => {
    const text = `${SECRET}, ${encodeURIComponent(SECRET)} and ${SECRET}`;
    expect(withoutSecrets(text, toSecrets([SECRET]))).toBe(`${REDACTED}, ${REDACTED} and ${REDACTED}`);
  });

  it("are redacted once if they overlap", () => {
    const longer = `${SECRET}-and-more`;
    expect(withoutSecrets(`<${longer}>`, toSecrets([SECRET, longer]))).toBe(`<${REDACTED}>`);
  });

  it("are redacted under three layers of encoding", () => {
    const nested = [1, 2, 3].reduce((text) => encodeURIComponent(text), SECRET);
    expect(withoutSecrets(`x ${nested} y`, toSecrets([SECRET]))).toBe(`x ${REDACTED} y`);
  });
});

describe("the limits", () => {
  it("leave out secrets of fewer than 16 characters, which match by chance", () => {
    expect(toSecrets([undefined, "", "x".repeat(15)])).toEqual([]);
    expect(toSecrets(["x".repeat(16), "x".repeat(16)])).toHaveLength(1);
  });

  it("redact a message of more than 64 Ki characters as a whole", () => {
    const longest = "x".repeat(64 * 1024);
    expect(withoutSecrets(longest, toSecrets([SECRET]))).toBe(longest);
    expect(withoutSecrets(`${longest}x`, toSecrets([SECRET]))).toBe(`${REDACTED} (65537 characters)`);
  });
});
