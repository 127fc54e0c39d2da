import { StoreError } from "./credential-store.js";

/** Node's threads for files, which DNS needs, too. */
const THREADS = Number(process.env.UV_THREADPOOL_SIZE) || 4;
/** Operations of all stores of this process that are under way at once. A file system may hang with each of them. */
const MOST_AT_ONCE = Math.max(1, Math.min(2, Math.floor(THREADS / 2)));
/** After so many steps of so many milliseconds an operation counts as hanging: one step for a process that stood still. */
const STEPS = 10;
const STEP = 100;

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
  let isHanging = false;
  let left = STEPS;
  const wait = () =>
    setTimeout(() => {
      if (--left > 0) {
        timer = wait();
        return;
      }
      isHanging = true;
      hanging++;
      const refused = queue;
      queue = [];
      for (const { refuse } of refused) refuse(doesNotAnswer());
    }, STEP).unref();
  let timer = wait();
  return () => {
    clearTimeout(timer);
    if (isHanging) hanging--;
  };
}

function doesNotAnswer(): StoreError {
  return new StoreError("The file system does not answer. Check where the store's directory is mounted from.");
}
