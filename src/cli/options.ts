import type { CommandSettings } from "../request/command-overrides.js";
import type { IntegrationInstance } from "../request/integration-instance.js";
import { type FileStore, fileStore } from "../store/file-store.js";
import { readInstanceFile } from "./instance-file.js";
import type { ReportOutput } from "./report.js";

/** Options for `parseArgs`: the instance file, and the settings a command may override. */
export const REQUEST_OPTIONS = {
  config: { type: "string" },
  "role-session-name": { type: "string" },
  "role-session-duration": { type: "string" },
  region: { type: "string" },
} as const;

/** The `--help` text for {@link REQUEST_OPTIONS}. */
export const REQUEST_OPTIONS_HELP = `  --config <file>                     The instance's settings, as JSON. Default: no settings.
  --role-session-name <name>          Same as the command argument roleSessionName.
  --role-session-duration <seconds>   Same as the command argument roleSessionDuration.
  --region <region>                   Same as the command argument region.`;

type RequestValues = { [K in keyof typeof REQUEST_OPTIONS]?: string | undefined };

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

/** @throws RolecallError `INVALID_REQUEST` if the directory or a key is invalid */
export function openFileStore(directory: string | undefined, env: Record<string, string | undefined>): FileStore {
  return fileStore({ directory, encryptionKeys: (env[KEYS_VARIABLE] || undefined)?.split(",") });
}
