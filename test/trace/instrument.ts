import ts from "typescript";

/** The module from which an instrumented file imports its hooks. */
export const HOOKS = "call-trace-hooks";

/**
 * Puts a hook around the body of every function in a source file. The hooks add one layer of arrow functions, which
 * keep `this`, `arguments` and `super`, so the program behaves as before.
 */
export function instrument(file: string, source: string): string {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const insertions: { at: number; text: string; opens: boolean }[] = [];
  const insert = (at: number, text: string, opens: boolean) => insertions.push({ at, text, opens });

  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body) wrap(node as ts.FunctionLikeDeclaration);
    ts.forEachChild(node, visit);
  };

  const wrap = (node: ts.FunctionLikeDeclaration): void => {
    const body = node.body as ts.ConciseBody;
    const { line, character } = tree.getLineAndCharacterOfPosition(node.getStart());
    const called = `${JSON.stringify(file)}, ${JSON.stringify(`${nameOf(node)}:${line + 1}:${character + 1}`)}`;
    if (node.asteriskToken) {
      insert(body.getStart() + 1, `hooks.call(${called}, () => {});`, true);
      return;
    }
    const isAsync = ts.getModifiers(node as ts.HasModifiers)?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword);
    const open = `hooks.call(${called}, ${isAsync ? "async " : ""}() =>`;
    if (ts.isBlock(body)) {
      insert(body.getStart() + 1, `return ${open} {`, true);
      insert(body.end - 1, "});", false);
    } else {
      insert(body.getStart(), `${open} (`, true);
      insert(body.end, "))", false);
    }
  };

  visit(tree);
  // At the same position, the innermost body closes first.
  const sorted = [...insertions.filter(({ opens }) => opens), ...insertions.filter(({ opens }) => !opens).reverse()];
  sorted.sort((a, b) => a.at - b.at);
  let output = `import * as hooks from "${HOOKS}"; hooks.beginModule();`;
  let from = 0;
  for (const { at, text } of sorted) {
    output += source.slice(from, at) + text;
    from = at;
  }
  return `${output}${source.slice(from)}\nhooks.endModule();\n`;
}

function nameOf(node: ts.FunctionLikeDeclaration): string {
  if (ts.isConstructorDeclaration(node)) return `new ${node.parent.name?.text ?? "(anonymous class)"}`;
  if (node.name) return node.name.getText();
  const { parent } = node;
  const named = ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent);
  return named ? parent.name.getText() : "(anonymous)";
}
