import { type IntegrationInstance, readInstance } from "../request/integration-instance.js";
import { escapeInvisible, isRecord, readSetting } from "../request/validation.js";
import { UsageError } from "./command.js";
import { JsonError, parseJsonc } from "./jsonc.js";
import type { ReportOutput } from "./report.js";
import { readTextFile, TextFileError } from "./text-file.js";

const EXPECTED = "--config takes a JSON file with the instance's settings.";

/**
 * Reads an instance configuration for `getClientForCommand` from a JSON file. Allows comments and trailing commas.
 * @param stderr receives a warning if the file has secrets and other users can read it
 * @throws UsageError naming the file, or RolecallError `INVALID_REQUEST` naming the field
 */
export function readInstanceFile(path: string, stderr: ReportOutput): IntegrationInstance {
  const { text, openMode } = read(path);
  const instance = parse(path, text);
  readInstance(instance);
  if (openMode !== undefined && holdsSecrets(instance)) {
    const problem = `${escapeInvisible(path)} contains secrets, and other users can read it (mode ${openMode})`;
    stderr.write(`warning: ${problem}. Run chmod 600 on it.\n`);
  }
  return instance;
}

function read(path: string): { text: string; openMode: string | undefined } {
  try {
    return readTextFile(path);
  } catch (error) {
    if (error instanceof TextFileError) throw unusable(path, error.message, error.advice);
    const { code } = error as { code?: string };
    throw new UsageError(`Cannot read ${path}: ${code}. ${EXPECTED}`, { cause: error });
  }
}

function parse(path: string, text: string): IntegrationInstance {
  if (text.trim() === "") throw unusable(path, "is empty");
  try {
    return parseJsonc(text) as IntegrationInstance;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    if (isYaml(path, text)) throw unusable(path, "is YAML");
    if (error.place === undefined) throw unusable(path, error.message);
    throw new UsageError(`${path}:${error.place}: ${error.message}.`, { cause: error });
  }
}

function unusable(path: string, why: string, advice = EXPECTED): UsageError {
  return new UsageError(`${path} ${why}. ${advice}`);
}

/** Judges by the file name, or by the first line that is not a comment: `---`, a list item, or an unquoted key. */
function isYaml(path: string, text: string): boolean {
  const first = text.split(/\r?\n/).find((line) => line.trim() !== "" && !line.startsWith("#")) ?? "";
  return /\.ya?ml$/i.test(path) || /^(---|%YAML|- |[\w-]+:(\s|$))/.test(first);
}

function holdsSecrets(instance: IntegrationInstance): boolean {
  const network = readSetting("instance", instance, "network");
  const proxy = isRecord(network) ? readSetting("instance.network", network, "proxy") : undefined;
  const hasPassword = typeof proxy === "string" && URL.canParse(proxy) && new URL(proxy).password !== "";
  return isRecord(readSetting("instance", instance, "credentials")) || hasPassword;
}
