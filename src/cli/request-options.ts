import type { CommandSettings } from "../request/command-overrides.js";
import type { IntegrationInstance } from "../request/integration-instance.js";
import { readInstanceFile } from "./instance-file.js";
import type { ReportOutput } from "./report.js";

/** For `parseArgs`: the instance, and what a command may override. */
export const REQUEST_OPTIONS = {
  config: { type: "string" },
  "role-session-name": { type: "string" },
  "role-session-duration": { type: "string" },
  region: { type: "string" },
} as const;

/** What `--help` says of {@link REQUEST_OPTIONS}. */
export const REQUEST_OPTIONS_HELP = `  --config <file>                     The instance's settings, as JSON. Default: none set.
  --role-session-name <name>          As a command's argument roleSessionName.
  --role-session-duration <seconds>   As a command's argument roleSessionDuration.
  --region <region>                   As a command's argument region.`;

type RequestValues = { [K in keyof typeof REQUEST_OPTIONS]?: string | undefined };

/** @throws UsageError or RolecallError `INVALID_REQUEST` about the file */
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
