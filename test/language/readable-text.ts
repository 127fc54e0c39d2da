import ts from "typescript";

/** Replaces code, so that the words around it never form a phrase. */
const CODE = "\u0000";

/** A page's prose. Lines stay where they are; code, link targets and HTML comments are masked. */
export function extractProse(markdown: string): string {
  return markdown
    .replace(/^\s*```[\s\S]*?^\s*```/gm, mask)
    .replace(/<!--[\s\S]*?-->/g, mask)
    .replace(/`[^`\n]+`/g, mask)
    .replace(/\]\([^)\s]*\)/g, mask);
}

/** Comments and string literals of a TypeScript file. Lines stay where they are; everything else is masked. */
export function extractCommentsAndStrings(source: string): string {
  const literals = findLiterals(source);
  const strings = literals.filter(({ node }) => isText(node) && !isModuleName(node)).map(withoutQuotes);
  return keep(source, [...findComments(source, literals), ...strings]);
}

/** The titles in a test file. Lines stay where they are; everything else is masked. */
export function extractTestTitles(source: string): string {
  return keep(
    source,
    findLiterals(source)
      .filter(({ node }) => isText(node) && isTitle(node))
      .map(withoutQuotes),
  );
}

interface Range {
  readonly start: number;
  readonly end: number;
}

interface Literal extends Range {
  readonly node: ts.Node;
}

const withoutQuotes = ({ start, end }: Range): Range => ({ start: start + 1, end: end - 1 });

function mask(text: string): string {
  return text.replace(/[^\n]/g, CODE);
}

function keep(source: string, ranges: readonly Range[]): string {
  let text = "";
  let at = 0;
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const between = source.slice(at, start);
    // Two consecutive line comments form one text.
    text += /^\s*\/\/$/.test(between) ? between.replace("//", "  ") : mask(between);
    text += source.slice(start, end).replace(/^[ \t]*\*/gm, (star) => " ".repeat(star.length));
    at = end;
  }
  return text + mask(source.slice(at));
}

function findLiterals(source: string): Literal[] {
  const file = ts.createSourceFile("file.ts", source, ts.ScriptTarget.Latest, true);
  const literals: Literal[] = [];
  const visit = (node: ts.Node): void => {
    if (isText(node) || ts.isRegularExpressionLiteral(node)) {
      literals.push({ node, start: node.getStart(file), end: node.getEnd() });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return literals;
}

function findComments(source: string, literals: readonly Literal[]): Range[] {
  const ends = new Map(literals.map(({ start, end }) => [start, end]));
  const comments: Range[] = [];
  for (let at = 0; at < source.length; ) {
    const opening = source.slice(at, at + 2);
    const block = opening === "/*";
    const literalEnd = ends.get(at);
    if (literalEnd !== undefined) {
      at = literalEnd;
    } else if (block || opening === "//") {
      const found = source.indexOf(block ? "*/" : "\n", at);
      const end = found < 0 ? source.length : found;
      comments.push({ start: at + 2, end });
      at = end + 1;
    } else {
      at++;
    }
  }
  return comments;
}

function isText(node: ts.Node): boolean {
  return ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
}

function isModuleName({ parent }: ts.Node): boolean {
  return ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent);
}

function isTitle(node: ts.Node): boolean {
  const title = ts.isTemplateHead(node) ? node.parent : node;
  const call = title.parent;
  if (!ts.isCallExpression(call) || call.arguments[0] !== title) return false;
  let callee: ts.Node = call.expression;
  while (ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee)) callee = callee.expression;
  return ts.isIdentifier(callee) && ["describe", "it", "test"].includes(callee.text);
}
