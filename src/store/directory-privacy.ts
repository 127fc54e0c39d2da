import { readdirSync, type Stats } from "node:fs";
import { conflict, escapeInvisible } from "../request/validation.js";

const GROUP_AND_OTHERS = 0o077;
const STICKY = 0o1000;
const FIELD = "options.directory";
const USE_ANOTHER =
  "Use a directory that only this user can access. If it does not exist, the store creates it with mode 700.";
/** A path that a shell reads as one word, without quotes. */
const PLAIN_PATH = /^[\w@%+=:,./-]+$/;

/** Always true on Windows, where the directory's access control list protects it instead of user ids and modes. */
export function isPrivate({ uid, mode }: Stats): boolean {
  return process.getuid === undefined || (uid === process.getuid() && (mode & GROUP_AND_OTHERS) === 0);
}

/**
 * @param isOurs whether a file name belongs to this library
 * @throws RolecallError `INVALID_REQUEST` if the path is not a directory that only this user can access
 */
export function assertPrivate(path: string, status: Stats, isOurs: (name: string) => boolean): void {
  if (!status.isDirectory()) throw conflict(FIELD, `is not a directory: ${escapeInvisible(path)}`, "Set a directory.");
  if (isPrivate(status)) return;
  const mode = (status.mode & 0o777).toString(8);
  throw conflict(
    FIELD,
    `must be accessible only to this user: ${escapeInvisible(path)} belongs to user ${status.uid} and has mode ${mode}`,
    `Sessions are secrets. ${chooseHint(path, status, isOurs)}`,
  );
}

/**
 * Suggests a mode change only for a directory that contains nothing but the library's files. Any other directory may be
 * /tmp, a mount point or a home directory.
 */
function chooseHint(path: string, { uid, mode }: Stats, isOurs: (name: string) => boolean): string {
  const isOwn = uid === process.getuid?.() && (mode & STICKY) === 0 && holdsOnly(path, isOurs);
  if (!isOwn) return USE_ANOTHER;
  return PLAIN_PATH.test(path)
    ? `Run "chmod 700 ${path}" as user ${uid}, or use another directory.`
    : "Set its mode to 700, or use another directory.";
}

/** Whether the directory has at least one file of this library and no other files. */
function holdsOnly(path: string, isOurs: (name: string) => boolean): boolean {
  try {
    const names = readdirSync(path);
    return names.length > 0 && names.every(isOurs);
  } catch {
    return false;
  }
}
