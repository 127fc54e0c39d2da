import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));
const TARGET = fileURLToPath(new URL("../node_modules/aws-rolecall/", import.meta.url));

/** Lays the built library out as npm would install it, so that it and its peers share one copy of the SDK. */
export function installLibrary() {
  const folder = mkdtempSync(join(tmpdir(), "rolecall-bench-pack-"));
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const [{ filename }] = JSON.parse(
    execFileSync("npm", args, { cwd: PROJECT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
  );
  rmSync(TARGET, { recursive: true, force: true });
  mkdirSync(TARGET, { recursive: true });
  execFileSync("tar", ["-xzf", join(folder, filename), "-C", TARGET, "--strip-components=1"]);
  rmSync(folder, { recursive: true });
}
