import type { SdkClientConstructor } from "./clients/client-types.js";
import { invalidClientClass, isMockFunction } from "./clients/construct-client.js";
import type { AuthorSession } from "./request/author-session.js";
import type { RoleRequest } from "./request/role-request.js";
import { createSettingsReader, type SettingsTable } from "./request/settings-table.js";
import { hasMethods, invalid, isGiven, readBoolean, readInteger, readSetting } from "./request/validation.js";
import type {
  ClientOptions,
  ProviderOptions,
  ResolveOptions,
  SessionOptions,
  VerifyOptions,
  WaitOptions,
} from "./resolver-types.js";

const SESSION_OPTION = {
  session: (_field, value) => value as AuthorSession | null | undefined, // read with the request
} satisfies SettingsTable;
const MIN_REMAINING = {
  minRemaining: (field, value) => readInteger(field, value, 0, 43_200_000, "milliseconds"),
} satisfies SettingsTable;

const SESSION_OPTIONS = SESSION_OPTION satisfies SettingsTable<keyof SessionOptions>;
const PROVIDER_OPTIONS = { ...SESSION_OPTION, ...MIN_REMAINING } satisfies SettingsTable<keyof ProviderOptions>;
const WAIT_OPTIONS = {
  signal: readSignal,
  onTurn: readCallback<() => void>,
} satisfies SettingsTable<keyof WaitOptions>;
const VERIFY_OPTIONS = { ...SESSION_OPTION, ...WAIT_OPTIONS } satisfies SettingsTable<keyof VerifyOptions>;
const RESOLVE_OPTIONS = {
  ...SESSION_OPTION,
  ...WAIT_OPTIONS,
  forceRefresh: readBoolean,
  ...MIN_REMAINING,
} satisfies SettingsTable<keyof ResolveOptions>;
const CLIENT_OPTIONS = {
  ...SESSION_OPTION,
  clientConfig: (_field, value) => value as object | undefined, // read by the client pool
  fresh: (field, value) => readBoolean(field, value) ?? false,
  ...MIN_REMAINING,
} satisfies SettingsTable<keyof ClientOptions<SdkClientConstructor>>;

function createOptionsReader<Table extends SettingsTable>(table: Table) {
  const read = createSettingsReader(table);
  return (options: unknown) => read("options", options);
}

export const readSessionOptions = createOptionsReader(SESSION_OPTIONS);
export const readProviderOptions = createOptionsReader(PROVIDER_OPTIONS);
export const readResolveOptions = createOptionsReader(RESOLVE_OPTIONS);
export const readVerifyOptions = createOptionsReader(VERIFY_OPTIONS);
export const readClientOptions = createOptionsReader(CLIENT_OPTIONS);

const knownClasses = new WeakSet<object>();

/** @throws RolecallError `INVALID_REQUEST` for anything but the class of an SDK client, or a mock of one */
export function assertClientClass(Client: unknown): void {
  if (typeof Client !== "function") throw invalidClientClass(Client);
  if (knownClasses.has(Client)) return;
  const prototype = readSetting("Client", Client, "prototype");
  const isClass = hasMethods("Client.prototype", prototype, "send") || isMockFunction(Client);
  if (!isClass) throw invalidClientClass(Client);
  knownClasses.add(Client);
}

/** Otherwise every call would load a new session, and none would last long enough. */
export function assertReachable(minRemaining = 0, { chain: { assumption } }: RoleRequest): void {
  if (!assumption || minRemaining < assumption.durationSeconds * 1000) return;
  const allowed = `less than the session lives, ${assumption.durationSeconds} seconds`;
  throw invalid("options.minRemaining", minRemaining, allowed, { sensitive: false });
}

export function readCallback<F extends (...args: never) => unknown>(field: string, value: unknown): F | undefined {
  if (!isGiven(value)) return undefined;
  if (typeof value !== "function") throw invalid(field, value, "a function");
  return value as F;
}

export function readSignal(field: string, value: unknown): AbortSignal | undefined {
  if (!isGiven(value)) return undefined;
  if (isAbortSignal(field, value)) return value;
  throw invalid(field, value, "an AbortSignal");
}

/** Checks the shape, because a test runner's sandbox has its own AbortSignal class. */
function isAbortSignal(field: string, value: unknown): value is AbortSignal {
  if (!hasMethods(field, value, "addEventListener")) return false;
  return typeof readSetting(field, value, "aborted") === "boolean";
}
