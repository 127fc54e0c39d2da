/**
 * `npm run trace` counts how a command passes through the library. `npm run trace -- <git ref>` counts the library at
 * that ref; `--calls <journey>` prints one journey call by call; `--lines [git ref]` counts the lines of src.
 */
import { parseArgs } from "node:util";
import { buildJourneys } from "./build.js";
import { count, ENTRY, PASSAGE, type Run } from "./call-trace.js";
import type { Journey } from "./journeys.js";
import { linesByFolder } from "./lines.js";
import { type Cell, table } from "./table.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { lines: { type: "boolean" }, calls: { type: "string" } },
});
const [ref] = positionals;

if (values.lines) printLines();
else {
  const journeys = await (await buildJourneys(ref)).traceJourneys();
  if (values.calls === undefined) printCounts(journeys);
  else printCalls(values.calls, journeys);
}

function printCounts(journeys: readonly Journey[]): void {
  const counts = journeys.map(({ root }) => count(root));
  const rows = counts.map(({ files, functions, calls }, index): Cell[] => {
    const most = (what: "entries" | "passages"): Cell[] => {
      const [file, times] = [...files].sort((a, b) => b[1][what] - a[1][what])[0] ?? ["", { entries: 0, passages: 0 }];
      return [times[what], file.replace(/^src\//, "")];
    };
    const name = journeys[index]?.name ?? "";
    return [name, files.size, functions, calls, ...most("entries"), ...most("passages")];
  });
  console.log(`The library at ${ref ?? "the working tree"}, without src/testing and node_modules.\n`);
  console.log(table(["journey", "files", "functions", "calls", "entries", "into", "passages", "through"], rows));

  const files = [...new Set(counts.flatMap((each) => [...each.files.keys()]))];
  const byFile = files.map((file): Cell[] => [
    file,
    ...counts.map((each) => {
      const { entries, passages } = each.files.get(file) ?? { entries: 0, passages: 0 };
      return entries === 0 ? "" : `${entries} (${passages})`;
    }),
  ]);
  console.log(`\nEntries, and passages in brackets. ${ENTRY} ${PASSAGE}\n`);
  console.log(table(["file", ...journeys.map(({ name }) => name)], byFile));
}

function printCalls(name: string, journeys: readonly Journey[]): void {
  const journey = journeys.find((each) => each.name.startsWith(name));
  if (!journey) throw new Error(`No journey ${name}. There are: ${journeys.map((each) => each.name).join(", ")}`);
  const print = (run: Run, depth: number): void => {
    for (const each of run.calls) {
      const [, called, line] = /^(.*):(\d+):\d+$/.exec(each.name) ?? [];
      console.log(`${"  ".repeat(depth)}${called}  ${each.file}:${line}`);
      print(each, depth + 1);
    }
  };
  print(journey.root, 0);
}

function printLines(): void {
  const now = linesByFolder(undefined);
  if (ref === undefined) {
    console.log(table(["folder", "lines"], [...now]));
    return;
  }
  const before = linesByFolder(ref);
  const folders = [...new Set([...before.keys(), ...now.keys()])];
  const rows = folders.map((folder): Cell[] => {
    const [was, is] = [before.get(folder) ?? 0, now.get(folder) ?? 0];
    return [folder, was, is, is - was];
  });
  console.log(table(["folder", ref, "working tree", "difference"], rows));
}
