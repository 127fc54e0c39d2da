import { join } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { modulesOf, pages, project } from "./code-blocks.js";

const { paths } = ts.readConfigFile(join(project, "tsconfig.json"), ts.sys.readFile).config.compilerOptions;
/** The settings of a reader's project. The library is the one in this repository. */
const READERS_OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ["node"],
  strict: true,
  skipLibCheck: true,
  allowJs: true,
  checkJs: true,
  noEmit: true,
  paths: Object.fromEntries(
    Object.entries<string[]>(paths).map(([name, [file = ""]]) => [name, [join(project, file)]]),
  ),
};

/** The modules of every page, in a separate in-memory folder for each page. */
const modules = new Map(
  pages.flatMap(modulesOf).map((module) => {
    const folder = join(project, "docs", "pasted", module.page.replace(/\W/g, "-"));
    return [join(folder, module.file), module];
  }),
);

function compile(): Map<string, string[]> {
  const host = ts.createCompilerHost(READERS_OPTIONS);
  const { fileExists, readFile, getSourceFile, directoryExists } = host;
  const inMemory = (path: string) => modules.get(path)?.text;
  host.fileExists = (path) => inMemory(path) !== undefined || fileExists(path);
  host.readFile = (path) => inMemory(path) ?? readFile(path);
  host.directoryExists = (path) =>
    [...modules.keys()].some((file) => file.startsWith(`${path}/`)) || directoryExists?.(path) === true;
  host.getSourceFile = (path, languageVersion, ...others) => {
    const text = inMemory(path);
    if (text === undefined) return getSourceFile(path, languageVersion, ...others);
    return ts.createSourceFile(path, text, languageVersion, true);
  };
  const program = ts.createProgram([...modules.keys()], READERS_OPTIONS, host);
  const errors = [...modules.keys()].map((path): [string, string[]] => {
    const source = program.getSourceFile(path);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return [path, found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))];
  });
  return new Map(errors);
}

it("the code blocks of each page compile when they are pasted in order", () => {
  expect(modules.size).toBeGreaterThan(10);
  const failed = [...compile()].filter(([, errors]) => errors.length > 0);
  const named = failed.map(([path, errors]) => [`${modules.get(path)?.page}, ${modules.get(path)?.file}`, errors]);
  expect(Object.fromEntries(named)).toEqual({});
});
