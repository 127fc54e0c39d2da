import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { LRUCache } from "lru-cache";
import pRetry from "p-retry";

const BEFORE_EXPIRY = 300_000;

export default {
  name: "recipe",
  label: "recipe: lru-cache, p-retry",
  description: "sessions in an `lru-cache` until 5 minutes before they expire, a new client for each command",
  async create() {
    const stsClient = new STSClient({});
    const sessions = new LRUCache({
      max: 100_000,
      async fetchMethod(RoleArn, _stale, { options }) {
        const command = () => new AssumeRoleCommand({ RoleArn, RoleSessionName: "benchmark" });
        const { Credentials } = await pRetry(() => stsClient.send(command()), { retries: 3 });
        const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials;
        options.ttl = Expiration.getTime() - Date.now() - BEFORE_EXPIRY;
        return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
      },
    });
    return {
      client: async (Client, { roleArn, region }) => new Client({ region, credentials: await sessions.fetch(roleArn) }),
      close: () => stsClient.destroy(),
    };
  },
};
