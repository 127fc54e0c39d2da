import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { onTestFinished } from "vitest";
import type { RolecallEventName } from "../../src/index.js";

/** A record, so that the compiler reports a missing event. */
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

export const EVENT_NAMES = Object.keys(EVENTS) as RolecallEventName[];

/** lru-cache's own channels, which publish the cached values. */
export const LRU_CHANNELS = [
  "lru-cache:metrics",
  ...["start", "end", "asyncStart", "asyncEnd", "error"].map((phase) => `tracing:lru-cache:${phase}`),
];

/** Listens to a channel until the test ends. */
export function listen(name: string, listener: (message: unknown) => void): void {
  subscribe(name, listener);
  onTestFinished(() => void unsubscribe(name, listener));
}
