import { createCredentialResolver, setDefaultResolver } from "aws-rolecall";
import { redisStore } from "aws-rolecall/redis-store";
import { createClient } from "redis";

/** Hosts with the same instance profile share sessions. `encryptionKeys` come from where you keep secrets. */
export function shareByNodeRedis(url: string, encryptionKeys: string[]) {
  const client = createClient({ url });
  client.on("error", () => {}); // "aws-rolecall:store-error" tells what it means for commands
  client.connect().catch(() => {}); // not waited for: until then sessions come from STS
  const store = redisStore(client, { scope: "engines-production", encryptionKeys });
  const resolver = createCredentialResolver({ store });
  setDefaultResolver(resolver);
  return { resolver, client };
}
