import fc from "fast-check";
import { ODD_NAMES } from "./odd-values.js";
import {
  type Entry,
  FUNCTION_KINDS,
  json,
  LIST_KINDS,
  OBJECT_KINDS,
  odd,
  PROPERTY_KINDS,
  PROXY_KINDS,
  type Recipe,
} from "./recipe.js";

export type RecipeArbitrary = fc.Arbitrary<Recipe>;

/** One of these values, unchanged. */
export const anyOf = (...values: (string | number | boolean | null)[]): RecipeArbitrary =>
  fc.constantFrom(...values.map(json));

const text = fc.oneof(fc.string(), fc.string({ unit: "binary", maxLength: 20 }), fc.string({ unit: "grapheme" }));

/** Any value that a caller could pass, by mistake or on purpose. */
export const garbage: RecipeArbitrary = fc.letrec<{ any: Recipe }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(...ODD_NAMES.map(odd)),
    fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null)).map(jsonOrOdd),
    fc.record({
      is: fc.constant("list" as const),
      items: fc.array(tie("any"), { maxLength: 3 }),
      kind: fc.constantFrom(...LIST_KINDS),
    }),
    fc.record({
      is: fc.constant("object" as const),
      entries: fc.array(entryOf(text, tie("any")), { maxLength: 3 }),
      kind: fc.constantFrom(...OBJECT_KINDS),
    }),
    functionOf(tie("any")),
    fc.record({
      is: fc.constant("proxy" as const),
      does: fc.constantFrom(...PROXY_KINDS),
      of: tie("any"),
    }),
  ),
})).any;

/** JSON has no NaN, infinities or negative zero, but the catalog does. */
function jsonOrOdd(value: string | number | boolean | null): Recipe {
  const fits = typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0));
  return fits ? json(value) : odd("NaN");
}

export function functionOf(value: RecipeArbitrary, kinds: readonly (typeof FUNCTION_KINDS)[number][] = FUNCTION_KINDS) {
  return fc.record({ is: fc.constant("function" as const), does: fc.constantFrom(...kinds), value });
}

/** Functions that return garbage or an error at once. */
export const settlingFunction = (value: RecipeArbitrary) =>
  functionOf(value, ["returns", "throws", "resolves", "rejects", "thenable"]);

export function entryOf(key: fc.Arbitrary<string>, value: RecipeArbitrary): fc.Arbitrary<Entry> {
  return fc.record({ key, value, as: fc.constantFrom(...PROPERTY_KINDS), next: value });
}

/** Keys with a meaning in JavaScript, and keys that look like a setting. */
const oddKey = fc.oneof(
  fc.constantFrom(
    "__proto__",
    "constructor",
    "toString",
    "then",
    "toJSON",
    "role_arn",
    "RoleARN",
    "roleArn ",
    "length",
  ),
  fc.constantFrom("roleArn\u200b", "r\u043eleArn", "role.arn", "ROLEARN", "roleSessionname", ""),
  text,
);

/**
 * An object of settings: some valid ones, of which up to three are replaced by garbage or by accessors that throw or
 * return changing values. Rarely an object of a different kind, or no object at all.
 */
export function settings(
  valid: Readonly<Record<string, RecipeArbitrary>>,
  { required = [], garbageFor = {} }: SettingsRules = {},
): RecipeArbitrary {
  const keys = Object.keys(valid);
  const base = fc.record(Object.fromEntries(keys.map((key) => [key, valid[key] as RecipeArbitrary])), {
    requiredKeys: [...required] as never[],
  });
  const sound = base.map((values) => toEntries(values as Record<string, Recipe>));
  const replacement = fc.oneof(
    ...keys.map((key) => {
      const wrong = fc.oneof(garbage, garbageFor[key] ?? garbage);
      return fc.oneof(
        { weight: 3, arbitrary: fc.record({ key: fc.constant(key), value: wrong }) },
        entryOf(fc.constant(key), fc.oneof(valid[key] as RecipeArbitrary, wrong)),
      );
    }),
    entryOf(oddKey, garbage),
  );
  const mutated = fc
    .tuple(sound, fc.array(replacement, { minLength: 1, maxLength: 3 }), fc.constantFrom(...OBJECT_KINDS))
    .map(([entries, replaced, kind]): Recipe => ({ is: "object", kind, entries: merge(entries, replaced) }));
  const proxied = fc.record({
    is: fc.constant("proxy" as const),
    does: fc.constantFrom(...PROXY_KINDS),
    of: mutated,
  });
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 12, arbitrary: sound.map((entries): Recipe => ({ is: "object", entries })) },
    { weight: 6, arbitrary: mutated },
    { weight: 1, arbitrary: proxied },
    { weight: 1, arbitrary: garbage },
  );
}

interface SettingsRules {
  readonly required?: readonly string[];
  /** More invalid values for single settings, such as a secret of the wrong shape. */
  readonly garbageFor?: Readonly<Record<string, RecipeArbitrary>>;
}

function toEntries(values: Readonly<Record<string, Recipe>>): Entry[] {
  return Object.entries(values).map(([key, value]) => ({ key, value }));
}

function merge(entries: readonly Entry[], replaced: readonly Entry[]): Entry[] {
  return [...new Map([...entries, ...replaced].map((entry) => [entry.key, entry])).values()];
}

/** An array of mostly valid items. */
export function listOf(item: RecipeArbitrary, kinds: readonly (typeof LIST_KINDS)[number][] = LIST_KINDS) {
  const mostly = fc.oneof({ weight: 9, arbitrary: item }, { weight: 1, arbitrary: garbage });
  const kind = fc.oneof({ weight: 6, arbitrary: fc.constant("plain" as const) }, fc.constantFrom(...kinds));
  return fc.record({ is: fc.constant("list" as const), items: fc.array(mostly, { maxLength: 4 }), kind });
}

/** Usually a valid value, sometimes garbage, sometimes nothing. */
export function mostly(valid: RecipeArbitrary): RecipeArbitrary {
  return fc.oneof(
    { weight: 8, arbitrary: valid },
    { weight: 1, arbitrary: garbage },
    { weight: 1, arbitrary: fc.constant(odd("undefined")) },
  );
}

/** The list of arguments for a target. */
export function callWith(...values: RecipeArbitrary[]): RecipeArbitrary {
  return fc.tuple(...values).map((items): Recipe => ({ is: "list", items }));
}
