import { raceAbort } from "../abort.js";
import type { Middleware } from "./sdk-middleware.js";

/**
 * Rejects a `send` whose `abortSignal` aborts while it waits for credentials: the SDK itself checks the signal only once
 * the request is sent. The error is the same as the SDK's.
 */
export const abortWaitingSend: Middleware = (next, context) => async (args) => {
  const signal = context.__smithy_context?.abortSignal;
  if (typeof signal?.addEventListener !== "function") return next(args);
  try {
    return await raceAbort(next(args), signal);
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    throw Object.assign(new Error("Request aborted", { cause: error }), { name: "AbortError" });
  }
};
