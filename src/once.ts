import { errorOfCaller } from "./errors.js";

/**
 * Runs `task` at the first call and remembers its success. After a failure, each caller gets a separate error, and the
 * next call runs the task again. The value is kept instead of the promise: on Node 20 and 22 a promise keeps the async
 * context of the caller that made it.
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
