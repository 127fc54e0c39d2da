import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { conflict } from "../request/validation.js";

/**
 * The default directory for sessions, inside the platform's cache directory.
 * @throws RolecallError `INVALID_REQUEST` if the user has no home directory
 */
export function defaultDirectory(
  platform: NodeJS.Platform = process.platform,
  env: Record<string, string | undefined> = process.env,
): string {
  return join(findCache(platform, env), "aws-rolecall", "sessions");
}

function findCache(platform: NodeJS.Platform, { LOCALAPPDATA, XDG_CACHE_HOME }: Record<string, string | undefined>) {
  if (platform === "win32") return LOCALAPPDATA || join(home(), "AppData", "Local");
  if (platform === "darwin") return join(home(), "Library", "Caches");
  return XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(home(), ".cache");
}

function home(): string {
  try {
    return homedir();
  } catch (cause) {
    const error = conflict("options.directory", "is missing, and this user has no home directory", "Set a directory.");
    throw Object.assign(error, { cause });
  }
}
