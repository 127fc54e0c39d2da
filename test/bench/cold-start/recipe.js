import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { LRUCache } from "lru-cache";
import pRetry from "p-retry";

const sts = new STSClient({});
const sessions = new LRUCache({ max: 1000 });

async function sessionOf(RoleArn) {
  const command = new AssumeRoleCommand({ RoleArn, RoleSessionName: "benchmark" });
  const { Credentials } = await pRetry(() => sts.send(command), { retries: 3 });
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials;
  const session = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  sessions.set(RoleArn, session, { ttl: Expiration.getTime() - Date.now() - 300_000 });
  return session;
}

void sessionOf(process.env.ROLE_ARN).then(globalThis.obtained);
