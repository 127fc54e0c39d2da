import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";
import type { createCredentialResolver } from "../../src/index.js";
import { type Bug, buildLibrary } from "./build-library.js";

export type { Bug };

/** The library, built with the bug in it. */
export async function buildWith(bug?: Bug): Promise<typeof createCredentialResolver> {
  const { folder, remove } = await buildLibrary({ index: "index.ts" }, bug);
  onTestFinished(remove);
  const built = await import(pathToFileURL(join(folder, "index.mjs")).href);
  return built.createCredentialResolver;
}
