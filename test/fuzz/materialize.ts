import { createContext, runInContext } from "node:vm";
import { oddValue } from "./odd-values.js";
import type { Entry, Recipe } from "./recipe.js";

const OTHER_REALM = createContext({});

/** The objects that recipes of kind `lab` name. */
export type LabThings = (name: string) => unknown;

/** Creates the value that a recipe describes. */
export function materialize(recipe: Recipe, things: LabThings): unknown {
  const make = (inner: Recipe) => materialize(inner, things);
  switch (recipe.is) {
    case "json":
      return recipe.value;
    case "odd":
      return oddValue(recipe.name);
    case "lab":
      return things(recipe.name);
    case "list":
      return makeList(recipe.items.map(make), recipe.kind ?? "plain");
    case "object":
      return makeObject(recipe.entries, recipe.kind ?? "plain", make);
    case "function":
      return makeFunction(recipe, make);
    case "proxy":
      return makeProxy(make(recipe.of), recipe.does);
  }
}

function makeList(items: unknown[], kind: string): unknown {
  if (kind === "sparse") items.length += 1;
  if (kind === "keyed") Object.assign(items, { extra: "key" });
  if (kind === "frozen") Object.freeze(items);
  if (kind !== "realm") return items;
  const foreign = runInContext("[]", OTHER_REALM) as unknown[];
  foreign.push(...items);
  return foreign;
}

function makeObject(entries: readonly Entry[], kind: string, make: (recipe: Recipe) => unknown): object {
  const holder = kind === "class getters" ? {} : undefined;
  const target = holder ? Object.create(holder) : emptyObject(kind);
  for (const entry of entries) {
    // The null prototype matters while `Object.prototype` is polluted.
    const descriptor = Object.assign(Object.create(null), descriptorOf(entry, make));
    Object.defineProperty(holder ?? target, entry.key, descriptor);
  }
  if (kind === "symbol") target[Symbol("odd")] = "x";
  return kind === "frozen" ? Object.freeze(target) : target;
}

function emptyObject(kind: string) {
  if (kind === "null") return Object.create(null);
  if (kind === "realm") return runInContext("({})", OTHER_REALM);
  return kind === "class" ? new (class Settings {})() : {};
}

function descriptorOf({ as, value, next }: Entry, make: (recipe: Recipe) => unknown): PropertyDescriptor {
  const made = make(value);
  const shown = { enumerable: as !== "hidden", configurable: true };
  if (as === "getter") return { ...shown, get: () => made };
  if (as === "changes") {
    const answers = [made, next ? make(next) : undefined];
    let reads = 0;
    return { ...shown, get: () => answers[reads++ % 2] };
  }
  if (as !== "throws") return { ...shown, value: made, writable: true };
  return {
    ...shown,
    get() {
      throw made;
    },
  };
}

function makeFunction({ does, value }: Extract<Recipe, { is: "function" }>, make: (recipe: Recipe) => unknown) {
  return function odd() {
    if (does === "hangs") return new Promise(() => {});
    const made = make(value);
    if (does === "throws") throw made;
    if (does === "rejects") return Promise.reject(made);
    if (does === "resolves") return Promise.resolve(made);
    if (does === "returns") return made;
    return { [String("then")]: (resolve: (answer: unknown) => void) => resolve(made) };
  };
}

function makeProxy(target: unknown, does: string): unknown {
  if ((typeof target !== "object" && typeof target !== "function") || target === null) return target;
  if (does === "forwards") return new Proxy(target, {});
  const { proxy, revoke } = Proxy.revocable(target, does === "throws" ? THROWING : {});
  if (does === "revoked") revoke();
  return proxy;
}

const fail = (): never => {
  throw new Error("odd trap");
};
const THROWING: ProxyHandler<object> = {
  get: fail,
  has: fail,
  ownKeys: fail,
  getPrototypeOf: fail,
  getOwnPropertyDescriptor: fail,
};
