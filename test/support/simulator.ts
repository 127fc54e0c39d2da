import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { onTestFinished } from "vitest";

/** An address of this machine other than loopback; `undefined` if it has none. */
export const OWN_ADDRESS = Object.values(networkInterfaces())
  .flat()
  .find((known) => known && !known.internal && known.family === "IPv4")?.address;

export const SIMULATED_ROLE = "arn:aws:iam::000000000000:role/Inventory";

export interface Simulator {
  readonly url: string;
  /** The access key ids that signed, in order. */
  readonly signedBy: string[];
  /** The requested paths of the metadata service. */
  readonly metadata: string[];
}

/**
 * An AWS like simulators such as LocalStack: plain http, any keys, an account of zeros, and short access key ids. It
 * responds for STS, EC2 and the metadata service.
 */
export async function startSimulator(host: string, accessKeyId = "000000000001"): Promise<Simulator> {
  const signedBy: string[] = [];
  const metadata: string[] = [];
  const expiration = () => new Date(Date.now() + 3_600_000).toISOString();
  const assumedRole = (parameters: URLSearchParams) => `<AssumeRoleResponse><AssumeRoleResult>
    <Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>test</SecretAccessKey>
    <SessionToken>token</SessionToken><Expiration>${expiration()}</Expiration></Credentials>
    <AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId>
    <Arn>arn:aws:sts::000000000000:assumed-role/Inventory/${parameters.get("RoleSessionName")}</Arn></AssumedRoleUser>
    </AssumeRoleResult></AssumeRoleResponse>`;
  const answer = async (request: IncomingMessage): Promise<string> => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const [, signer] = /Credential=([^/]+)\//.exec(request.headers.authorization ?? "") ?? [];
    if (signer === undefined) {
      metadata.push(request.url ?? "");
      if (request.url?.endsWith("/token")) return "token";
      if (request.url?.endsWith("/security-credentials/")) return "host";
      const set = { Code: "Success", AccessKeyId: "test", SecretAccessKey: "test", Token: "token" };
      return JSON.stringify({ ...set, Expiration: expiration() });
    }
    signedBy.push(signer);
    const parameters = new URLSearchParams(body);
    return parameters.get("Action") === "AssumeRole" ? assumedRole(parameters) : "<DescribeRegionsResponse/>";
  };
  const server = createServer((request, response) => {
    void answer(request).then((text) => response.end(text));
  });
  server.listen(0, host);
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://${host}:${(server.address() as AddressInfo).port}`, signedBy, metadata };
}
