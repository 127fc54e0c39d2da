import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packed, project } from "./consumer.js";

const root = join(packed.bare, "node_modules", "aws-rolecall");

describe("the tarball", () => {
  it("holds the build and the documents, nothing else", () => {
    const beside = packed.files.filter((file) => !/^dist\/(sdk\/)?[^/]+\.(js|cjs|d\.ts|d\.cts|js\.map)$/.test(file));

    expect(beside.sort()).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "SECURITY.md",
      "dist/THIRD-PARTY-LICENSES.txt",
      "package.json",
    ]);
  });

  it("names no folder of the machine that built it", async () => {
    const folders = [project, homedir()].filter((folder) => folder.length > 1);

    expect(await filesThatHold((text) => folders.some((folder) => text.includes(`${folder}/`)))).toEqual([]);
  });

  it("carries no secret", async () => {
    const secrets =
      /-----BEGIN [A-Z ]*PRIVATE KEY|\bA[KS]IA(?![A-Z0-9]*EXAMPLE)[A-Z0-9]{16}\b|\bgh[oprsu]_\w{36}|\bnpm_\w{36}/;

    expect(await filesThatHold((text) => secrets.test(text))).toEqual([]);
  });

  it.each([".js", ".cjs"])("leaves the SDK, and nothing else, to npm: %s", async (extension) => {
    const { dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    const required = (await filesOf(extension)).flatMap(({ text }) =>
      Array.from(text.matchAll(/(?:\brequire\(|\bfrom ?|\bimport ?)"([^"./#][^"]*)"/g), (match) => String(match[1])),
    );
    const packages = required.filter((name) => !isBuiltin(name)).map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0]);

    expect([...new Set(packages)].sort()).toEqual(Object.keys(dependencies));
    expect(packed.unpackedSize).toBeLessThan(2_000_000);
  });

  it("has the licence of everything that it carries", async () => {
    const licences = await readFile(join(root, "dist", "THIRD-PARTY-LICENSES.txt"), "utf8");

    expect(licences.split(/^-+\n\n/m).map((entry) => entry.split("\n")[0])).toEqual([
      "eventemitter3",
      "hpagent",
      "is-network-error",
      "lru-cache",
      "p-queue",
      "p-retry",
      "p-timeout",
    ]);
  });
});

async function filesOf(extension: string): Promise<{ file: string; text: string }[]> {
  const files = packed.files.filter((file) => file.endsWith(extension));
  return Promise.all(files.map(async (file) => ({ file, text: await readFile(join(root, file), "utf8") })));
}

async function filesThatHold(matches: (text: string) => boolean): Promise<string[]> {
  return (await filesOf("")).filter(({ text }) => matches(text)).map(({ file }) => file);
}
