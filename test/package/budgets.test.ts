import { statSync } from "node:fs";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { packed, runNode } from "./consumer.js";

/**
 * The number of files and bytes determines how long Node takes to load the library, and is the same on every machine.
 * Line breaks cost no time. Sharing sessions is part of the first load: two more files would delay every process that gets
 * its session from a store.
 */
const FIRST_LOAD = { files: 2, bytes: 228 * 1024 };
/** For the command line: its entry, the command, and the code that they share with the library. */
const COMMAND_FILES = 14;
/** Minified size that the library adds to an application with the SDK's clients. Before gzip. */
const ADDED_TO_A_BUNDLE = 184 * 1024;

describe.each([
  ["import", "load-esm.mjs"],
  ["require", "load-cjs.cjs"],
])("%s of the library", (_, script) => {
  it("loads nothing but the library itself, and stays within its limits", async () => {
    const loaded = await scriptsLoadedBy(script);

    expect(new Set(loaded.map(packageOf))).toEqual(new Set(["aws-rolecall"]));
    expect(loaded.length).toBeLessThanOrEqual(FIRST_LOAD.files);
    expect(loaded.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThanOrEqual(FIRST_LOAD.bytes);
  });
});

describe.each([
  [["--help"]],
  [["doctor", "--help"]],
  [["explain", "--help"]],
  [["credential-process", "--help"]],
  [["cache", "--help"]],
  [["exec", "--help"]],
  [["policy", "--help"]],
  [["policy", "trust", "--help"]],
  [["explain", "arn:aws:iam::123456789012:role/Inventory"]],
])("rolecall %j", (args) => {
  it("loads only the library, without the SDK", async () => {
    const loaded = await scriptsLoadedBy(join("node_modules", "aws-rolecall", "dist", "cli.js"), ...args);

    expect(new Set(loaded.map(packageOf))).toEqual(new Set(["aws-rolecall"]));
    expect(loaded.length).toBeLessThanOrEqual(COMMAND_FILES);
  });
});

describe.each(["esm", "cjs"] as const)("a bundled application (%s)", (format) => {
  it("grows by less than the limit, and contains the SDK once", async () => {
    const sdk = 'export { EC2Client } from "@aws-sdk/client-ec2"; export { STSClient } from "@aws-sdk/client-sts";';
    const without = await bundle(sdk, format);
    const withLibrary = await bundle(`${sdk} export { getClientForCommand } from "aws-rolecall";`, format);

    expect(withLibrary.bytes - without.bytes).toBeLessThanOrEqual(ADDED_TO_A_BUNDLE);
    const sdkFiles = withLibrary.files.filter((file) => file.includes("client-sts/"));
    expect(sdkFiles).toEqual(without.files.filter((file) => file.includes("client-sts/")));
  });
});

/** The files that V8 ran, both ES modules and CommonJS: the only list with the same format in every Node version. */
async function scriptsLoadedBy(...script: string[]): Promise<string[]> {
  const coverage = await mkdtemp(join(packed.consumer, "coverage-"));
  expect(await runNode(script, { env: { NODE_V8_COVERAGE: coverage } })).toMatchObject({ code: 0 });
  const reports = await Promise.all((await readdir(coverage)).map((file) => readFile(join(coverage, file), "utf8")));
  const urls = reports.flatMap((report) => (JSON.parse(report) as { result: { url: string }[] }).result);
  return urls.map(({ url }) => url.replace(/^file:\/\//, "")).filter((file) => file.includes("/node_modules/"));
}

function packageOf(file: string): string | undefined {
  return /^(?:@[^/]+\/)?[^/]+/.exec(file.slice(file.lastIndexOf("/node_modules/") + "/node_modules/".length))?.[0];
}

async function bundle(source: string, format: "esm" | "cjs"): Promise<{ bytes: number; files: string[] }> {
  const entry = join(await mkdtemp(join(packed.consumer, "size-")), "app.mjs");
  await writeFile(entry, source);
  const { metafile } = await build({
    entryPoints: [entry],
    write: false,
    metafile: true,
    outfile: "app.js",
    format,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node20",
    logLevel: "error",
  });
  const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
  return { bytes, files: Object.keys(metafile.inputs).sort() };
}
