import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    packed: {
      /** The files in the tarball, as paths inside the package. */
      files: string[];
      unpackedSize: number;
      /** Only the tarball and its dependencies. */
      bare: string;
      /** The same next to `test/package/consumers`, the docs' examples and the packages that a consumer installs. */
      consumer: string;
    };
  }
}

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const project = join(here, "..", "..");
/** Packages other than the library that consumers and the docs' examples use. */
const broughtByConsumers = [
  "@aws-sdk/client-account",
  "@aws-sdk/client-dynamodb",
  "@aws-sdk/client-ec2",
  "@aws-sdk/client-kinesis",
  "@aws-sdk/client-organizations",
  "@aws-sdk/client-s3",
  "@aws-sdk/credential-providers",
  "@aws-sdk/s3-request-presigner",
  "@backstage/config",
  "@backstage/integration-aws-node",
  "@types/node",
  "aws-sdk-client-mock",
  "ioredis",
  "redis",
  "vitest",
];

/**
 * Builds and packs once, and installs the tarball as npm would. Dependencies are links: nothing is downloaded. If
 * `ROLECALL_DIST_IS_BUILT` is set, the existing `dist` is packed: CI builds it once for all Node versions.
 */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const temp = await mkdtemp(join(tmpdir(), "rolecall-package-"));
  if (!process.env.ROLECALL_DIST_IS_BUILT) await run("npm", ["run", "build"], { cwd: project });
  const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", temp], {
    cwd: project,
  });
  const [tarball] = JSON.parse(stdout) as [{ filename: string; unpackedSize: number; files: { path: string }[] }];

  const bare = join(temp, "bare");
  await install(join(temp, tarball.filename), bare);
  const consumer = join(temp, "consumer");
  await install(join(temp, tarball.filename), consumer, broughtByConsumers);
  for (const name of ["@jest/globals", "dynamodb-3.699"]) await link(consumer, name, join(here, "node_modules"));
  await cp(join(here, "consumers"), consumer, { recursive: true });
  await cp(join(project, "docs", "examples"), join(consumer, "examples"), { recursive: true });

  const { unpackedSize } = tarball;
  provide("packed", { files: tarball.files.map((file) => file.path), unpackedSize, bare, consumer });
  return () => rm(temp, { recursive: true, force: true });
}

async function install(tarball: string, folder: string, others: string[] = []): Promise<void> {
  const target = join(folder, "node_modules", "aws-rolecall");
  await mkdir(target, { recursive: true });
  await run("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
  const manifest = JSON.parse(await readFile(join(target, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const name of [...Object.keys(manifest.dependencies), ...others]) {
    await link(folder, name, join(project, "node_modules"));
  }
}

async function link(folder: string, name: string, from: string): Promise<void> {
  const path = join(folder, "node_modules", name);
  await mkdir(dirname(path), { recursive: true });
  await symlink(join(from, name), path, "junction");
}
