import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { EXIT_CODES } from "../../src/cli/doctor/finding.js";
import { runRolecall } from "../cli/run-rolecall.js";

const page = await readFile(new URL("../../docs/command-line.md", import.meta.url), "utf8");
const { output: usage } = await runRolecall(["--help"]);
const NAMES = [...usage.matchAll(/^ {2}([a-z-]+) {2,}\S/gm)].map(([, name]) => name ?? "");

const blocksOf = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, text]) => text ?? "");

describe("docs/command-line.md", () => {
  it.each(NAMES)("shows the output of rolecall %s --help under its own heading", async (name) => {
    const { output } = await runRolecall([name, "--help"]);
    expect(blocksOf("text")).toContain(output);
    expect(page).toContain(`\n## rolecall ${name}\n`);
  });

  it("shows the output of rolecall explain for the file on the page", async () => {
    const folder = await mkdtemp(join(tmpdir(), "rolecall-docs-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const config = join(folder, "instance.json");
    await writeFile(config, blocksOf("jsonc")[0] ?? "");
    const command = blocksOf("sh").find((text) => text.startsWith("npx aws-rolecall explain")) ?? "";
    const args = command.trim().replace("instance.json", config).split(" ").slice(2);
    expect(blocksOf("text")).toContain((await runRolecall(args)).output);
  });

  it("names every step of the doctor", () => {
    const steps = [...page.matchAll(/^\| `([a-z0-9-]+)` \| .* \| (\d?) ?\|$/gm)].map(([, step]) => step);
    expect(steps).toEqual(Object.keys(EXIT_CODES));
  });
});
