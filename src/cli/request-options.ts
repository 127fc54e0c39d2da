import type { CommandSettings } from "../request/command-overrides.js";
import type { IntegrationInstance } from "../request/integration-instance.js";
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
  const command: CommandSettings = {
    roleArn,
    roleSessionName: values["role-session-name"],
    roleSessionDuration: values["role-session-duration"],
    region: values.region,
  };
  return { instance, command };
}
