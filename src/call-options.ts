import { isMockFunction } from "./clients/construct-client.js";
import type { AuthorSession } from "./request/author-session.js";
import type { RoleRequest } from "./request/role-request.js";
import {
  hasMethods,
  invalid,
  isGiven,
  readBoolean,
  readInteger,
  readSetting,
  readSettings,
} from "./request/validation.js";
import type { SessionDemand } from "./session/flight.js";

const knownClasses = new WeakSet<object>();
const NO_OPTIONS = { session: undefined, clientConfig: undefined, fresh: false, minRemaining: undefined } as const;

export function readClientOptions(Client: unknown, options: unknown) {
  if (typeof Client !== "function" || !isClientClass(Client)) {
    throw invalid("Client", Client, "the class of an AWS SDK v3 client, such as EC2Client");
  }
  if (!isGiven(options)) return NO_OPTIONS;
  const given = readSettings("options", options, ["session", "clientConfig", "fresh", "minRemaining"]);
  return {
    session: given.session as AuthorSession | undefined,
    clientConfig: given.clientConfig as object | undefined,
    fresh: readBoolean("options.fresh", given.fresh) ?? false,
    minRemaining: readMinRemaining(given.minRemaining),
  };
}

function isClientClass(Client: object): boolean {
  if (knownClasses.has(Client)) return true;
  const prototype = readSetting("Client", Client, "prototype");
  const isClass = hasMethods("Client.prototype", prototype, "send") || isMockFunction(Client);
  if (isClass) knownClasses.add(Client);
  return isClass;
}

export function readSessionOptions(options: unknown): AuthorSession | undefined {
  return readSettings("options", options, ["session"]).session as AuthorSession | undefined;
}

export function readProviderOptions(options: unknown) {
  const given = readSettings("options", options, ["session", "minRemaining"]);
  return {
    session: given.session as AuthorSession | undefined,
    minRemaining: readMinRemaining(given.minRemaining),
  };
}

function readMinRemaining(value: unknown): number | undefined {
  return readInteger("options.minRemaining", value, 0, 43_200_000, "milliseconds");
}

export function readResolveOptions(options: unknown): Partial<SessionDemand> & { session: AuthorSession | undefined } {
  const given = readSettings("options", options, ["session", "signal", "forceRefresh", "minRemaining"]);
  const signal = given.signal;
  if (isGiven(signal) && !isAbortSignal(signal)) throw invalid("options.signal", signal, "an AbortSignal");
  return {
    session: given.session as AuthorSession | undefined,
    signal: (signal as AbortSignal | undefined) ?? undefined,
    forceRefresh: readBoolean("options.forceRefresh", given.forceRefresh),
    minRemaining: readMinRemaining(given.minRemaining),
  };
}

/** A new session that falls short of what is asked would be loaded again by every call. */
export function assertReachable(minRemaining = 0, { assumption }: RoleRequest): void {
  if (!assumption || minRemaining < assumption.durationSeconds * 1000) return;
  const allowed = `less than the session lives, ${assumption.durationSeconds} seconds`;
  throw invalid("options.minRemaining", minRemaining, allowed, { sensitive: false });
}

/** By structure: a test runner's sandbox has an AbortSignal of its own. */
function isAbortSignal(value: unknown): value is AbortSignal {
  if (typeof value !== "object" || value === null) return false;
  const part = (name: string) => readSetting("options.signal", value, name);
  return typeof part("aborted") === "boolean" && typeof part("addEventListener") === "function";
}
