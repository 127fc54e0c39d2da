import { AsyncLocalStorage } from "node:async_hooks";

/** How often control enters a file, in the words of the printed trace. */
export const ENTRY =
  "An entry into a file is a call of one of its functions by a function of another file, or by code outside src; " +
  "calls in a row from one run of the caller into the same file count once.";

/** The entries that matter to a reader who follows the call. */
export const PASSAGE = "A passage is an entry that leads on to another file; the others only look something up.";

/** One run of a function, with the runs that it caused: calls, and callbacks that it registered. */
export interface Run {
  readonly file: string;
  /** With its line and column, because most arrow functions have no name. */
  readonly name: string;
  readonly calls: Run[];
}

const running = new AsyncLocalStorage<Run>();
let modulesLoading = 0;

/** Records everything that `journey` calls, also in callbacks and timers, until it ends. */
export async function trace(journey: () => Promise<void>): Promise<Run> {
  const root: Run = { file: "", name: "", calls: [] };
  await running.run(root, journey);
  return root;
}

/** Called at the start of every function. Code that runs while a module loads is not part of a journey. */
export function call<T>(file: string, name: string, body: () => T): T {
  const caller = running.getStore();
  if (!caller || modulesLoading > 0) return body();
  const run: Run = { file, name, calls: [] };
  caller.calls.push(run);
  return running.run(run, body);
}

export function beginModule(): void {
  modulesLoading++;
}

export function endModule(): void {
  modulesLoading--;
}

export interface Counts {
  /** By file, in the order of the first entry. */
  readonly files: ReadonlyMap<string, { entries: number; passages: number }>;
  readonly functions: number;
  readonly calls: number;
}

export function count(root: Run): Counts {
  const files = new Map<string, { entries: number; passages: number }>();
  const functions = new Set<string>();
  let calls = 0;
  const visit = (caller: Run): void => {
    let entered: string | undefined;
    let isPassage = false;
    for (const run of caller.calls) {
      calls++;
      functions.add(`${run.file} ${run.name}`);
      const isEntry = run.file !== caller.file && run.file !== entered;
      const counts = files.get(run.file) ?? { entries: 0, passages: 0 };
      files.set(run.file, counts);
      if (isEntry) {
        counts.entries++;
        isPassage = false;
      }
      if (run.file !== caller.file && !isPassage && leavesFile(run, run.file)) {
        counts.passages++;
        isPassage = true;
      }
      entered = run.file;
      visit(run);
    }
  };
  visit(root);
  return { files, functions: functions.size, calls };
}

function leavesFile(run: Run, file: string): boolean {
  return run.calls.some((each) => each.file !== file || leavesFile(each, file));
}
