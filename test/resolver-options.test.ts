import { createSecretKey, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type CredentialResolverOptions, readResolverOptions } from "../src/resolver-options.js";
import { systemRuntime } from "../src/runtime.js";
import type { CredentialStore } from "../src/store/credential-store.js";
import { expectInvalid } from "./request/support.js";

const read = (options: unknown) => readResolverOptions(options as CredentialResolverOptions | undefined);

/** Options with one value at a path such as `assumeRole.timeout`. */
function optionsWith(path: string, value: unknown): object {
  return path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as object;
}

function settingAt(path: string, value: unknown): unknown {
  const settings = read(optionsWith(path, value));
  return path.split(".").reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], settings);
}

const DEFAULTS = {
  stsClient: undefined,
  instanceProfile: undefined,
  requestHandler: undefined,
  store: undefined,
  maxSessions: 10_000,
  maxClients: 1000,
  refresh: { advisoryWindow: undefined, ahead: true },
  assumeRole: { maxConcurrent: 25, attempts: 3, attemptTimeout: 3000, timeout: 10_000 },
  runtime: systemRuntime,
};

const A_STORE = { scope: "engines", get: async () => undefined, set: async () => {}, delete: async () => {} };
const STORE = "a store with scope, get, set and delete, such as fileStore()";

