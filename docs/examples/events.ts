import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { RolecallEvents } from "aws-rolecall";

/** Calls `warn` when a session could not be refreshed. Returns a function that stops it. */
export function warnOfFailedRefreshes(warn: (text: string) => void): () => void {
  const listener = (message: unknown) => {
    const { roleArn, code, servedUntil } = message as RolecallEvents["refresh-failed"];
    const until =
      servedUntil === undefined ? "nothing is left to serve" : `served until ${new Date(servedUntil).toISOString()}`;
    warn(`${roleArn ?? "base identity"}: ${code}, ${until}`);
  };
  subscribe("aws-rolecall:refresh-failed", listener);
  return () => unsubscribe("aws-rolecall:refresh-failed", listener);
}
