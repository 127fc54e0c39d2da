import { type FileStore, fileStore, type StoredSession } from "../store/file-store.js";
import { type CliCommand, parseCommandLine, UsageError } from "./command.js";

/** The keys of sealed sessions, in base64, with commas between: secrets stand in no list of processes. */
const KEYS_VARIABLE = "ROLECALL_ENCRYPTION_KEYS";

const ACTIONS: Record<string, (store: FileStore) => Promise<string>> = { list, clear };

export const cache: CliCommand = {
  help: `Usage: rolecall cache list [--directory <path>]
       rolecall cache clear [--directory <path>]

list   Prints the sessions in the file store: key, account, expiry and role; no secret.
clear  Deletes them. Processes that hold one in memory keep it.

  --directory <path>   The file store's directory. Default: the user's own.

${KEYS_VARIABLE}: the keys of sealed sessions, in base64, with commas between.

Example: rolecall cache list --directory /var/cache/integrations
`,
  async run(args, { stdout, env }) {
    const { values, positionals } = parseCommandLine({
      args: [...args],
      options: { directory: { type: "string" } },
      allowPositionals: true,
    });
    const [action = "", ...others] = positionals;
    const perform = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (!perform || others.length > 0) throw new UsageError("rolecall cache takes one word: list or clear.");
    const encryptionKeys = env[KEYS_VARIABLE]?.split(",");
    stdout.write(await perform(fileStore({ directory: values.directory, encryptionKeys })));
    return 0;
  },
};

async function list(store: FileStore): Promise<string> {
  const sessions = await store.list();
  if (sessions.length === 0) return `No sessions in ${store.directory}\n`;
  const header = `${"KEY".padEnd(43)}  ACCOUNT       EXPIRES                   ROLE`;
  return [header, ...sessions.map(line), ""].join("\n");
}

function line({ key, labels }: StoredSession): string {
  if (!labels) return `${key}  (sealed with a key that is not in ${KEYS_VARIABLE}, or damaged)`;
  return [key, labels.accountId, labels.expiration.toISOString(), labels.roleArn].join("  ");
}

async function clear(store: FileStore): Promise<string> {
  const sessions = await store.clear();
  return `Deleted ${sessions} ${sessions === 1 ? "session" : "sessions"} from ${store.directory}\n`;
}
