import { createCredentialResolver } from "aws-rolecall";
import { redisStore } from "aws-rolecall/redis-store";
import { Redis } from "ioredis";
import { createSentinel } from "redis";

interface Sentinel {
  host: string;
  port: number;
}

/** By node-redis. `name` is the name that the sentinels have for the master. */
export function shareByNodeRedisSentinels(name: string, sentinels: Sentinel[], encryptionKeys: string[]) {
  const client = createSentinel({ name, sentinelRootNodes: sentinels });
  client.on("error", () => {});
  const connect = (): Promise<unknown> => client.connect().catch(() => setTimeout(connect, 1000).unref());
  void connect(); // not awaited: until then sessions come from STS
  const store = redisStore(client, { scope: "engines-production", encryptionKeys });
  return { resolver: createCredentialResolver({ store }), client };
}

/** By ioredis. */
export function shareByIoredisSentinels(name: string, sentinels: Sentinel[], encryptionKeys: string[]) {
  const client = new Redis({ name, sentinels });
  client.on("error", () => {});
  const store = redisStore(client, { scope: "engines-production", encryptionKeys });
  return { resolver: createCredentialResolver({ store }), client };
}
