import { createCredentialResolver } from "aws-rolecall";
import { redisStore } from "aws-rolecall/redis-store";
import { Redis } from "ioredis";

export function shareByIoredis(url: string, encryptionKeys: string[]) {
  const client = new Redis(url);
  client.on("error", () => {});
  const store = redisStore(client, { scope: "engines-production", encryptionKeys });
  return { resolver: createCredentialResolver({ store }), client };
}
