import { type FileStore, fileStore } from "../store/file-store.js";

/** The encryption keys, in an environment variable because command lines show up in process lists. */
export const KEYS_VARIABLE = "ROLECALL_ENCRYPTION_KEYS";

/** The `--help` text for {@link KEYS_VARIABLE}. */
export const KEYS_HELP = `Set ${KEYS_VARIABLE} to the store's encryption keys: base64, separated by commas.`;

/** @throws RolecallError `INVALID_REQUEST` if the directory or a key is invalid */
export function openFileStore(directory: string | undefined, env: Record<string, string | undefined>): FileStore {
  return fileStore({ directory, encryptionKeys: (env[KEYS_VARIABLE] || undefined)?.split(",") });
}
