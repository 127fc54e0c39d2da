import { Readable } from "node:stream";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { KinesisClient, ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { SignatureV4 } from "@smithy/signature-v4";
import { describe, expect, it, vi } from "vitest";
import { ROLE, setUpLocal } from "../support/local.js";

const instance = { roleArn: ROLE, region: "eu-central-1" };
const FOREIGN = "AKIAFOREIGNFOREIGN12";
const foreignKeys = { accessKeyId: FOREIGN, secretAccessKey: "s".repeat(40) };
const foreign = async () => foreignKeys;
const refused = (message: string) =>
  expect.objectContaining({ code: "INVALID_REQUEST", message: expect.stringContaining(message) });

type Handled = { headers: Record<string, string> };

/** A handler that counts requests and returns an empty response. */
function sink(body = "", headers: Record<string, string> = {}) {
  const handle = vi.fn(async (_request: Handled) => ({
    response: {
      statusCode: 200,
      headers: { "content-type": "application/xml", ...headers },
      body: Readable.from([Buffer.from(body)]),
    },
  }));
  return { handle, requestHandler: { handle } as never };
}

/** The part of the runtime extensions' configuration that the attacks use. */
interface Extended {
  setCredentials(provider: unknown): void;
  setRegion(provider: unknown): void;
  setHttpAuthScheme(scheme: unknown): void;
  setHttpAuthSchemeProvider(provider: unknown): void;
}
const extending = (configure: (extended: Extended) => void) => ({ extensions: [{ configure }] });

class ForeignSigner extends SignatureV4 {
  constructor(options: ConstructorParameters<typeof SignatureV4>[0]) {
    super({ ...options, credentials: foreignKeys });
  }
}
class ElsewhereSigner extends SignatureV4 {
  override sign(request: never, options: object = {}): Promise<never> {
    return super.sign(request, { ...options, signingRegion: "cn-north-1" } as never) as Promise<never>;
  }
}
class NoSigner {
  sign = async (request: unknown) => request;
}
const schemeOf = (sign: (request: Handled) => Handled) => ({
  schemeId: "aws.auth#sigv4",
  identityProvider: () => foreign,
  signer: { sign: async (request: Handled) => sign(request) },
});
const noAuth = {
  schemeId: "smithy.api#noAuth",
  identityProvider: () => async () => ({}),
  signer: { sign: async (request: unknown) => request },
};

describe("a request is rejected before it is sent if it is signed", () => {
  const attacks: [string, object, string][] = [
    ["with another key, by a signer", { signerConstructor: ForeignSigner }, FOREIGN],
    ["for another partition, by a signer", { signerConstructor: ElsewhereSigner }, "cn-north-1"],
    ["by a signer that does not sign", { signerConstructor: NoSigner }, "not signed"],
    ["with another key, by an extension", extending((to) => to.setCredentials(foreign)), FOREIGN],
    ["for another region, by an extension", extending((to) => to.setRegion(async () => "us-west-2")), "us-west-2"],
    ["for another partition, by an extension", extending((to) => to.setRegion(async () => "cn-north-1")), "cn-north-1"],
    [
      "by an extension's auth scheme",
      extending((to) =>
        to.setHttpAuthScheme(schemeOf(({ headers }) => ({ headers: { ...headers, authorization: "Basic YTpi" } }))),
      ),
      "can't be verified",
    ],
    [
      "by an extension that selects no auth",
      extending((to) => {
        to.setHttpAuthScheme(noAuth);
        to.setHttpAuthSchemeProvider(() => [{ schemeId: noAuth.schemeId }]);
      }),
      "not signed",
    ],
  ];

  describe.each([
    ["EC2", EC2Client, new DescribeInstancesCommand({})],
    ["S3", S3Client, new ListBucketsCommand({})],
    ["DynamoDB", DynamoDBClient, new ListTablesCommand({})],
    ["Kinesis", KinesisClient, new ListStreamsCommand({})],
    ["STS", STSClient, new GetCallerIdentityCommand({})],
  ])("%s", (_, Client, command) => {
    it.each(attacks)("%s", async (_, attack, message) => {
      const { resolver } = await setUpLocal();
      const { handle, requestHandler } = sink();
      const clientConfig = { ...attack, requestHandler, maxAttempts: 1 } as object;
      const client = resolver.getClientForCommand(Client as typeof EC2Client, instance, {}, { clientConfig });
      await expect(client.send(command as never)).rejects.toThrow(refused(message));
      expect(handle).not.toHaveBeenCalled();
    });
  });

  it("with another key, by a class that ignores its configuration", async () => {
    class Ignores extends EC2Client {
      constructor(_config: object) {
        super({ region: "eu-central-1", credentials: foreign });
      }
    }
    const { aws, resolver } = await setUpLocal();
    const ec2 = resolver.getClientForCommand(Ignores as unknown as typeof EC2Client, instance);
    await expect(ec2.send(new DescribeInstancesCommand({}))).rejects.toThrow(refused(FOREIGN));
    await expect(ec2.config.credentials()).rejects.toThrow(refused(FOREIGN));
    expect(aws.count({ target: "service" })).toBe(0);
  });

  it.each<[string, (request: Handled & { query: Record<string, string>; path: string }) => void, string]>([
    ["without its signature", ({ headers }) => void delete headers.authorization, "not signed"],
    [
      "with a bearer token",
      ({ headers }) => Object.assign(headers, { authorization: "Bearer abc.def" }),
      "bearer token",
    ],
    [
      "with an old signature version",
      ({ headers }) => Object.assign(headers, { authorization: `AWS ${FOREIGN}:c2ln` }),
      "can't be verified",
    ],
    [
      "twice, in the headers",
      ({ headers }) => Object.assign(headers, { AUTHORIZATION: "AWS4-HMAC-SHA256 x" }),
      "can't be verified",
    ],
    [
      "twice, in the query",
      ({ query }) => Object.assign(query, { "X-Amz-Credential": `${FOREIGN}/…` }),
      "can't be verified",
    ],
    [
      "twice, in the path",
      (request) => Object.assign(request, { path: `/?X-Amz-Credential=${FOREIGN}` }),
      "can't be verified",
    ],
    [
      "with another key",
      ({ headers }) =>
        Object.assign(headers, { authorization: headers.authorization?.replace(/=[^/]+\//, `=${FOREIGN}/`) }),
      FOREIGN,
    ],
    [
      "for another region",
      ({ headers }) =>
        Object.assign(headers, { authorization: headers.authorization?.replace("eu-central-1", "eu-west-1") }),
      "eu-west-1",
    ],
    [
      "for a set of different regions",
      ({ headers }) =>
        Object.assign(headers, {
          authorization: headers.authorization
            ?.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
            .replace("/eu-central-1/", "/"),
          "x-amz-region-set": "us-*,cn-north-1",
        }),
      "us-*, cn-north-1",
    ],
  ])("%s, by the command's last middleware", async (_, change, message) => {
    const { aws, resolver } = await setUpLocal();
    const command = new DescribeInstancesCommand({});
    command.middlewareStack.add(
      (next) => async (args) => {
        change(args.request as never);
        return next(args);
      },
      { step: "deserialize", priority: "low" },
    );
    await expect(resolver.getClientForCommand(EC2Client, instance).send(command)).rejects.toThrow(refused(message));
    expect(aws.count({ target: "service" })).toBe(0);
  });
});

it("an error never shows the token that a request has in place of a signature", async () => {
  vi.stubEnv("AWS_BEARER_TOKEN_EC2", "bearer-token-that-stays");
  const { resolver } = await setUpLocal();
  const clientConfig = extending((to) =>
    to.setHttpAuthScheme(
      schemeOf(({ headers }) => ({ headers: { ...headers, authorization: "Bearer word-that-stays" } })),
    ),
  ) as object;
  const sent = resolver
    .getClientForCommand(EC2Client, instance, {}, { clientConfig })
    .send(new DescribeInstancesCommand({}));
  const error = await sent.catch((thrown) => thrown);
  expect(error).toMatchObject({ code: "INVALID_REQUEST", hint: expect.stringContaining("bearer token") });
  expect(`${error.message} ${error.stack} ${error.hint}`).not.toContain("that-stays");
});

describe("a request is sent", () => {
  it("unsigned if AWS defines the operation as unsigned", async () => {
    const { resolver } = await setUpLocal();
    const { handle, requestHandler } = sink("<AssumeRoleWithWebIdentityResponse/>");
    const sts = resolver.getClientForCommand(STSClient, instance, {}, { clientConfig: { requestHandler } });
    const command = { RoleArn: ROLE, RoleSessionName: "web", WebIdentityToken: "token" };
    await sts.send(new AssumeRoleWithWebIdentityCommand(command));
    expect(handle).toHaveBeenCalledOnce();
    expect(handle.mock.calls[0]?.[0].headers).not.toHaveProperty("authorization");
  });

  it("if its signature is in the query", async () => {
    const { resolver } = await setUpLocal();
    const { handle, requestHandler } = sink();
    const s3 = resolver.getClientForCommand(S3Client, instance, {}, { clientConfig: { requestHandler } });
    const presign = (key: string) => {
      const command = new ListBucketsCommand({});
      command.middlewareStack.addRelativeTo(
        ((next: (args: unknown) => Promise<never>) => async (args: { request: unknown }) => {
          const { accessKeyId } = await resolver.resolve(instance);
          const request = args.request as Handled & { query: Record<string, string> };
          delete request.headers.authorization;
          request.query["X-Amz-Algorithm"] = "AWS4-HMAC-SHA256";
          request.query["X-Amz-Credential"] = `${key || accessKeyId}/20260101/eu-central-1/s3/aws4_request`;
          return next(args);
        }) as never,
        { relation: "after", toMiddleware: "awsAuthMiddleware" },
      );
      return s3.send(command);
    };
    await presign("");
    expect(handle).toHaveBeenCalledOnce();
    await expect(presign(FOREIGN)).rejects.toThrow(refused(FOREIGN));
  });

  it("if the class's own endpoint rules sign for a different region", async () => {
    const { resolver } = await setUpLocal();
    await resolver.resolve(instance);
    vi.stubEnv("AWS_ENDPOINT_URL", undefined);
    const { handle, requestHandler } = sink();
    const s3 = resolver.getClientForCommand(
      S3Client,
      instance,
      {},
      { clientConfig: { requestHandler, useArnRegion: true } },
    );
    const Bucket = "arn:aws:s3:us-west-2:123456789012:accesspoint/reports";
    await s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
    expect(handle.mock.calls[0]?.[0].headers.authorization).toContain("/us-west-2/s3/");
  });
});

it("a custom endpoint provider cannot sign for a different region", async () => {
  const { resolver } = await setUpLocal();
  const { handle, requestHandler } = sink();
  const endpointProvider = () => ({
    url: new URL("https://example.com"),
    properties: { authSchemes: [{ name: "sigv4", signingName: "s3", signingRegion: "us-west-2", properties: {} }] },
  });
  const clientConfig = { requestHandler, endpointProvider, maxAttempts: 1 };
  const s3 = resolver.getClientForCommand(S3Client, instance, {}, { clientConfig });
  await expect(s3.send(new GetObjectCommand({ Bucket: "reports", Key: "k" }))).rejects.toThrow(refused("us-west-2"));
  expect(handle).not.toHaveBeenCalled();
});

describe("S3 Express", () => {
  const Bucket = "reports--euc1-az1--x-s3";
  const session = (key: string) =>
    `<CreateSessionResult><Credentials><SessionToken>bucket-token</SessionToken><SecretAccessKey>${"s".repeat(40)}</SecretAccessKey><AccessKeyId>${key}</AccessKeyId><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>`;

  it("works with the sessions that the SDK's own provider opens as the role", async () => {
    const { resolver } = await setUpLocal();
    const { handle, requestHandler } = sink(session("ASIABUCKETBUCKET1234"));
    await resolver.resolve(instance);
    vi.stubEnv("AWS_ENDPOINT_URL", undefined);
    const s3 = resolver.getClientForCommand(S3Client, instance, {}, { clientConfig: { requestHandler } });
    await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "text" }));
    expect(handle.mock.calls.map(([{ headers }]) => headers.authorization?.includes("ASIABUCKETBUCKET1234"))).toEqual([
      false,
      true,
    ]);
  });

  it("is rejected with sessions from a different provider", async () => {
    const { resolver } = await setUpLocal();
    await resolver.resolve(instance);
    vi.stubEnv("AWS_ENDPOINT_URL", undefined);
    const { handle, requestHandler } = sink();
    const identity = { ...foreignKeys, sessionToken: "foreign", expiration: new Date("2100-01-01") };
    const s3ExpressIdentityProvider = { getS3ExpressIdentity: async () => identity };
    const clientConfig = { requestHandler, s3ExpressIdentityProvider, maxAttempts: 1 };
    const s3 = resolver.getClientForCommand(S3Client, instance, {}, { clientConfig });
    await expect(s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "text" }))).rejects.toThrow(
      refused(`the S3 Express access key ${FOREIGN}`),
    );
    expect(handle).not.toHaveBeenCalled();
  });
});
