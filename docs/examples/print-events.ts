import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { RolecallEventName } from "aws-rolecall";

// A record instead of a list, so that the compiler reports a missing event.
const EVENTS: Record<RolecallEventName, true> = {
  hit: true,
  miss: true,
  joined: true,
  refreshed: true,
  "refresh-failed": true,
  denied: true,
  "role-not-allowed": true,
  "many-base-identities": true,
  invalidated: true,
  evicted: true,
  "store-error": true,
  "duration-clamped": true,
};

/** Prints every event of the library, with the milliseconds since the start. Returns a function that stops it. */
export function printEvents(print: (...values: unknown[]) => void = console.error): () => void {
  const listener = (event: unknown, name: string | symbol) => print(`${Math.round(performance.now())} ms`, name, event);
  const channels = Object.keys(EVENTS).map((event) => `aws-rolecall:${event}`);
  for (const channel of channels) subscribe(channel, listener);
  return () => {
    for (const channel of channels) unsubscribe(channel, listener);
  };
}
