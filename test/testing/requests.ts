import { AssumeRoleCommand, type AssumeRoleCommandInput, STSClient } from "@aws-sdk/client-sts";
import { Sha256 } from "@smithy/core/checksum";
import { HttpRequest } from "@smithy/core/protocols";
import { SignatureV4 } from "@smithy/signature-v4";
import type { IssuedCredentials, LocalAws } from "../../src/testing/index.js";

export const ROLE = "arn:aws:iam::123456789012:role/teams/red/Inventory";
export const OTHER_ROLE = "arn:aws:iam::444455556666:role/Audit";
export const USER = "arn:aws:iam::111122223333:user/ann";

export type Keys = Pick<IssuedCredentials, "accessKeyId" | "secretAccessKey" | "sessionToken">;

/** The instance profile's current keys, read over IMDSv2 like any client would. */
export async function readInstanceKeys(aws: LocalAws): Promise<Keys & { expiration: string }> {
  const token = await imdsToken(aws);
  const headers = { "x-aws-ec2-metadata-token": token };
  const path = `${aws.imdsEndpoint}/latest/meta-data/iam/security-credentials/`;
  const role = await (await fetch(path, { headers })).text();
  const fields = (await (await fetch(path + role, { headers })).json()) as Record<string, string>;
  return {
    accessKeyId: fields.AccessKeyId ?? "",
    secretAccessKey: fields.SecretAccessKey ?? "",
    sessionToken: fields.Token ?? "",
    expiration: fields.Expiration ?? "",
  };
}

export async function imdsToken(aws: LocalAws, ttlSeconds = 21_600): Promise<string> {
  const headers = { "x-aws-ec2-metadata-token-ttl-seconds": String(ttlSeconds) };
  return (await fetch(`${aws.imdsEndpoint}/latest/api/token`, { method: "PUT", headers })).text();
}

export function stsAs(aws: LocalAws, keys: Keys, region = "us-east-1"): STSClient {
  return new STSClient({ endpoint: aws.endpoint, region, credentials: identity(keys), maxAttempts: 1 });
}

/** Calls AssumeRole as the instance profile, unless other keys are given. */
export async function assumeRole(aws: LocalAws, input: Partial<AssumeRoleCommandInput> = {}, keys?: Keys) {
  const sts = stsAs(aws, keys ?? (await readInstanceKeys(aws)));
  return sts.send(new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: "test", ...input }));
}

export async function assumedKeys(
  aws: LocalAws,
  input: Partial<AssumeRoleCommandInput> = {},
  keys?: Keys,
): Promise<Keys> {
  const { Credentials } = await assumeRole(aws, input, keys);
  return {
    accessKeyId: Credentials?.AccessKeyId ?? "",
    secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  };
}

export function identity({ accessKeyId, secretAccessKey, sessionToken }: Keys) {
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}

export interface RequestParts {
  method?: string;
  path?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: string;
}

export const CALLER_IDENTITY: RequestParts = {
  method: "POST",
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body: "Action=GetCallerIdentity&Version=2011-06-15",
};

export function unsigned(
  aws: LocalAws,
  { method = "GET", path = "/", query = {}, headers = {}, body }: RequestParts,
): HttpRequest {
  const { hostname, port, host } = new URL(aws.endpoint);
  return new HttpRequest({
    protocol: "http:",
    hostname,
    port: Number(port),
    method,
    path,
    query,
    headers: { host, ...headers },
    body,
  });
}

export interface SigningOptions {
  service?: string;
  region?: string;
  signingDate?: Date;
  expiresIn?: number;
}

function signer(keys: Keys, service: string, region: string): SignatureV4 {
  return new SignatureV4({
    credentials: identity(keys),
    service,
    region,
    sha256: Sha256,
    uriEscapePath: service !== "s3",
  });
}

export function sign(
  aws: LocalAws,
  keys: Keys,
  parts: RequestParts,
  options: SigningOptions = {},
): Promise<HttpRequest> {
  const { service = "sts", region = "us-east-1", ...rest } = options;
  return signer(keys, service, region).sign(unsigned(aws, parts), rest) as Promise<HttpRequest>;
}

export function presign(
  aws: LocalAws,
  keys: Keys,
  parts: RequestParts,
  options: SigningOptions = {},
): Promise<HttpRequest> {
  const { service = "sts", region = "us-east-1", ...rest } = options;
  return signer(keys, service, region).presign(unsigned(aws, parts), rest) as Promise<HttpRequest>;
}

/** Sends exactly this request. `outcome` is "200", or status and error code: "403 SignatureDoesNotMatch". */
export async function send(
  request: HttpRequest,
): Promise<{ status: number; outcome: string; body: string; headers: Headers }> {
  const query = Object.entries(request.query).map(([name, value]) => `${encode(name)}=${encode(String(value))}`);
  const url = `http://${request.hostname}:${request.port}${request.path}${query.length > 0 ? `?${query.join("&")}` : ""}`;
  const { host: _fetchSetsIt, ...headers } = request.headers;
  const response = await fetch(url, { method: request.method, headers, body: request.body ?? null });
  const body = await response.text();
  const code = /<Code>(.*?)<\/Code>|"__type":"(.*?)"/.exec(body);
  const outcome = [response.status, code?.[1] ?? code?.[2]].filter(Boolean).join(" ");
  return { status: response.status, outcome, body, headers: response.headers };
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
