import { invalid, refuseUnreadable } from "../request/validation.js";
import { StoreError } from "./credential-store.js";

/** A client of `redis` (node-redis): `createClient()` or `createClientPool()`. */
export interface NodeRedisClient {
  sendCommand(args: string[]): Promise<unknown>;
}

/** A client of `ioredis`: `new Redis()` or `new Cluster()`. */
export interface IoredisClient {
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** A client of node-redis or ioredis. It stays the caller's, who connects it, listens to its errors and closes it. */
export type RedisClient = NodeRedisClient | IoredisClient;

/** Sends one command. Rejects with what may be shown of a failure. */
export type SendCommand = (command: string, ...args: string[]) => Promise<unknown>;

/** node-redis's own, whose `sendCommand` takes other arguments. */
const OTHER_CLIENTS = ["slots", "getSentinelNode"];
const ALLOWED = "a client of node-redis (createClient or createClientPool) or of ioredis";

/** @throws RolecallError `INVALID_REQUEST` if it is no such client */
export function readRedisClient(field: string, value: unknown): SendCommand {
  const { call, sendCommand, isOther } = readMethods(field, value);
  // ioredis has a sendCommand, too, which takes something else.
  if (typeof call === "function") return safely((command, ...args) => Reflect.apply(call, value, [command, ...args]));
  if (typeof sendCommand !== "function" || isOther) throw invalid(field, value, ALLOWED);
  return safely((command, ...args) => Reflect.apply(sendCommand, value, [[command, ...args]]));
}

function readMethods(field: string, value: unknown) {
  try {
    const { call, sendCommand } = Object(value) as { readonly call?: unknown; readonly sendCommand?: unknown };
    return { call, sendCommand, isOther: OTHER_CLIENTS.some((name) => name in Object(value)) };
  } catch {
    return refuseUnreadable(field);
  }
}

function safely(send: SendCommand): SendCommand {
  return async (command, ...args) => {
    try {
      return await send(command, ...args);
    } catch (error) {
      // The client's error carries the command, and with it the record.
      const reason = reasonOf(error);
      throw Object.assign(new StoreError(`Redis failed at ${command}: ${reason}.`), { code: reason });
    }
  };
}

/** Inherits nothing. */
const NO_ERROR = Object.create(null) as object;

/** Node's code of a connection, the word that begins what Redis answers (`OOM`, `NOAUTH`), or the name of the error. */
function reasonOf(error: unknown): string {
  try {
    const { code, message, name } = (typeof error === "object" && error !== null ? error : NO_ERROR) as {
      code?: unknown;
      message?: unknown;
      name?: unknown;
    };
    const [answered] = /^[A-Z]{3,20}(?= )/.exec(String(message)) ?? [];
    const reason = [code, answered, name].find((word) => typeof word === "string" && /^\w{1,40}$/.test(word));
    return String(reason ?? "Error");
  } catch {
    return "Error"; // a Proxy that was revoked, or a getter that throws
  }
}
