import { describe, expect, it } from "vitest";
import {
  backoffAfter,
  drawAdvisoryPoint,
  EXPIRY_MARGIN,
  freshnessOf,
  inUseFrom,
  ROLE_RULES,
} from "../../src/session/refresh-policy.js";
import { filesOf, pages, read } from "./code-blocks.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const ALMOST_ONE = 1 - Number.EPSILON;
/** The mean width of a character of DejaVu Sans, a wide font, in ems. */
const WIDE_CHARACTER = 0.53;

const life = read("docs/images/session-life.svg");
const advisedFrom = drawAdvisoryPoint(HOUR, ROLE_RULES, 0);
const advisedUntil = drawAdvisoryPoint(HOUR, ROLE_RULES, ALMOST_ONE);
const expiredFrom = HOUR - EXPIRY_MARGIN;

/** The whole tag that has this id. */
const tagOf = (id: string) => new RegExp(`<\\w+ id="${id}"[^>]*>`).exec(life)?.[0] ?? "";
const textOf = (id: string) => new RegExp(`id="${id}"[^>]*>([^<]*)<`).exec(life)?.[1];
const numberOf = (id: string, attribute: string) => Number(new RegExp(` ${attribute}="([^"]+)"`).exec(tagOf(id))?.[1]);

/** Such as `52 min 30 s`, as the pictures and docs/freshness.md write it. */
function inWords(ms: number): string {
  const seconds = (ms % MINUTE) / SECOND;
  const parts = [ms >= MINUTE && `${Math.floor(ms / MINUTE)} min`, seconds > 0 && `${seconds} s`];
  return parts.filter((part) => part !== false).join(" ");
}

describe("the picture of a session's life", () => {
  it("names the times of the refresh policy", () => {
    const shown = ["advised-from", "advised-until", "expired-from"].map(textOf);
    expect(shown).toEqual([advisedFrom, advisedUntil, expiredFrom].map(inWords));
    expect(textOf("in-use-from")).toBe(
      `A call after ${inWords(inUseFrom(0, advisedFrom))} to ${inWords(inUseFrom(0, advisedUntil))}`,
    );
    expect(textOf("margin")).toContain(`The last ${inWords(EXPIRY_MARGIN)} are not used`);
  });

  it("names the waits of the refresh policy, and the resolver's limits", () => {
    expect(textOf("first-backoff")).toContain(`up to ${inWords(backoffAfter(1, HOUR, 1))} at first`);
    expect(textOf("longest-backoff")).toContain(`up to ${backoffAfter(100, HOUR, 1) / SECOND} s later`);
    const options = read("docs/getting-started.md");
    const limit = (name: string) =>
      Number(new RegExp(`\\| \`${name}\` \\| ([\\d,]+)`).exec(options)?.[1]?.replace(",", ""));
    expect(textOf("attempts")).toContain(`up to ${limit("assumeRole.attempts")} attempts`);
    const [each, all] = [limit("assumeRole.attemptTimeout"), limit("assumeRole.timeout")].map(inWords);
    expect(textOf("attempt-timeout")).toBe(`of ${each} each, and ${all} at most,`);
  });

  it("draws each state to scale", () => {
    const at = (ms: number) => 40 + (14 * ms) / MINUTE;
    const span = (id: string) => [numberOf(id, "x"), numberOf(id, "x") + numberOf(id, "width")];
    const rounded = (...values: number[]) => values.map((value) => expect.closeTo(value, 0));
    expect(span("fresh")).toEqual(rounded(at(0), at(advisedFrom)));
    expect(span("advisory-point")).toEqual(rounded(at(advisedFrom), at(advisedUntil)));
    expect(span("advised")).toEqual(rounded(at(advisedUntil), at(expiredFrom)));
    expect(numberOf("expired", "x")).toBeCloseTo(at(expiredFrom), 0);
  });

  it("names the states of the refresh policy, in their order", () => {
    const issued = { wall: 0, monotonic: 0 };
    const session = { ...issued, life: HOUR, advisoryPoint: advisedUntil };
    const states = [0, advisedUntil, expiredFrom].map((ms) => freshnessOf(session, { wall: ms, monotonic: ms }));
    const headings = [...life.matchAll(/class="heading"[^>]*>([^<]+)</g)].map(([, heading = ""]) => heading);
    expect(headings.slice(1).map((heading) => heading.toLowerCase().replace(" ", "-"))).toEqual(states);
  });

  it("has a description with the same times", () => {
    const description = /<desc[^>]*>([^<]*)</.exec(life)?.[1];
    for (const time of [advisedFrom, advisedUntil, expiredFrom]) expect(description).toContain(inWords(time));
  });
});

describe.each(["docs/images/chain.svg", "docs/images/session-life.svg"])("%s", (file) => {
  const picture = read(file);

  it("has a title and a description for screen readers", () => {
    expect(picture).toMatch(/ role="img" aria-labelledby="title desc"/);
    expect(picture).toMatch(/<title id="title">[^<]{10,}<\/title>/);
    expect(picture).toMatch(/<desc id="desc">[^<]{100,}<\/desc>/);
  });

  it("has an opaque background, so that it is readable on light and on dark pages", () => {
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(picture) ?? [];
    expect(picture).toContain(`<rect width="${width}" height="${height}" rx="8" fill="#ffffff"/>`);
  });

  it("has no text that leaves its box, also in a wide font", () => {
    const boxes = [
      ...picture.matchAll(/<rect[^>]*? x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g),
    ].map((box) => box.slice(1).map(Number));
    const [, width = 0] = (/viewBox="0 0 (\d+)/.exec(picture) ?? []).map(Number);
    const texts = [...picture.matchAll(/<text([^>]*) x="([\d.]+)" y="([\d.]+)">([^<]+)</g)];
    const tooLong = texts.filter(([, attributes = "", left, top, text = ""]) => {
      const size = /small/.test(attributes) ? 12 : /heading/.test(attributes) ? 16 : 14;
      const [x, y] = [Number(left), Number(top)];
      const box = boxes.find(([bx = 0, by = 0, w = 0, h = 0]) => x >= bx && x <= bx + w && y >= by && y <= by + h);
      const right = box ? (box[0] ?? 0) + (box[2] ?? 0) : width;
      return x + text.replaceAll(/&#\d+;/g, "’").length * size * WIDE_CHARACTER > right;
    });
    expect(texts.length).toBeGreaterThan(10);
    expect(tooLong.map(([, , , , text]) => text)).toEqual([]);
  });

  it("is shown on a page", () => {
    const target = file.replace("docs/", "");
    expect(pages.some((page) => page.startsWith("docs/") && read(page).includes(`](${target})`))).toBe(true);
  });
});

it("every picture is linked from a page", () => {
  const texts = pages.map(read).join("\n");
  expect(filesOf("docs/images", /\.svg$/).filter((file) => !texts.includes(file.replace("docs/", "")))).toEqual([]);
});
