import { describe, expect, it } from "vitest";
import { foreignLabel, foreignText } from "../src/foreign-text.js";

/** Contains every kind of Base64 character, and characters that percent-encoding changes. */
const SECRET = "IQoJb3JpZ2luX2VjEHc/+aCXVz==(tail)!*'";

const percent = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);
const hex = (text: string) => Buffer.from(text).toString("hex");

describe("a secret in text from outside", () => {
  it.each<[string, string]>([
    ["unchanged", SECRET],
    ["twice", `${SECRET} ${SECRET}`],
    ["in lower case", SECRET.toLowerCase()],
    ["percent-encoded", encodeURIComponent(SECRET)],
    ["percent-encoded as AWS signs", percent(SECRET)],
    ["percent-encoded twice", percent(percent(SECRET))],
    ["with lower-case escapes", percent(SECRET).replace(/%../g, (encoded) => encoded.toLowerCase())],
    ["in JSON with escaped slashes", SECRET.replaceAll("/", "\\/")],
    ["in hexadecimal", hex(SECRET)],
    ["in upper-case hexadecimal", hex(SECRET).toUpperCase()],
    ["as S3 shows bytes", hex(SECRET).replace(/..(?=.)/g, "$& ")],
    ["in Base64", Buffer.from(SECRET).toString("base64")],
    ["in URL-safe Base64", Buffer.from(SECRET).toString("base64url")],
  ])("is redacted: %s", (_, form) => {
    const text = foreignText(`The request was ${form}, and it is refused.`, [SECRET]);
    expect(text).toMatch(/^The request was (\[redacted\]\w?[= ]*)+, and it is refused\.$/);
  });

  it.each([0, 1, 2, 3, 4, 5])("is redacted in Base64 if it begins at byte %i", (offset) => {
    const encoded = Buffer.from(`${"x".repeat(offset)}${SECRET} and more`).toString("base64");
    const text = foreignText(encoded, [SECRET]);
    expect(text).toContain("[redacted]");
    expect(Buffer.from(text, "base64").toString()).not.toContain(SECRET.slice(0, 8));
  });

  it("is redacted before the text is truncated", () => {
    const text = foreignText(`${"x".repeat(990)}${SECRET}`, [SECRET]);
    expect(text).not.toContain(SECRET.slice(0, 5));
  });

  it("with only three characters is not redacted, because it can occur by chance", () => {
    expect(foreignText("User is not authorized", ["not"])).toBe("User is not authorized");
  });
});

it.each<[string, string, string]>([
  ["line feeds", "a\r\nb", "a\\u000d\\u000ab"],
  ["terminal escapes", "a\u001b[2Jb", "a\\u001b[2Jb"],
  ["C1 controls", "a\u009b2Jb", "a\\u009b2Jb"],
  ["bidi overrides", "a\u202eb", "a\\u202eb"],
  ["invisible characters", "a\u200bb\ufeff", "a\\u200bb\\ufeff"],
  ["half a character", "a\ud800", "a\\ud800"],
  ["line separators", "a\u2028b", "a\\u2028b"],
])("escapes %s", (_, text, shown) => {
  expect(foreignText(text)).toBe(shown);
});

it("truncates long text, and adds the original length", () => {
  expect(foreignText("x".repeat(5000))).toBe(`${"x".repeat(1000)}… (5000 characters)`);
});

it.each([undefined, null, 7, {}, ["text"]])("returns no text and no label for %j", (value) => {
  expect([foreignText(value), foreignLabel(value)]).toEqual(["", undefined]);
});

it.each<[string, string | undefined]>([
  ["AccessDenied", "AccessDenied"],
  ["AWS.SimpleQueueService.NonExistentQueue", "AWS.SimpleQueueService.NonExistentQueue"],
  ["5a3c0b2e-1111-4222-8333-944455556666", "5a3c0b2e-1111-4222-8333-944455556666"],
  ["", undefined],
  ["Access Denied", undefined],
  ["Access\nDenied", undefined],
  ["x".repeat(129), undefined],
  ["acme-secret", undefined],
  [`Code.${Buffer.from("acme-secret").toString("hex")}`, undefined],
])("as a code or an id: %j", (text, label) => {
  expect(foreignLabel(text, ["acme-secret"])).toBe(label);
});
