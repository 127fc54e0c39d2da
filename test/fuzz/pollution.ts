import fc from "fast-check";
import { garbage } from "./arbitraries.js";
import { EVIL_ROLE, HUSH } from "./cast.js";
import { json, lab, list, object, type Recipe, recipeOf } from "./recipe.js";

/** The properties that were added to `Object.prototype`. */
export interface Pollution {
  readonly name: string;
  readonly value: Recipe;
}

const answers = (value: Recipe): Recipe => ({ is: "function", does: "returns", value });
const nothing: Recipe = { is: "function", does: "returns", value: json(null) };

/** Names that the library, or Node below it, may read from an object that lacks them, each with its worst value. */
const SETTINGS: Readonly<Record<string, Recipe>> = {
  roleArn: json(EVIL_ROLE),
  role: json(EVIL_ROLE),
  principal: json(EVIL_ROLE),
  region: json("eu-west-3"),
  roleSessionName: json("evil"),
  roleSessionDuration: json(43_200),
  policy: recipeOf({ Version: "2012-10-17", Statement: [] }),
  policyArns: recipeOf(["arn:aws:iam::aws:policy/AdministratorAccess"]),
  tags: recipeOf({ team: "evil" }),
  transitiveTagKeys: recipeOf(["team"]),
  sourceIdentity: json("evil"),
  externalId: json(`${HUSH}-evil`),
  allowedRoles: recipeOf(["arn:*:iam::*:role/*"]),
  roles: recipeOf(["arn:*:iam::*:role/*"]),
  credentials: lab("user keys"),
  credentialsName: json("evil"),
  sts: object({ endpoint: lab("endpoint") }),
  network: recipeOf({ dangerouslyDisableTlsVerification: true }),
  dangerouslyAllowPlainHttp: json(true),
  integration: json("evil"),
  session: recipeOf({ tags: { team: "evil" } }),
  clientConfig: recipeOf({ region: "eu-west-3" }),
  fresh: json(true),
  forceRefresh: json(true),
  minRemaining: json(1000),
  store: json("evil"),
  scope: json("evil"),
  lock: nothing,
  release: nothing,
  encryptionKeys: recipeOf(["x"]),
  directory: json("/evil"),
  prefix: json("evil"),
  instanceProfile: answers(lab("user keys")),
  stsClient: object({ send: nothing }),
  maxSessions: json(0),
  runtime: json("evil"),
  defaultRegion: json("eu-west-3"),
  access_key: json("evil"),
  secret_key: json("evil"),
  proxy: json("http://127.0.0.1:1"),
  endpoint_url: json("http://127.0.0.1:1"),
  sts_endpoint_url: json("http://127.0.0.1:1"),
  insecure: json(true),
  variant: json("any-role"),
  partition: json("aws-cn"),
  actions: recipeOf(["*"]),
  role_arn: json(EVIL_ROLE),
  name: json("evil"),
  now: answers(json(0)),
  random: answers(json(0)),
  hostname: answers(json("evil")),
};

/**
 * Names that JavaScript itself depends on. Code that runs later, such as the SDK's, could not continue with them.
 * `then` and `toJSON` are excluded, because `await` and `JSON.stringify` read them from every object in the process.
 */
const MECHANICS: Readonly<Record<string, Recipe>> = {
  get: nothing,
  set: nothing,
  value: json(1),
  writable: json(false),
  configurable: json(false),
  enumerable: json(true),
  toString: answers(json("evil")),
  valueOf: answers(json(1)),
  constructor: json("evil"),
  hasOwnProperty: answers(json(true)),
  length: json(1),
  "0": json("evil"),
  code: json("evil"),
  cause: json("evil"),
  signal: json("evil"),
  env: list(),
};

/** Values with a huge text form, also inside an array. */
const HUGE = /list of (4 billion holes|100,000 items)|text of 1 (MiB|million brackets)/;

/**
 * The SDK writes every inherited value into the `user-agent` header. An array with four billion empty slots keeps it
 * busy for minutes, and no server accepts a header of a megabyte (status 431). No library can prevent either.
 */
const shortGarbage = garbage.filter((value) => !HUGE.test(JSON.stringify(value)));

/**
 * Node's `http.request` reads `hostname` from its options, but the SDK sets `host`. An inherited string would send
 * every request of the process to that host, and no library can prevent it. The worst value is therefore a function,
 * which Node rejects.
 */
const ONLY_WORST: readonly string[] = ["hostname"];

function valueFor(name: string, worst: Recipe): fc.Arbitrary<Recipe> {
  if (ONLY_WORST.includes(name)) return fc.constant(worst);
  return fc.oneof({ weight: 3, arbitrary: fc.constant(worst) }, { weight: 1, arbitrary: shortGarbage });
}

/** Some names with their worst values or with garbage; nothing half of the time. */
export const anyPollution: fc.Arbitrary<readonly Pollution[]> = fc.oneof(
  fc.constant([]),
  fc.uniqueArray(
    fc.oneof(
      ...Object.entries({ ...SETTINGS, ...MECHANICS }).map(([name, worst]) =>
        fc.record({ name: fc.constant(name), value: valueFor(name, worst) }),
      ),
    ),
    { selector: ({ name }) => name, minLength: 1, maxLength: 3 },
  ),
);

type Undo = () => void;

/**
 * Runs `call` with a polluted `Object.prototype`. Settings stay until the returned promise settles, mechanics only
 * until the call returns.
 */
export function underPollution<T>(made: ReadonlyMap<string, unknown>, call: () => T): { result: T; undo: Undo } {
  const settings = [...made].filter(([name]) => Object.hasOwn(SETTINGS, name));
  const mechanics = [...made].filter(([name]) => !Object.hasOwn(SETTINGS, name));
  const undo = pollute(settings);
  const undoMechanics = pollute(mechanics);
  try {
    const result = call();
    undoMechanics();
    return { result, undo };
  } catch (error) {
    undoMechanics();
    undo();
    throw error;
  }
}

function pollute(values: readonly (readonly [string, unknown])[]): Undo {
  const target = Object.prototype;
  const undos = values.map(([name, value]) => {
    const before = Object.getOwnPropertyDescriptor(target, name);
    // Without a prototype; otherwise `get` and `set` from earlier pollution would count.
    const descriptor = Object.assign(Object.create(null), {
      value,
      writable: true,
      configurable: true,
      enumerable: true,
    });
    const original = before && Object.assign(Object.create(null), before);
    Object.defineProperty(target, name, descriptor);
    return () => {
      if (original) Object.defineProperty(target, name, original);
      else Reflect.deleteProperty(target, name);
    };
  });
  return () => {
    for (let index = undos.length - 1; index >= 0; index--) undos[index]?.();
    undos.length = 0;
  };
}
