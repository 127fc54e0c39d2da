import { conflict, invalid, readSetting } from "../request/validation.js";
import { StoreError } from "./credential-store.js";

/** The return value of `createClient()` or `createClientPool()` from `redis` (node-redis). */
export interface NodeRedisClient {
  sendCommand(args: string[]): Promise<unknown>;
}

/** The return value of `createCluster()` from node-redis. */
export interface NodeRedisCluster {
  sendCommand(firstKey: string | undefined, isReadonly: boolean | undefined, args: string[]): Promise<unknown>;
  readonly nodeClient: unknown;
}

/** The return value of `createSentinel()` from node-redis. */
export interface NodeRedisSentinel {
  sendCommand(isReadonly: boolean | undefined, args: string[]): Promise<unknown>;
  readonly getSentinelNode: unknown;
}

/**
 * An instance of `Redis` or `Cluster` from `ioredis`. A `Redis` with `sentinels` and `name` finds its server through
 * them.
 */
export interface IoredisClient {
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** A client from node-redis or ioredis. You connect it, handle its errors and close it. */
export type RedisClient = NodeRedisClient | NodeRedisCluster | NodeRedisSentinel | IoredisClient;

/** Sends one command that uses only `key`. Rejects with errors that contain no record. */
export type SendCommand = (key: string, command: string, ...args: string[]) => Promise<unknown>;

const ALLOWED =
  "a client from node-redis (createClient, createClientPool, createCluster, createSentinel) or ioredis (Redis, Cluster)";
/** Replicas lag behind and reject writes. */
const READS_REPLICAS = false;

type Parts = ReturnType<typeof readParts>;

/** Values that look like a client but cannot be used as one, and what to pass instead. */
const REFUSED: readonly { is(parts: Parts): boolean; message: string; hint: string }[] = [
  {
    is: ({ isFunction }) => isFunction,
    message: "is a function or a class",
    hint: "Pass the result of new Redis() or createClient().",
  },
  {
    is: ({ isThenable, sendCommand }) => isThenable && sendCommand === undefined,
    message: "is a promise",
    hint: "Await the promise and pass the client.",
  },
  {
    is: ({ call, multi, connect }) => call === undefined && multi !== undefined && connect === undefined,
    message: "uses callbacks instead of promises",
    hint: "Pass the result of createClient() from redis 4 or later, not its legacy() client.",
  },
  {
    is: ({ release, sendCommand }) => release !== undefined && sendCommand !== undefined,
    message: "is a lease, which is only temporary",
    hint: "Pass the result of createSentinel(), not of its acquire() or use().",
  },
  {
    is: ({ isPipeline, addCommand }) => isPipeline === true || addCommand !== undefined,
    message: "is a pipeline or transaction, which sends nothing until it executes",
    hint: "Pass the client, not its pipeline() or multi().",
  },
  {
    is: ({ role }) => role === "slave",
    message: "connects to a replica, which is read-only",
    hint: 'Pass a Redis with role: "master", the default.',
  },
  {
    is: ({ scaleReads }) => scaleReads !== undefined && scaleReads !== "master",
    message: "reads from replicas, which lag behind",
    hint: 'Pass cluster.duplicate([], { scaleReads: "master" }).',
  },
];

/** @throws RolecallError `INVALID_REQUEST` if the store cannot use the value; the hint says what to pass instead */
export function readRedisClient(field: string, value: unknown): SendCommand {
  const parts = readParts(field, value);
  const refused = REFUSED.find(({ is }) => is(parts));
  if (refused) throw conflict(field, refused.message, refused.hint);

  const { call, sendCommand, nodeClient, getSentinelNode } = parts;
  // Checked first, because ioredis also has a sendCommand, with other arguments.
  if (typeof call === "function") {
    return withSafeErrors((_key, command, ...args) => Reflect.apply(call, value, [command, ...args]));
  }
  if (typeof sendCommand !== "function") throw invalid(field, value, ALLOWED);
  const send = (...args: unknown[]) => Reflect.apply(sendCommand, value, args);
  if (nodeClient !== undefined) return withSafeErrors((key, ...args) => send(key, READS_REPLICAS, args));
  if (getSentinelNode !== undefined) return withSafeErrors((_key, ...args) => send(READS_REPLICAS, args));
  return withSafeErrors((_key, ...args) => send(args));
}

/** The properties that identify each kind of client, each read once. */
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
      // Not passed on, because the client's error may contain the command and with it the record.
      const reason = describeRedisError(error);
      throw Object.assign(new StoreError(`Redis command ${command} failed: ${reason}.`), { code: reason });
    }
  };
}

/**
 * The system error code, the first word of a Redis error reply (`OOM`, `NOAUTH`), or the name of the error or its
 * class.
 */
function describeRedisError(error: unknown): string {
  try {
    if (typeof error !== "object" || error === null) return "Error";
    const part = (name: string) => readSetting("error", error, name);
    const [answered] = /^[A-Z]{3,20}(?= )/.exec(String(part("message"))) ?? [];
    const name = part("name");
    const ownName = name === "Error" ? undefined : name; // node-redis errors are all named "Error" and differ only by class
    const type = part("constructor");
    const words = [part("code"), answered, ownName, typeof type === "function" ? type.name : undefined];
    return String(words.find((word) => typeof word === "string" && /^\w{1,40}$/.test(word)) ?? "Error");
  } catch {
    return "Error"; // a revoked Proxy or a throwing getter
  }
}
