import { parseArgs } from "node:util";
import { isRolecallError } from "../errors.js";
import { type FileStore, fileStore, type StoredSession } from "../store/file-store.js";

export const CACHE_USAGE = `  cache list   [--directory <path>]   Lists the sessions in the file store: key, role, account and expiry; no secret.
  cache clear  [--directory <path>]   Deletes them. Processes that hold one in memory keep it.
`;

interface Output {
  write(text: string): unknown;
}

/** The keys of sealed sessions, in base64, with commas between: secrets stand in no list of processes. */
const KEYS_VARIABLE = "ROLECALL_ENCRYPTION_KEYS";

/** @returns the exit code; `undefined` if the arguments are not those of a command */
export async function runCache(
  args: readonly string[],
  output: Output,
  errors: Output,
  env: Record<string, string | undefined>,
): Promise<number | undefined> {
  const parsed = readArguments(args);
  const run = { list, clear }[parsed?.action ?? ""];
  if (!parsed || !run) return undefined;
  try {
    const encryptionKeys = env[KEYS_VARIABLE]?.split(",");
    output.write(await run(fileStore({ directory: parsed.directory, encryptionKeys })));
    return 0;
  } catch (error) {
    if (!isRolecallError(error)) throw error;
    errors.write(`${error.message} ${error.hint ?? ""}\n`);
    return 1;
  }
}

function readArguments(args: readonly string[]): { action: string; directory: string | undefined } | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { directory: { type: "string" } },
      allowPositionals: true,
    });
    const [action, ...others] = positionals;
    return action !== undefined && others.length === 0 ? { action, directory: values.directory } : undefined;
  } catch {
    return undefined;
  }
}

async function list(store: FileStore): Promise<string> {
  const sessions = await store.list();
  if (sessions.length === 0) return `No sessions in ${store.directory}\n`;
  return ["KEY".padEnd(43).concat("  ACCOUNT       EXPIRES                   ROLE"), ...sessions.map(line), ""].join(
    "\n",
  );
}

function line({ key, labels }: StoredSession): string {
  if (!labels) return `${key}  (sealed with a key that is not in ${KEYS_VARIABLE}, or damaged)`;
  return [key, labels.accountId, labels.expiration.toISOString(), labels.roleArn].join("  ");
}

async function clear(store: FileStore): Promise<string> {
  const sessions = await store.clear();
  return `Deleted ${sessions} ${sessions === 1 ? "session" : "sessions"} from ${store.directory}\n`;
}
