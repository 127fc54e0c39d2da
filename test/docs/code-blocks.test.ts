import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { INSTANCE_KEYS } from "../../src/request/integration-instance.js";
import { blocksOf, bodyOf, fileNameOf, filesOf, pages, place, project, read } from "./code-blocks.js";

const blocks = pages.flatMap(blocksOf);
const inLanguage = (language: string) => blocks.filter((block) => block.language === language);
/** Code without indentation, so that part of a function is found in the whole function. */
const flat = (code: string) => code.replace(/^[ \t]+/gm, "").trim();
const holds = (files: string[], code: string) => files.some((file) => flat(read(file)).includes(flat(code)));

const allSources = readdirSync(join(project, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => read(`src/${path}`))
  .join("\n");
const examples = filesOf("docs/examples", /\.ts$/);
const settings = filesOf("docs/examples", /\.json$/);
const pythonPrograms = filesOf("docs/examples", /\.py$/);

describe("the code in the docs", () => {
  it("has a language on every block", () => {
    expect(blocks.length).toBeGreaterThan(20);
    expect(blocks.filter(({ language }) => language === "").map(place)).toEqual([]);
  });

  it.each(inLanguage("ts").map((block) => [place(block), bodyOf(block)]))(
    "%s equals part of an example that compiles and runs",
    (_, text) => expect(holds(examples, text)).toBe(true),
  );

  it.each(inLanguage("python").map((block) => [place(block), block.text]))(
    "%s equals an example in Python that the tests with programs run",
    (_, text) => expect(pythonPrograms.map(read)).toContain(text),
  );

  it("shows every example on some page", () => {
    const shown = ["ts", "json", "python"].flatMap(inLanguage).map((block) => flat(bodyOf(block)));
    const files = [...examples, ...settings, ...pythonPrograms];
    const unseen = files.filter((file) => !shown.some((text) => flat(read(file)).includes(text)));
    expect(unseen).toEqual([]);
  });

  const jestTests = inLanguage("js").filter((block) => fileNameOf(block) === undefined);
  it.each(jestTests.map((block) => [place(block), block.text]))(
    "%s equals a Jest test that the package's tests run",
    (_, text) => expect(holds(filesOf("test/package/consumers/jest", /\.js$/), text)).toBe(true),
  );

  const isSettings = ({ text }: { text: string }) => settings.some((file) => read(file) === text);
  const policies = inLanguage("json").filter((block) => !isSettings(block));
  it.each(policies.map((block) => [place(block), block.text]))("%s is a policy, or one of the examples", (_, text) => {
    const { Version, Statement } = JSON.parse(text);
    expect(Version).toBe("2012-10-17");
    expect(Statement).toEqual(expect.arrayContaining([expect.objectContaining({ Effect: "Allow" })]));
  });

  it("names only npm scripts that exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = inLanguage("sh").flatMap(({ text }) => [
      ...[...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name),
      ...[...text.matchAll(/\bnpm (test)\b/g)].map(([, name]) => name),
    ]);
    expect(named).toContain("demo");
    expect(named.filter((name) => !Object.hasOwn(scripts, name ?? ""))).toEqual([]);
  });

  it("names only files and folders of the project that exist", () => {
    const named = ["docs/architecture.md", "CONTRIBUTING.md"].flatMap(
      (page) => read(page).match(/(?<=`)(src|test|docs|\.github|\.ci)\/[\w./-]+(?=`)/g) ?? [],
    );
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((path) => !existsSync(join(project, path)))).toEqual([]);
  });

  it("explains every npm script in CONTRIBUTING.md", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const rows = read("CONTRIBUTING.md").match(/^\| `[^|]+` \|/gm) ?? [];
    const explained = rows.map((row) => row.replace(/npm (run )?|[|`]/g, "").trim());
    expect(explained).toEqual(expect.arrayContaining(Object.keys(scripts)));
  });

  it("shows the README's two commands on the first screen, each on one line", () => {
    const firstScreen = read("README.md").split("\n").slice(0, 40);
    expect(firstScreen).toEqual(expect.arrayContaining(["npm ci && npm run demo", "npm ci && npm test"]));
  });
});

/** The anchor that GitHub creates for a heading. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}

function anchorsOf(page: string): string[] {
  const prose = read(page).replace(/^\s*```[\s\S]*?^\s*```/gm, "");
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));
}

describe("the links in the docs", () => {
  it.each(pages)("%s: every relative link leads to a file, and every anchor leads to a heading", (page) => {
    const prose = read(page).replace(/^\s*```[\s\S]*?^\s*```/gm, "");
    const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
    const broken = targets.filter((target) => {
      if (/^https?:/.test(target)) return false;
      const [file = "", anchor] = target.split("#");
      const path = file === "" ? page : join(dirname(page), file);
      if (!existsSync(join(project, path))) return true;
      return anchor !== undefined && !anchorsOf(path).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

it("README.md links every page in docs", () => {
  const linked = [...read("README.md").matchAll(/\]\(([^)#\s]+)/g)].map(([, target]) => target);
  expect(filesOf("docs", /\.md$/).filter((page) => !linked.includes(page))).toEqual([]);
});

describe("pages that list every item", () => {
  const membersOf = (source: string, start: RegExp, end: string, member: RegExp) => {
    const from = source.search(start);
    expect(from).toBeGreaterThanOrEqual(0);
    const body = source.slice(from, source.indexOf(end, from));
    return [...body.matchAll(member)].map(([, name = ""]) => name);
  };
  const headings = (page: string) => [...read(page).matchAll(/^#+ `([^`]+)`$/gm)].map(([, name = ""]) => name);

  it("docs/errors.md has exactly one entry for each error code", () => {
    const codes = membersOf(allSources, /export type RolecallErrorCode =/, ";", /\| "(\w+)"/g);
    expect(codes.length).toBeGreaterThan(10);
    expect(headings("docs/errors.md").toSorted()).toEqual(codes.toSorted());
  });

  it("docs/events.md has exactly one entry for each event", () => {
    const events = membersOf(allSources, /export interface RolecallEvents /, "\n}", /^ {2}"?([\w-]+)"?: /gm);
    expect(events).toContain("refresh-failed");
    expect(headings("docs/events.md").toSorted()).toEqual(events.map((name) => `aws-rolecall:${name}`).toSorted());
  });

  it("docs/events.md names each counter in stats()", () => {
    const numbers = membersOf(allSources, /export interface ResolverStats /, "\n}", /readonly (\w+): number/g);
    expect(numbers).toContain("hits");
    expect(numbers.filter((name) => !read("docs/events.md").includes(`\`${name}\``))).toEqual([]);
  });

  it("docs/precedence-and-validation.md names each instance setting", () => {
    expect(INSTANCE_KEYS).toContain("allowedRoles");
    const page = read("docs/precedence-and-validation.md");
    expect(INSTANCE_KEYS.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it("every reference from the code leads to an existing page", () => {
    const named = [...allSources.matchAll(/`(docs\/[\w-]+\.md)`/g)];
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter(([, page = ""]) => !existsSync(join(project, page))).map(([, page]) => page)).toEqual([]);
  });
});
