import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { makeWorkFolder } from "../lib/work-folder.js";

export const title = "Growth of an application's bundle";

const SDK = 'export { EC2Client } from "@aws-sdk/client-ec2"; export { STSClient } from "@aws-sdk/client-sts";';
const OURS = 'export { getClientForCommand } from "aws-rolecall";';
const LIMIT = 25 * 1024;
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;

export async function run() {
  const folder = await makeWorkFolder("bundle");
  const rows = [];
  for (const format of ["esm", "cjs"]) {
    const sdk = await bundle(folder, SDK, format);
    const both = await bundle(folder, `${SDK} ${OURS}`, format);
    rows.push({ format, sdk: sdk.total, added: both.total - sdk.total, library: both.library });
  }
  const most = Math.max(...rows.map(({ library }) => library));
  return {
    markdown: [
      "The table shows the size of a minified esbuild bundle, before gzip. The application uses `EC2Client` and `STSClient`, without and with `getClientForCommand`. The library's share includes lru-cache, p-queue and p-retry, which are bundled in its build (about 30 KiB). Half of the rest is error messages. The remaining growth comes from parts of the SDK that the application did not use before, such as the package that reads instance metadata.",
      "",
      "| format | the SDK's clients (floor) | added | added by the library |",
      "|---|---:|---:|---:|",
      ...rows.map(({ format, sdk, added, library }) => `| ${format} | ${kib(sdk)} | ${kib(added)} | ${kib(library)} |`),
    ].join("\n"),
    plots: [],
    checks: [
      {
        what: "the library's share of a minified bundle",
        target: `at most ${kib(LIMIT)}`,
        measured: `${kib(most)}, including bundled dependencies`,
        met: most <= LIMIT,
      },
    ],
  };
}

async function bundle(folder, source, format) {
  const entry = join(folder, "app.mjs");
  await writeFile(entry, source);
  const options = { bundle: true, minify: true, platform: "node", target: "node20", logLevel: "error" };
  const { metafile } = await build({
    ...options,
    entryPoints: [entry],
    format,
    write: false,
    metafile: true,
    outfile: "app.js",
  });
  const outputs = Object.values(metafile.outputs);
  const inputs = outputs.flatMap((output) => Object.entries(output.inputs));
  return {
    total: outputs.reduce((sum, { bytes }) => sum + bytes, 0),
    library: inputs.reduce(
      (sum, [file, input]) => sum + (file.includes("/aws-rolecall/") ? input.bytesInOutput : 0),
      0,
    ),
  };
}
