import { StoreError } from "./credential-store.js";

/** Node's threads for files, which DNS needs, too. */
const THREADS = Number(process.env.UV_THREADPOOL_SIZE) || 4;
/** Operations of all stores of this process that are under way at once. A file system may hang with each of them. */
const MOST_AT_ONCE = Math.max(1, Math.min(2, Math.floor(THREADS / 2)));
/** Milliseconds after which an operation counts as hanging. */
const HANGS_AFTER = 1000;

interface Turn {
  readonly take: () => void;
  readonly refuse: (error: StoreError) => void;
}

let running = 0;
let hanging = 0;
let queue: Turn[] = [];

/**
 * Runs a file operation in its turn. While one hangs, all others are refused.
 * @throws StoreError if the file system does not answer
 */
export async function throughFileGate<T>(operation: () => Promise<T>): Promise<T> {
  if (hanging > 0) throw doesNotAnswer();
  if (running >= MOST_AT_ONCE) await new Promise<void>((take, refuse) => queue.push({ take, refuse }));
  else running++;
  const stopWatching = watch();
  try {
    return await operation();
  } finally {
    stopWatching();
    // The place goes to the next in line.
    const next = queue.shift();
    if (next) next.take();
    else running--;
  }
}

function watch(): () => void {
  let state: "running" | "hanging" | "over" = "running";
  const notice = () => {
    if (state !== "running") return;
    state = "hanging";
    hanging++;
    const refused = queue;
    queue = [];
    for (const { refuse } of refused) refuse(doesNotAnswer());
  };
  // Where the process itself stood still, the answer has come by then.
  const timer = setTimeout(() => setImmediate(notice), HANGS_AFTER).unref();
  return () => {
    clearTimeout(timer);
    if (state === "hanging") hanging--;
    state = "over";
  };
}

function doesNotAnswer(): StoreError {
  return new StoreError("The file system does not answer. Check where the store's directory is mounted from.");
}
