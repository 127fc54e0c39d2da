import { isUtf8 } from "node:buffer";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { type IntegrationInstance, readInstance } from "../request/integration-instance.js";
import { escapeInvisible, isRecord, readSetting } from "../request/validation.js";
import { UsageError } from "./command.js";
import { parseJsonc } from "./jsonc.js";
import type { ReportOutput } from "./report.js";

const EXPECTED = "--config takes a JSON file with the instance's settings.";
const GROUP_AND_OTHERS = 0o077;

/**
 * Reads an instance configuration for `getClientForCommand` from a JSON file. Allows comments and trailing commas.
 * @param stderr receives a warning if the file has secrets and other users can read it
 * @throws UsageError naming the file, or RolecallError `INVALID_REQUEST` naming the field
 */
export function readInstanceFile(path: string, stderr: ReportOutput): IntegrationInstance {
  const { bytes, status } = readFile(path);
  const instance = parse(path, decode(path, bytes));
  readInstance(instance);
  // Windows has no modes, and only this process can read a pipe.
  const isOpen = process.getuid !== undefined && status.isFile() && (status.mode & GROUP_AND_OTHERS) !== 0;
  if (isOpen && holdsSecrets(instance)) {
    const problem = `contains secrets, and other users can read it (mode ${(status.mode & 0o777).toString(8)})`;
    stderr.write(`warning: ${escapeInvisible(path)} ${problem}. Run chmod 600 on it.\n`);
  }
  return instance;
}

function readFile(path: string) {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    const status = fstatSync(descriptor);
    if (status.isDirectory()) throw unusable(path, "is a directory");
    return { bytes: readFileSync(descriptor), status };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot read ${path}: ${(error as { code?: string }).code}. ${EXPECTED}`, { cause: error });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Decodes UTF-8 and strips a byte order mark. Recognizes UTF-16 by its mark, or the zero byte of an ASCII character. */
function decode(path: string, bytes: Buffer): string {
  const [first, second] = bytes;
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const isUtf16 = hasMark || (first === 0) !== (second === 0);
  if (isUtf16 || !isUtf8(bytes)) throw unusable(path, isUtf16 ? "is UTF-16" : "is not UTF-8", "Save it as UTF-8.");
  return new TextDecoder().decode(bytes);
}

function parse(path: string, text: string): IntegrationInstance {
  if (text.trim() === "") throw unusable(path, "is empty");
  try {
    return parseJsonc(path, text) as IntegrationInstance;
  } catch (error) {
    if (isYaml(path, text)) throw unusable(path, "is YAML");
    throw error instanceof RangeError ? unusable(path, "is nested too deeply") : error;
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
  const credentials = readSetting("instance", instance, "credentials");
  const hasKeys = isRecord(credentials) && readSetting("instance", credentials, "secretAccessKey") !== undefined;
  return hasKeys || hasPassword;
}
