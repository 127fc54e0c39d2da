/**
 * Runs `task` at the first call and remembers its success; after a failure the next call runs it again. It keeps the
 * value and not the promise, since on Node 20 and 22 a promise keeps the async context of the caller that made it.
 */
export function once<T>(task: () => Promise<T>): () => Promise<T> {
  let pending: Promise<T> | undefined;
  let done: { readonly value: T } | undefined;
  const run = async () => {
    try {
      done = { value: await task() };
      return done.value;
    } finally {
      pending = undefined;
    }
  };
  return () => {
    if (done) return Promise.resolve(done.value);
    pending ??= run();
    return pending;
  };
}
