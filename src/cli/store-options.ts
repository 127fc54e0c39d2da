import { type FileStore, fileStore } from "../store/file-store.js";

/** The keys of sealed sessions, in base64, with commas between: secrets stand in no list of processes. */
export const KEYS_VARIABLE = "ROLECALL_ENCRYPTION_KEYS";

/** What `--help` says of {@link KEYS_VARIABLE}. */
export const KEYS_HELP = `${KEYS_VARIABLE}: the keys of sealed sessions, in base64, with commas between.`;

/** @throws RolecallError `INVALID_REQUEST` about the directory or the keys */
export function openFileStore(directory: string | undefined, env: Record<string, string | undefined>): FileStore {
  return fileStore({ directory, encryptionKeys: (env[KEYS_VARIABLE] || undefined)?.split(",") });
}
