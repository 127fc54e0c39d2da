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
 * An instance of `Redis` or `Cluster` from `ioredis`. For Sentinel, construct `Redis` with the options `sentinels`
 * and `name`.
 */
export interface IoredisClient {
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** A client from node-redis or ioredis. You connect it, handle its errors and close it. */
export type RedisClient = NodeRedisClient | NodeRedisCluster | NodeRedisSentinel | IoredisClient;

/** Sends one command that uses only `key`. Rejects with errors that contain no record. */
export type SendCommand = (key: string, ...command: string[]) => Promise<unknown>;

const ALLOWED =
  "a client from node-redis (createClient, createClientPool, createCluster, createSentinel) or ioredis (Redis, Cluster)";
/** Replicas lag behind and reject writes. */
const READS_REPLICAS = false;

/** @throws RolecallError `INVALID_REQUEST` if the store cannot use the value; the hint says what to pass instead */
export function readRedisClient(field: string, value: unknown): SendCommand {
  const part = (name: string) => readSetting(field, Object(value) as object, name);
  const options = Object(part("options")) as object;
  const [role, scaleReads] = ["role", "scaleReads"].map((name) => readSetting(`${field}.options`, options, name));
  const [call, sendCommand, nodeClient] = [part("call"), part("sendCommand"), part("nodeClient")];
  const isPromise = typeof part("then") === "function" && sendCommand === undefined;
  const usesCallbacks = call === undefined && part("multi") !== undefined && part("connect") === undefined;
  const isLease = part("release") !== undefined && sendCommand !== undefined;
  const isPipeline = part("isPipeline") === true || part("addCommand") !== undefined;
  const readsReplicas = scaleReads !== undefined && scaleReads !== "master";
  const isSentinel = part("getSentinelNode") !== undefined;

  const refuseIf = (isRefused: boolean, message: string, hint: string) => {
    if (isRefused) throw conflict(field, message, hint);
  };
  refuseIf(
    typeof value === "function",
    "is a function or a class",
    "Pass the result of new Redis() or createClient().",
  );
  refuseIf(isPromise, "is a promise", "Await the promise and pass the client.");
  refuseIf(
    usesCallbacks,
    "uses callbacks instead of promises",
    "Pass the result of createClient() from redis 4 or later, not its legacy() client.",
  );
  refuseIf(
    isLease,
    "is a lease, which is only temporary",
    "Pass the result of createSentinel(), not a lease from its acquire() or use().",
  );
  refuseIf(
    isPipeline,
    "is a pipeline or transaction, which sends nothing until it executes",
    "Pass the client, not its pipeline() or multi().",
  );
  refuseIf(
    role === "slave",
    "connects to a replica, which is read-only",
    'Pass a Redis with role: "master", the default.',
  );
  refuseIf(
    readsReplicas,
    "reads from replicas, which lag behind",
    'Pass cluster.duplicate([], { scaleReads: "master" }).',
  );

  // Prefers `call`, because ioredis also has a sendCommand, which takes different arguments.
  const method = typeof call === "function" ? call : sendCommand;
  if (typeof method !== "function") throw invalid(field, value, ALLOWED);
  const toArguments = (key: string, command: readonly string[]): unknown[] => {
    if (method === call) return [...command];
    if (nodeClient !== undefined) return [key, READS_REPLICAS, command];
    return isSentinel ? [READS_REPLICAS, command] : [command];
  };
  return async (key, ...command) => {
    try {
      return await Reflect.apply(method, value, toArguments(key, command));
    } catch (error) {
      // Hides the client's error, because it may contain the command, which includes the record.
      const reason = describeRedisError(error);
      throw Object.assign(new StoreError(`Redis command ${command[0]} failed: ${reason}.`), { code: reason });
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
