import { customHandlerError } from "./clients/shared-handlers.js";
import type { RoleRequest } from "./request/role-request.js";
import { createSettingsReader, type ReadByTable, type SettingsTable } from "./request/settings-table.js";
import {
  conflict,
  hasMethods,
  invalid,
  isGiven,
  readBoolean,
  readInteger,
  readRecord,
  readSetting,
} from "./request/validation.js";
import { type Runtime, systemRuntime } from "./runtime.js";
import type { CredentialProvider } from "./sdk-types.js";
import type { StsClientOption } from "./sources/sts-clients.js";
import type { CredentialStore } from "./store/credential-store.js";
import { readStoreKeys } from "./store/encryption-keys.js";

/** Options of a resolver, all optional. An unknown key or an invalid value is an `INVALID_REQUEST` error. */
export interface CredentialResolverOptions {
  /**
   * The STS client to use, such as a mock: an object with `send`, or a function that creates one for an identity and an
   * endpoint. Default: one `STSClient` for each base identity and endpoint.
   */
  stsClient?: StsClientOption | undefined;
  /** Replaces the instance profile, even if the environment announces another identity. Default: read from IMDSv2. */
  instanceProfile?: CredentialProvider | undefined;
  /** The SDK request handler for STS calls. Default: the resolver creates one. */
  requestHandler?: object | undefined;
  /**
   * A store that shares sessions with other processes: `fileStore()`, `redisStore()`, or your own. Default: none. It can't
   * be combined with `instanceProfile`, or with an `stsClient` object, because other processes could not tell which
   * identity those sessions belong to.
   */
  store?: CredentialStore | undefined;
  /** Maximum number of sessions in memory, about 2 KiB each. Evicts the least recently used one. Default 10000. */
  maxSessions?: number | undefined;
  /** Maximum number of pooled clients. Evicts the least recently used one. Default 1000. */
  maxClients?: number | undefined;
  refresh?:
    | {
        /**
         * How long before its expiration a session may be refreshed, in milliseconds. At most half of the session's
         * duration. Default: 5 minutes for a duration of up to 20 minutes, 15 minutes below 90 minutes, 60 minutes for longer.
         */
        advisoryWindow?: number | undefined;
        /** Whether a timer refreshes sessions in use before a command needs them. Default `true`. */
        ahead?: boolean | undefined;
      }
    | undefined;
  assumeRole?:
    | {
        /** Maximum concurrent AssumeRole calls. Default 25. After throttling, the call rate is limited as well. */
        maxConcurrent?: number | undefined;
        /** Maximum attempts per session. Default 3. While a caller waits, throttled attempts don't count. */
        attempts?: number | undefined;
        /** Time limit for one attempt, in milliseconds. Default 3000. */
        attemptTimeout?: number | undefined;
        /** Time limit for all attempts and pauses of one session, in milliseconds, not counting time in the queue. Default 10000. */
        timeout?: number | undefined;
      }
    | undefined;
  /** For tests: replaces parts of the clock, the random numbers and the environment. Default: the machine's. */
  runtime?: Partial<Runtime> | undefined;
}

const LONGEST_SCOPE = 255;
const MILLION = 1_000_000;
const DAY = 86_400_000;

/** A whole number from 1 to `max`. */
const count = (max: number, unit: string) => (field: string, value: unknown) => readInteger(field, value, 1, max, unit);
const countOr =
  (fallback: number, ...limits: Parameters<typeof count>) =>
  (field: string, value: unknown) =>
    count(...limits)(field, value) ?? fallback;

const REFRESH_OPTIONS = {
  advisoryWindow: count(DAY, "milliseconds"),
  ahead: (field, value) => readBoolean(field, value) ?? true,
} satisfies SettingsTable<keyof NonNullable<CredentialResolverOptions["refresh"]>>;

const ASSUME_ROLE_OPTIONS = {
  maxConcurrent: countOr(25, 10_000, "calls"),
  attempts: countOr(3, 100, "calls"),
  attemptTimeout: countOr(3000, DAY, "milliseconds"),
  timeout: countOr(10_000, DAY, "milliseconds"),
} satisfies SettingsTable<keyof NonNullable<CredentialResolverOptions["assumeRole"]>>;

const readRefreshOptions = createSettingsReader(REFRESH_OPTIONS);
const readAssumeRoleOptions = createSettingsReader(ASSUME_ROLE_OPTIONS);

/** Every option, with its reader. */
const OPTIONS = {
  stsClient: readStsClient,
  instanceProfile: readFunction,
  requestHandler: readHandler,
  store: readStore,
  maxSessions: countOr(10_000, MILLION, "sessions"),
  maxClients: countOr(1000, MILLION, "clients"),
  refresh: (field, value) => readRefreshOptions(field, value),
  assumeRole: (field, value) => readAssumeRoleOptions(field, value),
  runtime: readRuntime,
} satisfies SettingsTable<keyof CredentialResolverOptions>;

