import type { RequestContext } from "./request-context.js";

/** The version of the policy language. The older one, IAM's default, has no policy variables. */
export type PolicyVersion = "2008-10-17" | "2012-10-17";

type Part = { readonly text: string } | { readonly wildcard: "*" | "?" } | Variable;

/** `${aws:username}`, or with a default value `${aws:PrincipalTag/team, 'blue'}`. */
export interface Variable {
  readonly key: string;
  readonly fallback: string | undefined;
}

/** A parsed string in a policy. */
export type PolicyText = readonly Part[];

const SPECIAL: Record<PolicyVersion, RegExp> = { "2008-10-17": /[*?]/g, "2012-10-17": /[*?]|\$\{([^}]*)\}?/g };
const VARIABLE = /^([\w.-]+:[^\s,'*?$]+)(?:\s*,\s*'([^']*)')?$/;
const CHARACTER_CLASSES = /[\\^$.|+()[\]{}*?]/g;
/** The number of colons in an ARN before the resource, which may contain more. */
const COLONS_OF_AN_ARN = 5;

/** @returns `undefined` if a `${…}` is neither a variable nor one of `${*}`, `${?}` and `${$}` */
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
 * Whether a pattern matches an ARN, case-sensitively. `*` matches any characters, including `/`, and `?` exactly one.
 * Neither matches a `:` before the resource part, except that the pattern `*` matches any ARN.
 */
export function matchesPolicyArn(pattern: PolicyText, arn: string, context?: RequestContext): boolean {
  return isEverything(pattern) || toRegExp(pattern, context, true)?.test(arn) === true;
}

/** Matches an entry of a `Resource` list, which may not contain variables. */
export function matchesResource(pattern: string, arn: string): boolean {
  const text = readPolicyText(pattern);
  return text !== undefined && matchesPolicyArn(text, arn);
}

/** Like {@link matchesPolicyArn}, but treats `:` as an ordinary character. */
export function matchesPolicyText(pattern: PolicyText, text: string, context?: RequestContext): boolean {
  return toRegExp(pattern, context, false)?.test(text) === true;
}

/** Resolves the variables of a string without wildcards; `undefined` if one has no value in the request. */
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

/** Resolves a variable to literal text, so that a `*` in a tag value is not a wildcard. */
function resolvePart(
  part: { readonly text: string } | Variable,
  context: RequestContext | undefined,
): string | undefined {
  if ("text" in part) return part.text;
  const [value = part.fallback] = context?.get(part.key.toLowerCase()) ?? [];
  return value;
}
