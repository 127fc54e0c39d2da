import { type IntegrationInstance, readInstance } from "../request/integration-instance.js";
import { escapeInvisible, isRecord, readSetting } from "../request/validation.js";
import { readJsonFile } from "./json-file.js";
import type { ReportOutput } from "./report.js";

const EXPECTED = "--config takes a JSON file with the instance's settings.";
const GROUP_AND_OTHERS = 0o077;

/**
 * Reads an instance configuration for `getClientForCommand` from a JSON file. Allows comments and trailing commas.
 * @param stderr receives a warning if the file has secrets and other users can read it
 * @throws UsageError naming the file, or RolecallError `INVALID_REQUEST` naming the field
 */
export function readInstanceFile(path: string, stderr: ReportOutput): IntegrationInstance {
  const { value, status } = readJsonFile(path, EXPECTED);
  const instance = value as IntegrationInstance;
  readInstance(instance);
  // Windows has no file modes, and only this process can read a pipe.
  const isOpen = process.getuid !== undefined && status.isFile() && (status.mode & GROUP_AND_OTHERS) !== 0;
  if (isOpen && holdsSecrets(instance)) {
    const problem = `contains secrets, and other users can read it (mode ${(status.mode & 0o777).toString(8)})`;
    stderr.write(`warning: ${escapeInvisible(path)} ${problem}. Run chmod 600 on it.\n`);
  }
  return instance;
}

function holdsSecrets(instance: IntegrationInstance): boolean {
  const network = readSetting("instance", instance, "network");
  const proxy = isRecord(network) ? readSetting("instance.network", network, "proxy") : undefined;
  const hasPassword = typeof proxy === "string" && URL.canParse(proxy) && new URL(proxy).password !== "";
  const credentials = readSetting("instance", instance, "credentials");
  const hasKeys = isRecord(credentials) && readSetting("instance", credentials, "secretAccessKey") !== undefined;
  return hasKeys || hasPassword;
}
