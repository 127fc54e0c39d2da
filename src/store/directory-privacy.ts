import { opendirSync, type Stats } from "node:fs";
import { conflict } from "../request/validation.js";

const GROUP_AND_OTHERS = 0o077;
const STICKY = 0o1000;
const FIELD = "options.directory";
const NAME_ANOTHER =
  "Name a directory of your own. If it does not exist yet, the store creates it for this user alone.";
/** What a shell reads as one word, as it stands. */
const PLAIN_PATH = /^[\w@%+=:,./-]+$/;

/** On Windows, which has neither user ids nor modes, the directory's own access list counts. */
export function isPrivate(uid: number, mode: number): boolean {
  return process.getuid === undefined || (uid === process.getuid() && (mode & GROUP_AND_OTHERS) === 0);
}

/**
 * @param isOurs tells the names that the library gives to files from all others
 * @throws RolecallError `INVALID_REQUEST` for what is no directory of this user alone
 */
export function assertPrivate(path: string, status: Stats, isOurs: (name: string) => boolean): void {
  if (!status.isDirectory()) throw conflict(FIELD, `is not a directory: ${path}`, "Name a directory.");
  if (isPrivate(status.uid, status.mode)) return;
  const mode = (status.mode & 0o777).toString(8);
  throw conflict(
    FIELD,
    `must be this user's alone: ${path} is of user ${status.uid} with mode ${mode}`,
    `Sessions are secrets. ${chooseHint(path, status, isOurs)}`,
  );
}

/** Only a directory that is the library's own may be changed: another one may be /tmp, a mount point, or a home. */
function chooseHint(path: string, { uid, mode }: Stats, isOurs: (name: string) => boolean): string {
  const isOwn = uid === process.getuid?.() && (mode & STICKY) === 0 && holdsOnly(path, isOurs);
  if (!isOwn) return NAME_ANOTHER;
  return PLAIN_PATH.test(path)
    ? `Run "chmod 700 ${path}" as user ${uid}, or name another directory.`
    : "Set its mode to 700, or name another directory.";
}

/** Whether a directory holds at least one file of the library and nothing else. */
function holdsOnly(path: string, isOurs: (name: string) => boolean): boolean {
  try {
    const directory = opendirSync(path);
    try {
      let entry = directory.readSync();
      if (!entry) return false;
      while (entry && isOurs(entry.name)) entry = directory.readSync();
      return entry === null;
    } finally {
      directory.closeSync();
    }
  } catch {
    return false;
  }
}
