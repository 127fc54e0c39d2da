import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { boto3Arguments, boto3Environment, boto3Version, PYTHON } from "./boto3.js";
import { toProfile } from "./profiles.js";
import { makeWorkFolder } from "./work-folder.js";

const SOURCES = new URL("../cold-start/", import.meta.url);
const PRELOAD = fileURLToPath(new URL("./first-credentials.cjs", import.meta.url));

/** One source in three forms: as it is, as it would be written for CommonJS, and with all that it needs in one file. */
const FORMS = {
  import: (source) => source,
  require: async (source, outfile) => {
    // As text that stands in no package of ES modules, so that what Node requires from one has its default export.
    const stdin = { contents: await readFile(source, "utf8"), resolveDir: dirname(source) };
    return bundle({ stdin, outfile, packages: "external" });
  },
  bundle: (source, outfile) => bundle({ entryPoints: [source], outfile, minify: true }),
};

async function bundle(options) {
  // The project's own tsconfig leads to the sources, and its users have none.
  await build({ bundle: true, platform: "node", format: "cjs", tsconfigRaw: {}, ...options });
  return options.outfile;
}

/**
 * Writes what the cold start runs. Each process prints what `first-credentials.cjs` saw; those of Python print what
 * `contenders/assume_role.py` does.
 *
 * @param programs objects of `{ name, source, forms }`
 */
export async function writeColdStartProcesses(programs, { roleArn, env }) {
  const folder = await makeWorkFolder("cold-start");
  const config = join(folder, "aws-config");
  await writeFile(config, toProfile("command", roleArn));
  const nodeEnv = { ...env, ROLE_ARN: roleArn, AWS_CONFIG_FILE: config };
  const processes = [];
  for (const { name, source, forms } of programs) {
    for (const form of forms) {
      const path = fileURLToPath(new URL(`${source}.js`, SOURCES));
      const file = await FORMS[form](path, join(folder, `${source}.${form}.cjs`));
      processes.push({ name: `${name}, ${form}`, args: ["--require", PRELOAD, file], env: nodeEnv });
    }
  }
  return processes;
}

/** The same with boto3, and an empty Python process; none where there is no boto3. */
export function boto3Processes({ roleArn, env }) {
  if (boto3Version() === undefined) return [];
  const shared = { command: PYTHON, env: boto3Environment(env) };
  return [
    { ...shared, name: "an empty Python process", args: ["-c", ""] },
    { ...shared, name: "boto3", args: boto3Arguments({ roleArn, commands: 1, atATime: 1 }) },
  ];
}
