import { readFileSync } from "node:fs";
import { type IntegrationInstance, readInstance } from "../request/integration-instance.js";
import { UsageError } from "./command.js";

const EXPECTED = "--config takes a JSON file with the instance's settings.";

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
    throw new UsageError(`Cannot read ${path}: ${code}. ${EXPECTED}`, { cause: error });
  }
}

/** The parser's own error quotes the text, which may hold a secret. */
function parse(path: string, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (value === undefined) throw new UsageError(`${path} is not JSON. ${EXPECTED}`);
  return value;
}
