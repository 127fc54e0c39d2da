import { createCredentialResolver } from "aws-rolecall";
import { redisStore } from "aws-rolecall/redis-store";
import { Cluster } from "ioredis";
import { createCluster } from "redis";

/** With node-redis. `urls` are some of the cluster's nodes; the client finds the others. */
export async function shareByNodeRedisCluster(urls: string[], encryptionKeys: string[]) {
  const client = createCluster({ rootNodes: urls.map((url) => ({ url })), minimizeConnections: true });
  client.on("error", () => {});
  const connect = (): Promise<unknown> => client.connect().catch(() => setTimeout(connect, 1000).unref());
  await connect(); // until it connects, this client rejects commands and sessions come from STS
  const store = redisStore(client, { scope: "engines-production", encryptionKeys });
  return { resolver: createCredentialResolver({ store }), client };
}

/** With ioredis. */
export function shareByIoredisCluster(urls: string[], encryptionKeys: string[]) {
  const client = new Cluster(urls);
  client.on("error", () => {});
  const store = redisStore(client, { scope: "engines-production", encryptionKeys });
  return { resolver: createCredentialResolver({ store }), client };
}