describe("a resolver's options", () => {
  const nothing = (keys: string[], value: unknown) => Object.fromEntries(keys.map((key) => [key, value]));
  const keys = [
    "stsClient",
    "instanceProfile",
    "requestHandler",
    "store",
    "maxSessions",
    "maxClients",
    "refresh",
    "assumeRole",
    "runtime",
  ];

  it.each([
    ["undefined", undefined],
    ["null", null],
    ["{}", {}],
    ["undefined throughout", nothing(keys, undefined)],
    ["null throughout", nothing(keys, null)],
    ["empty groups", { refresh: {}, assumeRole: {}, runtime: {} }],
    ["groups without values", { refresh: { advisoryWindow: null, ahead: null }, assumeRole: { timeout: undefined } }],
  ])("have their documented defaults for %s", (_, options) => {
    expect(read(options)).toEqual(DEFAULTS);
  });

  it.each([
    ["maxSessions", 1_000_000, "sessions"],
    ["maxClients", 1_000_000, "clients"],
    ["refresh.advisoryWindow", 86_400_000, "milliseconds"],
    ["assumeRole.maxConcurrent", 10_000, "calls"],
    ["assumeRole.attempts", 100, "calls"],
    ["assumeRole.attemptTimeout", 86_400_000, "milliseconds"],
    ["assumeRole.timeout", 86_400_000, "milliseconds"],
  ] as const)("%s can be 1 to %d", (path, max, unit) => {
    expect(settingAt(path, 1)).toBe(1);
    expect(settingAt(path, max)).toBe(max);
    expect(settingAt(path, String(max))).toBe(max);
    for (const [value, received] of [
      [0, "0"],
      [-1, "-1"],
      [max + 1, `${max + 1}`],
      [1.5, "1.5"],
      [Number.NaN, "NaN"],
      [Number.POSITIVE_INFINITY, "Infinity"],
      ["", "an empty string"],
      ["1s", '"1s"'],
      [true, "a boolean"],
      [[1], "an array of 1"],
      [{}, "an object"],
      [1n, "a bigint"],
    ]) {
      expectInvalid(
        () => read(optionsWith(path, value)),
        `options.${path}`,
        `options.${path} is invalid: received ${received}. Allowed: a whole number of ${unit} from 1 to ${max}, as a number or as digits.`,
      );
    }
  });

  it("refresh.ahead can be true or false", () => {
    expect(settingAt("refresh.ahead", false)).toBe(false);
    expect(settingAt("refresh.ahead", true)).toBe(true);
    for (const [value, received] of [
      ["false", "a string of 5 characters"],
      [0, "a number"],
      [{}, "an object"],
    ]) {
      expectInvalid(
        () => read({ refresh: { ahead: value } }),
        "options.refresh.ahead",
        `options.refresh.ahead is invalid: received ${received}. Allowed: true or false.`,
      );
    }
  });

  it.each([
    ["options", "timeout", keys.join(", "), { timeout: 5 }],
    ["options.refresh", "window", "advisoryWindow, ahead", { refresh: { window: 5 } }],
    [
      "options.assumeRole",
      "concurrency",
      "maxConcurrent, attempts, attemptTimeout, timeout",
      { assumeRole: { concurrency: 5 } },
    ],
  ])("%s cannot have %s", (owner, key, known, options) => {
    expectInvalid(
      () => read(options),
      `${owner}.${key}`,
      `${owner}.${key} is not a setting. Known settings: ${known}.`,
    );
  });

  it.each([
    ["maxSession", "maxSessions", { maxSession: 5 }],
    ["maxsessions", "maxSessions", { maxsessions: undefined }],
    ["runTime", "runtime", { runTime: {} }],
  ])("options cannot have %s, which is a misspelling of %s", (key, right, options) => {
    expectInvalid(
      () => read(options),
      `options.${key}`,
      `options.${key} is not a setting, but looks like ${right}. Write it as ${right}.`,
    );
  });

  it.each<[string, unknown, string, string]>([
    ["options", "text", "a string of 4 characters", `an object with ${keys.join(", ")}`],
    ["options", [], "an empty array", `an object with ${keys.join(", ")}`],
    ["options", Promise.resolve({}), "an object", `an object with ${keys.join(", ")}`],
    ["options.refresh", { refresh: true }, "a boolean", "an object with advisoryWindow, ahead"],
    ["options.refresh", { refresh: [] }, "an empty array", "an object with advisoryWindow, ahead"],
    [
      "options.assumeRole",
      { assumeRole: 5 },
      "a number",
      "an object with maxConcurrent, attempts, attemptTimeout, timeout",
    ],
    ["options.runtime", { runtime: "now" }, "a string of 3 characters", "an object with parts of a Runtime"],
    ["options.runtime", { runtime: () => 0 }, "a function", "an object with parts of a Runtime"],
    ["options.stsClient", { stsClient: {} }, "an object", "an object with send, or a function that returns one"],
    [
      "options.stsClient",
      { stsClient: { send: 5 } },
      "an object",
      "an object with send, or a function that returns one",
    ],
    [
      "options.stsClient",
      { stsClient: "sts" },
      "a string of 3 characters",
      "an object with send, or a function that returns one",
    ],
    ["options.stsClient", { stsClient: false }, "a boolean", "an object with send, or a function that returns one"],
    ["options.instanceProfile", { instanceProfile: {} }, "an object", "a function that resolves to credentials"],
    [
      "options.instanceProfile",
      { instanceProfile: { accessKeyId: "AKIA", secretAccessKey: "hush" } },
      "an object",
      "a function that resolves to credentials",
    ],
    ["options.requestHandler", { requestHandler: {} }, "an object", "an SDK request handler, an object with handle"],
    [
      "options.requestHandler",
      { requestHandler: () => 0 },
      "a function",
      "an SDK request handler, an object with handle",
    ],
    ["options.requestHandler", { requestHandler: 5 }, "a number", "an SDK request handler, an object with handle"],
    ["options.store", { store: "redis://localhost" }, "a string of 17 characters", STORE],
    ["options.store", { store: { scope: "engines" } }, "an object", STORE],
    ["options.store", { store: { ...A_STORE, lock: true } }, "an object", STORE],
    ["options.store.scope", { store: { ...A_STORE, scope: "" } }, "an empty string", "1 to 255 characters"],
    ["options.store.scope", { store: { ...A_STORE, scope: undefined } }, "undefined", "1 to 255 characters"],
  ])("%s must have the right type", (field, options, received, allowed) => {
    expectInvalid(() => read(options), field, `${field} is invalid: received ${received}. Allowed: ${allowed}.`);
  });

  it("a store cannot be combined with an instanceProfile function", () => {
    expectInvalid(
      () => read({ store: A_STORE, instanceProfile: async () => ({}) }),
      "options.instanceProfile",
      "options.instanceProfile is set together with options.store. Other processes could not know whose sessions these are: put the function into instance.credentials, and its name into instance.credentialsName.",
    );
    expect(read({ store: A_STORE }).store?.scope).toBe(A_STORE.scope);
  });

  it("a store cannot be combined with an STS client object", () => {
    const client = { send: async () => ({}) };
    expectInvalid(
      () => read({ store: A_STORE, stsClient: client }),
      "options.stsClient",
      "options.stsClient is an object, and options.store is set. Its keys are unknown to the library, so other processes could get its sessions as another identity's. Pass stsClient as a function: its context has the right credentials.",
    );
    expect(read({ store: A_STORE, stsClient: () => client }).store?.scope).toBe(A_STORE.scope);
  });

  it("the encryption keys of a store are validated, but not shown", () => {
    for (const [key, received] of [
      [randomBytes(32).toString("base64"), "a string of 44 characters"],
      [createSecretKey(randomBytes(31)), "an object"],
    ]) {
      expectInvalid(
        () => read({ store: { ...A_STORE, encryptionKeys: [key] } }),
        "options.store.encryptionKeys[0]",
        `options.store.encryptionKeys[0] is invalid: received ${received}. Allowed: a secret KeyObject of at least 32 bytes, such as createSecretKey() from node:crypto returns.`,
      );
    }
    const store = { ...A_STORE, encryptionKeys: [createSecretKey(randomBytes(32))] };
    expect(read({ store }).store?.encryptionKeys).toEqual(store.encryptionKeys);
  });

  it("a store's methods are read once, and called on the store", async () => {
    class Notes implements CredentialStore {
      readonly scope = "here";
      readonly #records = new Map<string, string>();
      get = async (key: string) => this.#records.get(key);
      async set(key: string, record: string) {
        this.#records.set(key, record);
      }
      async delete(key: string) {
        this.#records.delete(key);
      }
    }
    const { store } = read({ store: new Notes() });
    await store?.set("key", "record", 1);
    expect(await store?.get("key")).toBe("record");
    expect(store?.lock).toBeUndefined();
  });

  it("an STS client or a function that returns one, a provider and a handler are used as they are", () => {
    const stsClient = { send: async () => ({}) };
    const makeSts = () => stsClient;
    const instanceProfile = async () => ({ accessKeyId: "AKIAEXAMPLE", secretAccessKey: "hush" });
    const requestHandler = { handle: async () => ({}) };
    expect(read({ stsClient, instanceProfile, requestHandler })).toEqual({
      ...DEFAULTS,
      stsClient,
      instanceProfile,
      requestHandler,
    });
    expect(read({ stsClient: makeSts }).stsClient).toBe(makeSts);
  });
});

describe("a runtime", () => {
  it("replaces the given parts, bound to their object", () => {
    class Clock {
      #now = 5;
      now() {
        return this.#now;
      }
      advance(ms: number) {
        this.#now += ms;
      }
    }
    const clock = new Clock();
    const { runtime } = read({ runtime: clock });
    clock.advance(1);
    expect(runtime.now()).toBe(6);
    expect({ ...runtime, now: undefined }).toEqual({ ...systemRuntime, now: undefined });
  });

  it("can have its own environment", () => {
    const env = { AWS_REGION: "eu-west-1" };
    expect(read({ runtime: { env } }).runtime.env).toBe(env);
    expect(read({ runtime: { env: undefined, hostname: null } }).runtime).toEqual(systemRuntime);
  });
});

it.each([
  ["now", 5, "function"],
  ["schedule", "soon", "function"],
  ["env", () => ({}), "object"],
])("a runtime's %s cannot be %s", (part, value, type) => {
  expect(() => read({ runtime: { [part]: value } })).toThrow(
    expect.objectContaining({
      code: "INVALID_REQUEST",
      field: `options.runtime.${part}`,
      message: expect.stringContaining(`a ${type}`),
    }),
  );
});
