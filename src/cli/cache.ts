import type { FileStore, StoredSession } from "../store/file-store.js";
import { type CliCommand, parseCommandLine, UsageError } from "./command.js";
import { KEYS_HELP, KEYS_VARIABLE, openFileStore } from "./options.js";

const ACTIONS: Record<string, (store: FileStore) => Promise<string>> = { list, clear };

export const command: CliCommand = {
  help: `Usage: rolecall cache list [--directory <path>]
       rolecall cache clear [--directory <path>]

list   Lists the sessions in the file store: key, account, expiry and role. Prints no secrets.
clear  Deletes the sessions. Running processes keep the ones they hold in memory.

  --directory <path>   The file store's directory. Default: the per-user cache directory.

${KEYS_HELP}

Example: npx aws-rolecall cache list --directory /var/cache/integrations
`,
  async run(args, { stdout, env }) {
    const { values, positionals } = parseCommandLine({
      args,
      options: { directory: { type: "string" } },
      allowPositionals: true,
    });
    const [action = "", ...others] = positionals;
    const perform = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (!perform || others.length > 0) throw new UsageError("rolecall cache takes one action: list or clear.");
    stdout.write(await perform(openFileStore(values.directory, env)));
    return 0;
  },
};

async function list(store: FileStore): Promise<string> {
  const sessions = await store.list();
  if (sessions.length === 0) return `No sessions in ${store.directory}\n`;
  const header = `${"KEY".padEnd(43)}  ACCOUNT       EXPIRES                   ROLE`;
  return [header, ...sessions.map(formatSession), ""].join("\n");
}

function formatSession({ key, labels }: StoredSession): string {
  if (!labels)
    return `${key}  (damaged, accessible to other users, or sealed with a key that is not in ${KEYS_VARIABLE})`;
  return [key, labels.accountId, labels.expiration.toISOString(), labels.roleArn].join("  ");
}

async function clear(store: FileStore): Promise<string> {
  const sessions = await store.clear();
  return `Deleted ${sessions} ${sessions === 1 ? "session" : "sessions"} from ${store.directory}\n`;
}
