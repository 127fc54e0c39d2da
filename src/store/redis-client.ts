import { conflict, invalid, readSetting } from "../request/validation.js";
import { StoreError } from "./credential-store.js";

/** What `createClient()` or `createClientPool()` of `redis` (node-redis) returns. */
export interface NodeRedisClient {
  sendCommand(args: string[]): Promise<unknown>;
}

/** What `createCluster()` of node-redis returns. */
export interface NodeRedisCluster {
  sendCommand(firstKey: string | undefined, isReadonly: boolean | undefined, args: string[]): Promise<unknown>;
  readonly nodeClient: unknown;
}

/** What `createSentinel()` of node-redis returns. */
export interface NodeRedisSentinel {
  sendCommand(isReadonly: boolean | undefined, args: string[]): Promise<unknown>;
  readonly getSentinelNode: unknown;
}

/** What `new Redis()` or `new Cluster()` of `ioredis` returns. A Redis with `sentinels` and `name` asks these for its server. */
export interface IoredisClient {
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** A client of node-redis or ioredis. You connect it, listen to its errors and close it. */
export type RedisClient = NodeRedisClient | NodeRedisCluster | NodeRedisSentinel | IoredisClient;

/** Sends one command, which concerns `key` alone. Rejects with what may be shown of a failure. */
export type SendCommand = (key: string, command: string, ...args: string[]) => Promise<unknown>;

const ALLOWED =
  "a client of node-redis (createClient, createClientPool, createCluster, createSentinel) or ioredis (Redis, Cluster)";
/** Replicas lag behind, and refuse what is written. */
const READS_REPLICAS = false;

type Parts = ReturnType<typeof readParts>;

/** What looks like a client and cannot be used as one, and what to pass instead. */
const REFUSED: readonly { is(parts: Parts): boolean; message: string; hint: string }[] = [
  {
    is: ({ isFunction }) => isFunction,
    message: "is a function or a class",
    hint: "Pass what new Redis() or createClient() returns.",
  },
  {
    is: ({ isThenable, sendCommand }) => isThenable && sendCommand === undefined,
    message: "is a promise",
    hint: "Await the promise and pass the client.",
  },
  {
    is: ({ call, multi, connect }) => call === undefined && multi !== undefined && connect === undefined,
    message: "takes callbacks and returns no promises",
    hint: "Pass what createClient() of redis 4 or later returns, not its legacy() client.",
  },
  {
    is: ({ release, sendCommand }) => release !== undefined && sendCommand !== undefined,
    message: "is a lease, which ends",
    hint: "Pass what createSentinel() returns, not what its acquire() or use() gives.",
  },
  {
    is: ({ isPipeline, addCommand }) => isPipeline === true || addCommand !== undefined,
    message: "is a pipeline or transaction, which sends nothing until it is executed",
    hint: "Pass the client, not its pipeline() or multi().",
  },
  {
    is: ({ role }) => role === "slave",
    message: "connects to a replica, which can store nothing",
    hint: 'Pass a Redis with role: "master", the default.',
  },
  {
    is: ({ scaleReads }) => scaleReads !== undefined && scaleReads !== "master",
    message: "reads from replicas, which lag behind",
    hint: 'Pass cluster.duplicate([], { scaleReads: "master" }).',
  },
];

/** @throws RolecallError `INVALID_REQUEST` if it is no client that the store can use; the hint says which one to pass */
export function readRedisClient(field: string, value: unknown): SendCommand {
  const parts = readParts(field, value);
  const refused = REFUSED.find(({ is }) => is(parts));
  if (refused) throw conflict(field, refused.message, refused.hint);

  const { call, sendCommand, nodeClient, getSentinelNode } = parts;
  // ioredis has a sendCommand, too, which takes something else.
  if (typeof call === "function") {
    return withSafeErrors((_key, command, ...args) => Reflect.apply(call, value, [command, ...args]));
  }
  if (typeof sendCommand !== "function") throw invalid(field, value, ALLOWED);
  const send = (...args: unknown[]) => Reflect.apply(sendCommand, value, args);
  if (nodeClient !== undefined) return withSafeErrors((key, ...args) => send(key, READS_REPLICAS, args));
  if (getSentinelNode !== undefined) return withSafeErrors((_key, ...args) => send(READS_REPLICAS, args));
  return withSafeErrors((_key, ...args) => send(args));
}

/** What tells the clients apart, each read once. */
function readParts(field: string, value: unknown) {
  const createReader = (owner: unknown, at: string) => (name: string) => readSetting(at, Object(owner) as object, name);
  const part = createReader(value, field);
  const option = createReader(part("options"), `${field}.options`);
  return {
    isFunction: typeof value === "function",
    call: part("call"),
    sendCommand: part("sendCommand"),
    nodeClient: part("nodeClient"),
    getSentinelNode: part("getSentinelNode"),
    isThenable: typeof part("then") === "function",
    connect: part("connect"),
    multi: part("multi"),
    addCommand: part("addCommand"),
    isPipeline: part("isPipeline"),
    release: part("release"),
    role: option("role"),
    scaleReads: option("scaleReads"),
  };
}

function withSafeErrors(send: SendCommand): SendCommand {
  return async (key, command, ...args) => {
    try {
      return await send(key, command, ...args);
    } catch (error) {
      // The client's error carries the command, and with it the record.
      const reason = describeRedisError(error);
      throw Object.assign(new StoreError(`Redis failed at ${command}: ${reason}.`), { code: reason });
    }
  };
}

/** Node's code of a connection, the word that begins an answer of Redis (`OOM`, `NOAUTH`), or the name of the error or its class. */
function describeRedisError(error: unknown): string {
  try {
    if (typeof error !== "object" || error === null) return "Error";
    const part = (name: string) => readSetting("error", error, name);
    const [answered] = /^[A-Z]{3,20}(?= )/.exec(String(part("message"))) ?? [];
    const name = part("name");
    const ownName = name === "Error" ? undefined : name; // node-redis names only the classes of its errors
    const type = part("constructor");
    const words = [part("code"), answered, ownName, typeof type === "function" ? type.name : undefined];
    return String(words.find((word) => typeof word === "string" && /^\w{1,40}$/.test(word)) ?? "Error");
  } catch {
    return "Error"; // a Proxy that was revoked, or a getter that throws
  }
}
