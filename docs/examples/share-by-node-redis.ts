import { createCredentialResolver, setDefaultResolver } from "aws-rolecall";
import { redisStore } from "aws-rolecall/redis-store";
import { createClient } from "redis";

/** Shares sessions between hosts with the same instance profile. Keep `encryptionKeys` where you keep secrets. */
export function shareByNodeRedis(url: string, encryptionKeys: string[]) {
  const client = createClient({ url });
  client.on("error", () => {}); // "aws-rolecall:store-error" reports failures that affect commands
  client.connect().catch(() => {}); // not awaited: until it connects, sessions come from STS
  const store = redisStore(client, { scope: "engines-production", encryptionKeys });
  const resolver = createCredentialResolver({ store });
  setDefaultResolver(resolver);
  return { resolver, client };
}
