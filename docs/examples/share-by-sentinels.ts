import { createCredentialResolver } from "aws-rolecall";
import { redisStore } from "aws-rolecall/redis-store";
import { Redis } from "ioredis";
import { createSentinel } from "redis";

interface Sentinel {
  host: string;
  port: number;
}

/** With node-redis. `name` is the name of the master in the sentinels' configuration. */
export function shareByNodeRedisSentinels(name: string, sentinels: Sentinel[], encryptionKeys: string[]) {
  const client = createSentinel({ name, sentinelRootNodes: sentinels });
  client.on("error", () => {});
  const connect = (): Promise<unknown> => client.connect().catch(() => setTimeout(connect, 1000).unref());
  void connect(); // not awaited: until it connects, sessions come from STS
  const store = redisStore(client, { scope: "engines-production", encryptionKeys });
  return { resolver: createCredentialResolver({ store }), client };
}

/** With ioredis. */
export function shareByIoredisSentinels(name: string, sentinels: Sentinel[], encryptionKeys: string[]) {
  const client = new Redis({ name, sentinels });
  client.on("error", () => {});
  const store = redisStore(client, { scope: "engines-production", encryptionKeys });
  return { resolver: createCredentialResolver({ store }), client };
}
