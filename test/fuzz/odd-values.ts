import { createContext, runInContext } from "node:vm";

const OTHER_REALM = createContext({});
const inOtherRealm = (code: string) => runInContext(code, OTHER_REALM) as unknown;

class Custom {
  roleArn = "custom";
}

/** Values of every kind in JavaScript, created for each call, so that calls do not affect each other. */
const MAKERS: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  symbol: () => Symbol("odd"),
  bigint: () => 10n ** 30n,
  NaN: () => Number.NaN,
  Infinity: () => Number.POSITIVE_INFINITY,
  "-0": () => -0,
  "arrow function": () => () => undefined,
  "async function": () => async () => undefined,
  "generator function": () => function* () {},
  class: () => Custom,
  "instance of a class": () => new Custom(),
  "boxed string": () => Object("boxed"),
  "boxed number": () => Object(900),
  "boxed symbol": () => Object(Symbol("odd")),
  date: () => new Date(0),
  "invalid date": () => new Date(Number.NaN),
  "regular expression": () => /x/g,
  error: () => new Error("odd"),
  map: () => new Map([["roleArn", "x"]]),
  set: () => new Set(["x"]),
  "weak map": () => new WeakMap(),
  "settled promise": () => Promise.resolve({}),
  "pending promise": () => new Promise(() => {}),
  buffer: () => Buffer.from("odd"),
  "typed array": () => new Uint8Array(4),
  "array buffer": () => new ArrayBuffer(4),
  "shared buffer": () => new SharedArrayBuffer(4),
  url: () => new URL("http://127.0.0.1:1/"),
  "abort signal": () => new AbortController().signal,
  "aborted signal": () => AbortSignal.abort(),
  iterator: () => [1, 2][Symbol.iterator](),
  arguments: () =>
    (function (..._values: unknown[]) {
      // biome-ignore lint/complexity/noArguments: an arguments object is the point
      return arguments;
    })("x"),
  global: () => globalThis,
  math: () => Math,
  "empty object": () => ({}),
  "empty list": () => [],
  "object without a prototype": () => Object.create(null),
  "sparse list": () => new Array(3),
  "list of 4 billion holes": () => new Array(2 ** 32 - 1),
  "list of 100,000 items": () => new Array(100_000).fill("x"),
  "object of 100,000 keys": () => Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, ""])),
  "length without items": () => ({ length: 2 ** 32 }),
  "text of 1 MiB": () => "x".repeat(2 ** 20),
  "text of 1 million brackets": () => "[".repeat(1_000_000),
  "lone surrogate": () => "a\ud800b",
  "control characters": () => "a\u0000\r\n\u001b[31m\u0085\u2028\u202eb",
  "invisible characters": () => "role\u200bArn\u00ad",
  "spaces around": () => " us-east-1 ",
  "fullwidth digits": () => "\uff11\uff12\uff13",
  "digits that grow": () => "9".repeat(400),
  "object of another realm": () => inOtherRealm("({ roleArn: 'x' })"),
  "list of another realm": () => inOtherRealm("['x']"),
  "error of another realm": () => inOtherRealm("new Error('odd')"),
  "promise of another realm": () => inOtherRealm("Promise.resolve('x')"),
  "function of another realm": () => inOtherRealm("() => 'x'"),
  "object in itself": () => {
    const self: Record<string, unknown> = {};
    self.self = self;
    return self;
  },
  "list in itself": () => {
    const self: unknown[] = [];
    self.push(self);
    return self;
  },
  "object 10,000 levels deep": () => {
    let inner: object = {};
    for (let level = 0; level < 10_000; level++) inner = { inner };
    return inner;
  },
  "list 10,000 levels deep": () => {
    let inner: unknown[] = [];
    for (let level = 0; level < 10_000; level++) inner = [inner];
    return inner;
  },
  thenable: () => ({ [String("then")]: (resolve: (value: unknown) => void) => resolve({}) }),
  "thenable that hangs": () => ({ [String("then")]: () => {} }),
  "thenable that throws": () => ({
    [String("then")]() {
      throw new Error("odd");
    },
  }),
  "throws when it is made a text": () => ({
    [Symbol.toPrimitive]() {
      throw new Error("odd");
    },
  }),
  "throws when its tag is read": () => ({
    get [Symbol.toStringTag]() {
      throw new Error("odd");
    },
  }),
  "makes itself a text": () => ({ toString: () => "us-east-1", valueOf: () => 900 }),
  "throws in toJSON": () => ({
    toJSON() {
      throw new Error("odd");
    },
  }),
  "revoked object": () => revoked({}),
  "revoked list": () => revoked([]),
  "revoked function": () => revoked(() => {}),
};

export const ODD_NAMES = Object.keys(MAKERS);

export function oddValue(name: string): unknown {
  const make = MAKERS[name];
  if (!make) throw new Error(`There is no odd value named ${name}`);
  return make();
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}
