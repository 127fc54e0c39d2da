import { mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** An empty folder for generated files, where imports find the benchmark's own dependencies. */
export async function makeWorkFolder(name) {
  const folder = fileURLToPath(new URL(`../node_modules/.generated/${name}/`, import.meta.url));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return folder;
}
