import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Lines of src by folder, for a git ref or the working tree, with the sums in the last two rows. */
export function linesByFolder(ref: string | undefined): Map<string, number> {
  const byFolder = new Map<string, number>();
  for (const [file, lines] of ref === undefined ? ofWorkingTree() : ofRef(ref)) {
    const [first = "", ...rest] = file.split("/");
    const folder = rest.length > 0 ? `src/${first}` : "src, its own files";
    byFolder.set(folder, (byFolder.get(folder) ?? 0) + lines);
  }
  const sorted = [...byFolder].sort(([a], [b]) => a.localeCompare(b));
  const all = sorted.reduce((sum, [, lines]) => sum + lines, 0);
  const withoutTesting = all - (byFolder.get("src/testing") ?? 0);
  return new Map([...sorted, ["all without testing", withoutTesting], ["all", all]]);
}

function ofWorkingTree(): [file: string, lines: number][] {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  return files.map((file) => [file.replaceAll("\\", "/"), linesOf(readFileSync(`src/${file}`, "utf8"))]);
}

function ofRef(ref: string): [file: string, lines: number][] {
  const git = (...given: string[]) => execFileSync("git", given, { encoding: "utf8", maxBuffer: 1e8 });
  const files = git("ls-tree", "-r", "--name-only", ref, "src")
    .split("\n")
    .filter((file) => file.endsWith(".ts"));
  return files.map((file) => [file.slice("src/".length), linesOf(git("show", `${ref}:${file}`))]);
}

function linesOf(text: string): number {
  return text.split("\n").length - 1;
}
