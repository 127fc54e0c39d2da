import type { CommandSettings } from "../request/command-overrides.js";
import type { IntegrationInstance } from "../request/integration-instance.js";
import { type FileStore, fileStore } from "../store/file-store.js";
import type { OptionSpec, OptionSpecs, OptionValues } from "./command.js";
import { readInstanceFile } from "./instance-file.js";
import type { ReportOutput } from "./report.js";

/** The instance file, and the settings that a command may override. */
export const REQUEST_OPTIONS = {
  config: { value: "<file>", help: "The instance's settings, as JSON. Default: no settings." },
  "role-session-name": { value: "<name>", help: "Same as the command argument roleSessionName." },
  "role-session-duration": { value: "<seconds>", help: "Same as the command argument roleSessionDuration." },
  region: { value: "<region>", help: "Same as the command argument region." },
} as const satisfies OptionSpecs;

type RequestValues = OptionValues<typeof REQUEST_OPTIONS>;

/** @throws UsageError or RolecallError `INVALID_REQUEST` if the file is invalid */
export function readRequestOptions(values: RequestValues, roleArn: string | undefined, stderr: ReportOutput) {
  const instance: IntegrationInstance = values.config === undefined ? {} : readInstanceFile(values.config, stderr);
  const overrides: CommandSettings = {
    roleArn,
    roleSessionName: values["role-session-name"],
    roleSessionDuration: values["role-session-duration"],
    region: values.region,
  };
  return { instance, overrides };
}

/** The encryption keys, in an environment variable because command lines show up in process lists. */
export const KEYS_VARIABLE = "ROLECALL_ENCRYPTION_KEYS";

/** The `--help` text for {@link KEYS_VARIABLE}. */
export const KEYS_HELP = `Set ${KEYS_VARIABLE} to the store's encryption keys: base64, separated by commas.`;

export const DIRECTORY_OPTION = {
  value: "<path>",
  help: "The file store's directory. Default: the per-user cache directory.",
} as const satisfies OptionSpec;

/** The options for sharing a command's sessions. Read them with {@link readStoreOptions}. */
export const STORE_OPTIONS = {
  store: { choices: ["file", "none"], help: "Where to share sessions.", default: "file" },
  directory: { ...DIRECTORY_OPTION, excludes: ["store=none"] },
} as const satisfies OptionSpecs;

/** @throws RolecallError `INVALID_REQUEST` if the directory or a key is invalid */
export function readStoreOptions(
  { store, directory }: OptionValues<typeof STORE_OPTIONS>,
  env: Record<string, string | undefined>,
): FileStore | undefined {
  return store === "file" ? openFileStore(directory, env) : undefined;
}

/** @throws RolecallError `INVALID_REQUEST` if the directory or a key is invalid */
export function openFileStore(directory: string | undefined, env: Record<string, string | undefined>): FileStore {
  return fileStore({ directory, encryptionKeys: (env[KEYS_VARIABLE] || undefined)?.split(",") });
}
