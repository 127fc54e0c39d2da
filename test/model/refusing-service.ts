import { Readable } from "node:stream";
import { DescribeRegionsCommand, EC2Client } from "@aws-sdk/client-ec2";
import type { CredentialResolver } from "../../src/index.js";
import type { NamedRequest } from "./requests.js";

const EXPIRED_TOKEN = "<Response><Errors><Error><Code>ExpiredToken</Code></Error></Errors></Response>";

/**
 * One call to a service that rejects the session with this key as expired, whatever AWS says, and accepts any other.
 */
export async function callRefusingService(
  resolver: CredentialResolver,
  { instance, command, session }: NamedRequest,
  refusedAccessKeyId: string,
): Promise<void> {
  const requestHandler = {
    async handle({ headers }: { headers: Record<string, string> }) {
      const isRefused = headers.authorization?.includes(`Credential=${refusedAccessKeyId}/`);
      return { response: isRefused ? answer(400, EXPIRED_TOKEN) : answer(200, "<DescribeRegionsResponse/>") };
    },
  };
  const clientConfig = { requestHandler, maxAttempts: 1 };
  const ec2 = resolver.getClientForCommand(EC2Client, instance, command, { clientConfig, ...(session && { session }) });
  await ec2.send(new DescribeRegionsCommand({}));
}

function answer(statusCode: number, body: string) {
  return { statusCode, headers: {}, body: Readable.from([Buffer.from(body)]) };
}
