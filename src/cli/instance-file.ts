import { readFileSync } from "node:fs";
import { type IntegrationInstance, readInstance } from "../request/integration-instance.js";
import { UsageError } from "./command.js";

/**
 * The configuration of an integration instance in a JSON file, as `getClientForCommand` takes it.
 * @throws UsageError naming the file, RolecallError `INVALID_REQUEST` naming the field
 */
export function readInstanceFile(path: string): IntegrationInstance {
  const instance = parse(path, read(path)) as IntegrationInstance;
  readInstance(instance);
  return instance;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as { code?: string };
    throw new UsageError(`Cannot read ${path}: ${code}. --config takes a JSON file with the instance's settings.`);
  }
}

/** The parser's own message quotes the text, which may hold a secret. */
function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${path} is not JSON. --config takes a JSON file with the instance's settings.`);
  }
}
