import { type IntegrationInstance, readInstance } from "../request/integration-instance.js";
import { escapeInvisible, isRecord, readSetting } from "../request/validation.js";
import { UsageError } from "./command.js";
import { JsonError, parseJsonc } from "./jsonc.js";
import type { ReportOutput } from "./report.js";
import { readTextFile, TextFileError } from "./text-file.js";

const EXPECTED = "--config takes a JSON file with the instance's settings.";

/**
 * The configuration of an integration instance in a JSON file, as `getClientForCommand` takes it. Comments and trailing
 * commas are read too.
 * @param stderr gets a warning about a file with secrets that other users can read
 * @throws UsageError naming the file, RolecallError `INVALID_REQUEST` naming the field
 */
export function readInstanceFile(path: string, stderr: ReportOutput): IntegrationInstance {
  const { text, openMode } = read(path);
  const instance = parse(path, text);
  readInstance(instance);
  if (openMode !== undefined && holdsSecrets(instance)) {
    const what = `${escapeInvisible(path)} holds secrets, and other users can read it (mode ${openMode})`;
    stderr.write(`warning: ${what}. Let only its user read it.\n`);
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

/** By its name, or by a first line that is no comment: `---`, a list's item, or a key without quotes and braces. */
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
