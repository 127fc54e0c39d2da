import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { homedir } from "node:os";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { packed, project } from "./consumer.js";

const root = join(packed.bare, "node_modules", "aws-rolecall");

const BUNDLED = [
  "eventemitter3",
  "hpagent",
  "is-network-error",
  "jsonc-parser",
  "leven",
  "lru-cache",
  "p-queue",
  "p-retry",
  "p-timeout",
];

/** A package's manifest, as npm installed it for the build. */
async function installed(name: string): Promise<{ name: string; version: string; license: string }> {
  return JSON.parse(await readFile(join(project, "node_modules", name, "package.json"), "utf8"));
}

describe("the tarball", () => {
  it("contains only the build and the documents", () => {
    const documents = /^docs\/(api\/(store\/)?|images\/|benchmarks\/)?[\w-]+\.(md|svg)$/;
    const build = /^dist\/(sdk\/)?[^/]+\.(js|cjs|d\.ts|d\.cts|js\.map|cjs\.map)$/;
    const beside = packed.files.filter((file) => !documents.test(file) && !build.test(file));

    expect(beside.sort()).toEqual([
      "CHANGELOG.md",
      "CONTRIBUTING.md",
      "LICENSE",
      "README.md",
      "SECURITY.md",
      "dist/THIRD-PARTY-LICENSES.txt",
      "dist/sbom.cdx.json",
      "package.json",
    ]);
  });

  it.each([".js", ".cjs"])("is readable, with source maps where a file has sources: %s", async (extension) => {
    for (const { file, text } of await filesOf(extension)) {
      const lines = text.split("\n");
      // Node quotes the line that threw. The longest lines are those in lru-cache's own build.
      expect(Math.max(...lines.map((line) => line.length)), file).toBeLessThan(1000);
      if (!text.includes("sourceMappingURL=")) {
        expect(text, `${file}, without a map`).not.toContain("// src/");
        continue;
      }
      const { sources, sourcesContent } = JSON.parse(await readFile(join(root, `${file}.map`), "utf8"));
      expect(sources.filter((source: string) => !/^(\.\.\/){1,2}(src|node_modules)\//.test(source))).toEqual([]);
      expect(sourcesContent).toHaveLength(sources.length);
    }
  });

  it("names no folder of the machine that built it", async () => {
    const folders = [project, homedir()].filter((folder) => folder.length > 1);

    expect(await filesThatHold((text) => folders.some((folder) => text.includes(`${folder}/`)))).toEqual([]);
  });

  it("contains no secret", async () => {
    const secrets =
      /-----BEGIN [A-Z ]*PRIVATE KEY|\bA[KS]IA(?![A-Z0-9]*EXAMPLE)[A-Z0-9]{16}\b|\bgh[oprsu]_\w{36}|\bnpm_\w{36}/;

    expect(await filesThatHold((text) => secrets.test(text))).toEqual([]);
  });

  it.each([".js", ".cjs"])("imports only the SDK from npm: %s", async (extension) => {
    const { dependencies, peerDependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as Record<
      "dependencies" | "peerDependencies",
      Record<string, string>
    >;
    const required = (await filesOf(extension)).flatMap(({ text }) =>
      Array.from(text.matchAll(/(?:\brequire\(|^(?:import|export|\}).* from |^import )"([^"./#][^"]*)"/gm), (match) =>
        String(match[1]),
      ),
    );
    const packages = required.filter((name) => !isBuiltin(name)).map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0]);

    // Optional packages are imported when they are needed: `import()`, and in CommonJS `require`.
    const optional = extension === ".cjs" ? peerDependencies : {};
    expect([...new Set(packages)].sort()).toEqual(Object.keys({ ...dependencies, ...optional }).sort());
    expect(packed.unpackedSize).toBeLessThan(6_400_000);
  });

  it("has documents that link only to files in it", async () => {
    const pages = await filesOf(".md");
    expect(pages.length).toBeGreaterThan(20);
    for (const { file, text } of pages) {
      const prose = text.replace(/^\s*```[\s\S]*?^\s*```/gm, "");
      const targets = Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, target = ""]) => target.replace(/#.*/, ""));
      const relative = targets.filter((target) => target !== "" && !/^[a-z]+:/.test(target));
      const missing = relative.filter((target) => !packed.files.includes(posix.join(posix.dirname(file), target)));
      expect({ file, missing }).toEqual({ file, missing: [] });
    }
  });

  it("has types that refer only to files in it", async () => {
    const named = (await filesOf("ts")).flatMap(({ text }) => text.match(/docs\/[\w/-]+\.md/g) ?? []);
    expect(named).toContain("docs/errors.md");
    expect([...new Set(named)].filter((file) => !packed.files.includes(file))).toEqual([]);
  });

  it("has the license and version of everything that it bundles", async () => {
    const licences = await readFile(join(root, "dist", "THIRD-PARTY-LICENSES.txt"), "utf8");
    const entries = licences.split(/^-+\n\n/m).map((entry) => entry.split("\n")[0]);

    expect(entries).toEqual(
      await Promise.all(BUNDLED.map(async (name) => `${name} ${(await installed(name)).version}`)),
    );
  });

  it("has a bill of materials for everything that it bundles, in a format that audit tools read", async () => {
    const text = await readFile(join(root, "dist", "sbom.cdx.json"), "utf8");
    const { components, metadata, ...head } = JSON.parse(text);
    const own = await installed("..");

    expect(head).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6", version: 1 });
    expect(metadata.component).toMatchObject({
      name: own.name,
      version: own.version,
      purl: `pkg:npm/aws-rolecall@${own.version}`,
    });
    expect(components).toEqual(
      await Promise.all(
        BUNDLED.map(async (name) => {
          const { version, license } = await installed(name);
          const purl = `pkg:npm/${name}@${version}`;
          return { type: "library", "bom-ref": purl, name, version, licenses: [{ license: { id: license } }], purl };
        }),
      ),
    );
  });

  it("has the same bill of materials for every build", async () => {
    const text = await readFile(join(root, "dist", "sbom.cdx.json"), "utf8");

    expect(text).not.toMatch(/timestamp|serialNumber|https?:|node_modules/);
  });
});

async function filesOf(extension: string): Promise<{ file: string; text: string }[]> {
  const files = packed.files.filter((file) => file.endsWith(extension));
  return Promise.all(files.map(async (file) => ({ file, text: await readFile(join(root, file), "utf8") })));
}

async function filesThatHold(matches: (text: string) => boolean): Promise<string[]> {
  return (await filesOf("")).filter(({ text }) => matches(text)).map(({ file }) => file);
}
