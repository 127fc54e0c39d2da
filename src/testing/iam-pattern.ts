import type { RequestContext } from "./request-context.js";

/** The version of the policy language. The older one, which is the default, has no policy variables. */
export type PolicyVersion = "2008-10-17" | "2012-10-17";

type Part = { readonly text: string } | { readonly wildcard: "*" | "?" } | Variable;

/** `${aws:username}`, or with a default value `${aws:PrincipalTag/team, 'blue'}`. */
export interface Variable {
  readonly key: string;
  readonly fallback: string | undefined;
}

/** A text of a policy, read. */
export type PolicyText = readonly Part[];

const SPECIAL: Record<PolicyVersion, RegExp> = { "2008-10-17": /[*?]/g, "2012-10-17": /[*?]|\$\{([^}]*)\}?/g };
const VARIABLE = /^([\w.-]+:[^\s,'*?$]+)(?:\s*,\s*'([^']*)')?$/;
const CHARACTER_CLASSES = /[\\^$.|+()[\]{}*?]/g;
/** The colons of an ARN before its resource, which may have some of its own. */
const COLONS_OF_AN_ARN = 5;

/** @returns `undefined` for a `${…}` that is neither a variable nor one of `${*}`, `${?}` and `${$}` */
export function readPolicyText(text: string, version: PolicyVersion = "2012-10-17"): PolicyText | undefined {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(SPECIAL[version])) {
    const [special, content] = match;
    const part = content === undefined ? { wildcard: special as "*" | "?" } : readPlaceholder(special, content);
    if (part === undefined) return undefined;
    parts.push({ text: text.slice(end, match.index) }, part);
    end = match.index + special.length;
  }
  return [...parts, { text: text.slice(end) }];
}

function readPlaceholder(placeholder: string, content: string): Part | undefined {
  if (!placeholder.endsWith("}")) return undefined;
  if (/^[*?$]$/.test(content)) return { text: content };
  const [, key, fallback] = VARIABLE.exec(content.trim()) ?? [];
  return key === undefined ? undefined : { key, fallback };
}

export function listVariables(text: PolicyText): readonly Variable[] {
  return text.filter((part) => "key" in part);
}

/**
 * Whether a pattern covers an ARN. `*` is any run of characters, `/` included, and `?` exactly one. In the first five
 * parts of the ARN neither reaches across a `:`, except for the pattern `*` itself. Case counts.
 */
export function matchesPolicyArn(pattern: PolicyText, arn: string, context?: RequestContext): boolean {
  return isEverything(pattern) || toRegExp(pattern, context, true)?.test(arn) === true;
}

/** The same for the `Resource` list of a permission, which has no variables. */
export function matchesResource(pattern: string, arn: string): boolean {
  const text = readPolicyText(pattern);
  return text !== undefined && matchesPolicyArn(text, arn);
}

/** As {@link matchesPolicyArn}, for texts in which a `:` is a character like any other. */
export function matchesPolicyText(pattern: PolicyText, text: string, context?: RequestContext): boolean {
  return toRegExp(pattern, context, false)?.test(text) === true;
}

/** What a text without patterns stands for in a request; `undefined` if a variable has no value there. */
export function toLiteral(text: PolicyText, context?: RequestContext): string | undefined {
  const values = text.map((part) => ("wildcard" in part ? part.wildcard : resolvePart(part, context)));
  return values.every((value) => value !== undefined) ? values.join("") : undefined;
}

function isEverything(pattern: PolicyText): boolean {
  const parts = pattern.filter((part) => !("text" in part && part.text === ""));
  return parts.length === 1 && parts.every((part) => "wildcard" in part && part.wildcard === "*");
}

function toRegExp(pattern: PolicyText, context: RequestContext | undefined, isArn: boolean): RegExp | undefined {
  let source = "";
  let colons = 0;
  for (const part of pattern) {
    if ("wildcard" in part) {
      const one = isArn && colons < COLONS_OF_AN_ARN ? "[^:]" : ".";
      source += part.wildcard === "*" ? `${one}*` : one;
    } else {
      const value = resolvePart(part, context);
      if (value === undefined) return undefined;
      source += value.replace(CHARACTER_CLASSES, "\\$&");
      colons += value.split(":").length - 1;
    }
  }
  return new RegExp(`^${source}$`, "s");
}

/** A value stands for itself: a `*` in a tag is no pattern. */
function resolvePart(
  part: { readonly text: string } | Variable,
  context: RequestContext | undefined,
): string | undefined {
  if ("text" in part) return part.text;
  const [value = part.fallback] = context?.get(part.key.toLowerCase()) ?? [];
  return value;
}
