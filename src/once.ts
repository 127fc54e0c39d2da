import { errorOfCaller } from "./errors.js";

/**
 * Runs `task` at the first call and remembers its success; after a failure, which reaches each caller as an error of its
 * own, the next call runs it again. It keeps the
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
  return async () => {
    if (done) return done.value;
    pending ??= run();
    try {
      return await pending;
    } catch (error) {
      throw errorOfCaller(error);
    }
  };
}