/** The validated options, with defaults. */
export type ResolverSettings = ReadByTable<typeof OPTIONS>;

const readOptions = createSettingsReader(OPTIONS);

export function readResolverOptions(options: CredentialResolverOptions | undefined): ResolverSettings {
  return readOptions("options", options);
}

function readStsClient(field: string, value: unknown): StsClientOption | undefined {
  if (!isGiven(value)) return undefined;
  if (typeof value !== "function" && !hasMethods(field, value, "send"))
    throw invalid(field, value, "an object with send, or a function that returns one");
  return value as StsClientOption;
}

function readFunction(field: string, value: unknown): CredentialProvider | undefined {
  if (!isGiven(value)) return undefined;
  if (typeof value !== "function") throw invalid(field, value, "a function that resolves to credentials");
  return value as CredentialProvider;
}

function readHandler(field: string, value: unknown): object | undefined {
  if (!isGiven(value)) return undefined;
  if (hasMethods(field, value, "handle")) return value;
  throw invalid(field, value, "an SDK request handler, an object with handle");
}

const STORE = "a store with scope, get, set and delete, such as fileStore()";

function readStore(
  field: string,
  value: unknown,
  { instanceProfile, stsClient }: { readonly instanceProfile?: unknown; readonly stsClient?: unknown },
): CredentialStore | undefined {
  if (!isGiven(value)) return undefined;
  if (typeof value !== "object" || value === null) throw invalid(field, value, STORE);
  const get = readMethod(value, "get");
  const set = readMethod(value, "set");
  const remove = readMethod(value, "delete");
  if (!get || !set || !remove) throw invalid(field, value, STORE);
  const lock = readMethod(value, "lock");
  const scope = readSetting("options.store", value, "scope");
  if (typeof scope !== "string" || scope === "" || scope.length > LONGEST_SCOPE) {
    throw invalid("options.store.scope", scope, `1 to ${LONGEST_SCOPE} characters`);
  }
  const keys = readSetting("options.store", value, "encryptionKeys");
  const encryptionKeys = readStoreKeys("options.store.encryptionKeys", keys);
  if (instanceProfile) {
    throw conflict(
      "options.instanceProfile",
      "is set together with options.store",
      "Other processes could not know whose sessions these are: put the function into instance.credentials, and its name into instance.credentialsName.",
    );
  }
  if (stsClient && typeof stsClient !== "function") {
    throw conflict(
      "options.stsClient",
      "is an object, and options.store is set",
      "Its keys are unknown to the library, so other processes could get its sessions as another identity's. Pass stsClient as a function: its context has the right credentials.",
    );
  }
  return { scope, encryptionKeys, get, set, delete: remove, lock };
}

/** Reads a method of the store once, bound to the store. */
function readMethod<K extends "get" | "set" | "delete" | "lock">(store: object, name: K): CredentialStore[K] {
  const method = readSetting("options.store", store, name);
  if (!isGiven(method)) return undefined as CredentialStore[K];
  if (typeof method !== "function") throw invalid("options.store", store, STORE);
  return ((...args: readonly unknown[]) => Reflect.apply(method, store, args)) as CredentialStore[K];
}

/** The machine's, with the parts replaced that are given. A clock of a test may be more than a runtime. */
function readRuntime(field: string, value: unknown): Runtime {
  if (!isGiven(value)) return systemRuntime;
  const given = readRecord(field, value, "an object with parts of a Runtime");
  const parts = Object.entries(systemRuntime).flatMap(([key, own]) => {
    const part = readSetting(field, given, key);
    if (!isGiven(part)) return [];
    if (typeof part !== typeof own) throw invalid(`${field}.${key}`, part, `a ${typeof own}`);
    return [[key, typeof part === "function" ? Function.prototype.bind.call(part, given) : part]];
  });
  return { ...systemRuntime, ...Object.fromEntries(parts) };
}

/**
 * Rejects a request that this resolver cannot serve, because the resolver's STS client or handler would bypass the
 * instance's network settings, or because the store could not tell the session from another identity's.
 * @throws RolecallError `INVALID_REQUEST`
 */
export function assertServable({ chain, network }: RoleRequest, settings: ResolverSettings): void {
  if (settings.store && chain.assumption && !chain.base.isShareable) {
    throw conflict(
      "instance.credentialsName",
      "is missing, and the resolver has a store",
      `Set it: sessions of ${chain.base.description} are shared under a name, because other processes can't know which identity that is.`,
      chain.assumption.role.arn,
    );
  }
  if (!network || typeof settings.stsClient === "function") return; // a function gets the network settings
  if (settings.stsClient) {
    const hint = "Give stsClient as a function: its context holds a handler with these settings.";
    throw customHandlerError("the resolver's stsClient", hint);
  }
  if (settings.requestHandler) throw customHandlerError("the resolver's option requestHandler");
}
