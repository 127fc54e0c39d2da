/**
 * Describes any value, however hostile, in JSON. A recipe can be sent to another process, shrunk and printed. It can
 * also create the same value twice: once with a clean `Object.prototype` and once with a polluted one.
 */
export type Recipe =
  | { readonly is: "json"; readonly value: string | number | boolean | null }
  /** A value of the catalog in `odd-values.ts`. */
  | { readonly is: "odd"; readonly name: string }
  /** Something that only the child process has, such as its resolver or the keys of its local AWS. */
  | { readonly is: "lab"; readonly name: string }
  | { readonly is: "list"; readonly items: readonly Recipe[]; readonly kind?: ListKind }
  | { readonly is: "object"; readonly entries: readonly Entry[]; readonly kind?: ObjectKind }
  | { readonly is: "function"; readonly does: FunctionKind; readonly value: Recipe }
  | { readonly is: "proxy"; readonly does: ProxyKind; readonly of: Recipe };

/**
 * One property. `getter`, `throws` and `changes` are accessors; `changes` returns `value`, then `next`, then `value`
 * again.
 */
export interface Entry {
  readonly key: string;
  readonly value: Recipe;
  readonly as?: PropertyKind;
  readonly next?: Recipe;
}

export const LIST_KINDS = ["plain", "sparse", "realm", "keyed", "frozen"] as const;
export const OBJECT_KINDS = ["plain", "null", "class", "class getters", "realm", "frozen", "symbol"] as const;
export const PROPERTY_KINDS = ["value", "hidden", "getter", "throws", "changes"] as const;
export const FUNCTION_KINDS = ["returns", "throws", "resolves", "rejects", "hangs", "thenable"] as const;
export const PROXY_KINDS = ["forwards", "throws", "revoked"] as const;

type ListKind = (typeof LIST_KINDS)[number];
type ObjectKind = (typeof OBJECT_KINDS)[number];
type PropertyKind = (typeof PROPERTY_KINDS)[number];
type FunctionKind = (typeof FUNCTION_KINDS)[number];
type ProxyKind = (typeof PROXY_KINDS)[number];

export const json = (value: string | number | boolean | null): Recipe => ({ is: "json", value });
export const odd = (name: string): Recipe => ({ is: "odd", name });
export const lab = (name: string): Recipe => ({ is: "lab", name });
export const list = (...items: Recipe[]): Recipe => ({ is: "list", items });
export const object = (values: Record<string, Recipe>): Recipe => ({
  is: "object",
  entries: Object.entries(values).map(([key, value]) => ({ key, value })),
});
export const UNDEFINED = odd("undefined");

/** The recipe of a value that JSON can represent. */
export function recipeOf(value: unknown): Recipe {
  if (value === undefined) return UNDEFINED;
  if (Array.isArray(value)) return list(...value.map(recipeOf));
  if (typeof value !== "object" || value === null) return json(value as string);
  return object(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, recipeOf(item)])));
}
