import { StoreError } from "./credential-store.js";

/** The size of Node's thread pool, which file operations share with DNS lookups. */
const THREADS = Number(process.env.UV_THREADPOOL_SIZE) || 4;
/**
 * The limit of concurrent operations, for all stores of the process. Each one may block a thread if the file system
 * hangs.
 */
const MOST_AT_ONCE = Math.max(1, Math.min(2, Math.floor(THREADS / 2)));
/**
 * An operation counts as hanging after this many timer steps. Time during which the process stalls counts as one step.
 */
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
 * Queues a file operation. While any operation hangs, rejects all others.
 * @throws StoreError if the file system does not respond
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
    // Hands this slot to the next operation in the queue.
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
  return new StoreError("The file system does not respond. Check the mount of the store's directory.");
}
