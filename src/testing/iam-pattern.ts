/** IAM's own way to write a `*`, `?` or `$` that is meant as such. */
const LITERAL = /\$\{([*?$])\}/g;
const SPECIAL = /\$\{([*?$])\}|[\\^$.|+()[\]{}*?]/g;

/**
 * Whether an IAM `Resource` pattern covers an ARN: `*` is any run of characters, `/` included, and `?` exactly one.
 * Neither reaches across a `:`, except for the pattern `*` itself. Case counts.
 */
export function matchesResource(pattern: string, arn: string): boolean {
  return pattern === "*" || matches(pattern, arn, "[^:]");
}

/** As {@link matchesResource}, for texts in which a `:` is a character like any other. */
export function matchesText(pattern: string, text: string): boolean {
  return matches(pattern, text, ".");
}

function matches(pattern: string, text: string, one: string): boolean {
  const source = pattern.replace(SPECIAL, (special, literal: string | undefined) => {
    if (literal !== undefined) return `\\${literal}`;
    return special === "*" ? `${one}*` : special === "?" ? one : `\\${special}`;
  });
  return new RegExp(`^${source}$`, "s").test(text);
}

/** A text that stands for itself, but for the characters that IAM lets one write as `${*}`, `${?}` and `${$}`. */
export function toLiteral(text: string): string {
  return text.replace(LITERAL, "$1");
}

/** Whether a text has a policy variable, such as `${aws:username}`, beside those characters. */
export function hasVariable(text: string): boolean {
  return text.replace(LITERAL, " ").includes("${");
}
