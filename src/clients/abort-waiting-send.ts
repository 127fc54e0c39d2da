import { raceAbort } from "../abort.js";
import type { Middleware } from "./sdk-middleware.js";

/**
 * Frees a `send` whose `abortSignal` aborts while it waits for credentials: by itself the SDK looks at the signal only
 * once the request is on its way. The error is the SDK's own for an aborted request.
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
