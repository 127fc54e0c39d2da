import { escapeInvisible } from "../request/validation.js";
import type { FileStore, StoredSession } from "../store/file-store.js";
import { type CliCommand, type CommandGroup, defineCommand } from "./command.js";
import { DIRECTORY_OPTION, KEYS_HELP, KEYS_VARIABLE, openFileStore } from "./options.js";

const LIST = "Lists the sessions in the file store: key, account, expiry and role. Prints no secrets.";
const CLEAR = "Deletes the sessions in the file store. Running processes keep the ones they hold in memory.";

export const command: CommandGroup = {
  about: ["Lists or deletes the sessions in the file store, which processes of the same user share."],
  commands: {
    list: { summary: LIST, load: async () => ({ command: cacheCommand("list", LIST, list) }) },
    clear: { summary: CLEAR, load: async () => ({ command: cacheCommand("clear", CLEAR, clear) }) },
  },
};

function cacheCommand(name: string, about: string, perform: (store: FileStore) => Promise<string>): CliCommand {
  return defineCommand(
    {
      about: [about],
      options: { directory: DIRECTORY_OPTION },
      notes: [KEYS_HELP],
      examples: [`npx aws-rolecall cache ${name} --directory /var/cache/integrations`],
    },
    async ({ values }, { stdout, env }) => {
      stdout.write(await perform(openFileStore(values.directory, env)));
      return 0;
    },
  );
}

async function list(store: FileStore): Promise<string> {
  const sessions = await store.list();
  if (sessions.length === 0) return `No sessions in ${escapeInvisible(store.directory)}\n`;
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
  return `Deleted ${sessions} ${sessions === 1 ? "session" : "sessions"} from ${escapeInvisible(store.directory)}\n`;
}
