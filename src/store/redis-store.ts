import { conflict, readSettings, readText, type TextRule } from "../request/validation.js";
import { type CredentialStore, LONGEST_RECORD, StoreError, type StoreLock } from "./credential-store.js";
import { type EncryptionKey, readEncryptionKeys } from "./encryption-keys.js";
import { type RedisClient, readRedisClient } from "./redis-client.js";

export type {
  IoredisClient,
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisSentinel,
  RedisClient,
} from "./redis-client.js";

/** Options of {@link redisStore}. */
export interface RedisStoreOptions {
  /**
   * A name that you choose for the hosts that share sessions. They must all have the same instance profile role. Hosts
   * with a different role need a different scope. 1 to 255 characters.
   */
  scope: string;
  /**
   * Encrypts sessions with the first key, and decrypts with any of them. Every host in the scope needs the
   * keys. They are never sent to Redis.
   */
  encryptionKeys: readonly EncryptionKey[];
  /** The prefix of every key in Redis. Default `"rolecall:"`. */
  prefix?: string | undefined;
}

const OPTION_KEYS = ["scope", "encryptionKeys", "prefix"] as const satisfies readonly (keyof RedisStoreOptions)[];
const SCOPE: TextRule = { pattern: /^/, min: 1, max: 255, allowed: "1 to 255 characters" };
const PREFIX: TextRule = { pattern: /^[\x21-\x7e]*$/, min: 0, max: 100, allowed: "at most 100 printable characters" };
const SCOPE_HINT = "Choose a name for the hosts that share the same instance profile role.";
const KEYS_HINT =
  'Give every host in the scope the same key, from "openssl rand -base64 32". Without it, anyone who can read Redis could use every session.';
const TOO_LONG = `Redis returned a value of more than ${LONGEST_RECORD} characters. Check what else writes to this key prefix.`;
/** Compares and deletes atomically, because the record may be replaced in between. */
const DELETE_IF_EQUAL = 'if redis.call("get",KEYS[1])==ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end';

/**
 * Stores encrypted sessions in Redis or Valkey, which many hosts can share. Pass it as the resolver's `store`.
 * @throws RolecallError `INVALID_REQUEST` naming the option that is invalid or missing
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions): CredentialStore {
  const send = readRedisClient("client", client);
  const given = readSettings("options", options, OPTION_KEYS);
  const scope = readText("options.scope", given?.scope, SCOPE);
  const encryptionKeys = readEncryptionKeys("options.encryptionKeys", given?.encryptionKeys);
  const prefix = readText("options.prefix", given?.prefix, PREFIX) ?? "rolecall:";
  if (scope === undefined) throw conflict("options.scope", "is missing", SCOPE_HINT);
  if (!encryptionKeys) throw conflict("options.encryptionKeys", "is missing", KEYS_HINT);

  const set = (name: string, text: string, ttl: number, ...flags: string[]) =>
    send(name, "SET", name, text, ...flags, "PX", `${Math.ceil(ttl)}`);
  const deleteIfEqual = (name: string, text: string) => send(name, "EVAL", DELETE_IF_EQUAL, "1", name, text);
  const toRedisKey = (key: string) => {
    if (typeof key !== "string") throw new StoreError("A key of the Redis store must be a string.");
    return prefix + key;
  };

  return {
    scope,
    encryptionKeys,
    async get(key) {
      // Reads at most one character more than a record can have, because Redis may hold a huge value at this key.
      const name = toRedisKey(key);
      const text = await send(name, "GETRANGE", name, "0", `${LONGEST_RECORD}`);
      if (text === null || text === undefined || text === "") return undefined;
      if (typeof text !== "string") throw unexpectedReply("GETRANGE");
      if (text.length > LONGEST_RECORD) throw new StoreError(TOO_LONG);
      return text;
    },
    async set(key, record, ttl) {
      if ((await set(toRedisKey(key), record, ttl)) !== "OK") throw unexpectedReply("SET");
    },
    async delete(key, record) {
      const name = toRedisKey(key);
      await (record === undefined ? send(name, "DEL", name) : deleteIfEqual(name, record));
    },
    async lock(key, ttl): Promise<StoreLock | undefined> {
      const name = `${toRedisKey(key)}:lock`;
      const token = process.getBuiltinModule("node:crypto").randomUUID();
      const answer = await set(name, token, ttl, "NX");
      if (answer === null || answer === undefined) return undefined;
      if (answer !== "OK") throw unexpectedReply("SET");
      return { release: async () => void (await deleteIfEqual(name, token)) };
    },
  };
}

function unexpectedReply(command: string): StoreError {
  return new StoreError(
    `Redis replied to ${command} with an unexpected value. Check whether the client maps types, or queues commands for a transaction.`,
  );
}
