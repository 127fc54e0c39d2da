import {
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  paginateListTables,
  waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { mockClient } from "aws-sdk-client-mock";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ROLE, setUpLocal } from "../support/local.js";

const instance = { roleArn: ROLE, region: "eu-central-1" };

/** Two commands that request the same client. */
async function setUp() {
  const { aws, resolver } = await setUpLocal();
  const twice = <K extends typeof DynamoDBClient | typeof EC2Client | typeof S3Client>(Client: K) =>
    [1, 2].map(() => resolver.getClientForCommand(Client, instance)) as [InstanceType<K>, InstanceType<K>];
  return { aws, resolver, twice };
}

describe("a change to one command's client does not affect another command's client", () => {
  it("DynamoDB's document client with other unmarshall options", async () => {
    const { aws, resolver, twice } = await setUp();
    const [one, other] = twice(DynamoDBClient);
    const item = JSON.stringify({ Item: { id: { S: "1" }, count: { N: "7" } } });
    aws.fault({ on: { operation: "GetItem" }, kind: "body", contentType: "application/x-amz-json-1.0", body: item });
    const get = async (client: DynamoDBDocumentClient) =>
      (await client.send(new GetCommand({ TableName: "t", Key: { id: "1" } }))).Item?.count;
    const documents = DynamoDBDocumentClient.from(one);
    DynamoDBDocumentClient.from(other, { unmarshallOptions: { wrapNumbers: true } });
    expect(await get(documents)).toBe(7);
    expect(await get(DynamoDBDocumentClient.from(resolver.getClientForCommand(DynamoDBClient, instance)))).toBe(7);
    expect(await one.send(new GetItemCommand({ TableName: "t", Key: { id: { S: "1" } } }))).toMatchObject({
      Item: { count: { N: "7" } },
    });
  });

  it("middleware that both add under the same name", async () => {
    const { twice } = await setUp();
    const clients = twice(EC2Client);
    const seen: string[] = [];
    for (const [index, client] of clients.entries()) {
      client.middlewareStack.add(
        (next) => (args) => {
          seen.push(`${index}`);
          return next(args);
        },
        { step: "build", name: "tracing" },
      );
    }
    for (const client of clients) await client.send(new DescribeInstancesCommand({}));
    expect(seen).toEqual(["0", "1"]);
    expect(clients[0].middlewareStack.identify().join()).toContain("tracing");
  });

  it.each<[string, (client: EC2Client) => void]>([
    ["removed middleware", ({ middlewareStack }) => void middlewareStack.remove("retryMiddleware")],
    ["middleware removed by its tag", ({ middlewareStack }) => void middlewareStack.removeByTag("HTTP_SIGNING")],
    [
      "middleware from a plugin",
      ({ middlewareStack }) => middlewareStack.use({ applyToStack: (stack) => stack.add(fail) }),
    ],
    ["middleware relative to another", ({ middlewareStack }) => middlewareStack.addRelativeTo(fail, besideRetry)],
    ["a stack that logs its middleware", ({ middlewareStack }) => void middlewareStack.identifyOnResolve(true)],
    ["a replaced stack", (client) => Object.assign(client, { middlewareStack: undefined })],
    ["a replaced handler", ({ config }) => Object.assign(config, { requestHandler: { handle: fail } })],
    ["replaced credentials", ({ config }) => Object.assign(config, { credentials: fail })],
    ["a replaced send", (client) => Object.assign(client, { send: fail })],
    ["a removed configuration", (client) => Object.assign(client, { config: undefined })],
  ])("%s", async (_, change) => {
    const { twice } = await setUp();
    const [one, other] = twice(EC2Client);
    const before = other.middlewareStack.identify();
    change(one);
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    await other.send(new DescribeInstancesCommand({}));
    expect(other.middlewareStack.identify()).toEqual(before);
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });

  it("the shared handler and the lists in the configuration are frozen", async () => {
    const { twice } = await setUp();
    const [{ config }] = twice(EC2Client);
    expect(() => Object.assign(config.requestHandler, { handle: fail })).toThrow(TypeError);
    expect(() => config.httpAuthSchemes.push({} as never)).toThrow(TypeError);
  });
});

const fail = () => {
  throw new Error("another command's");
};
const besideRetry = { relation: "before", toMiddleware: "retryMiddleware", name: "beside" } as const;

describe("a command's client", () => {
  it("shares its session and its sockets with other commands", async () => {
    const { aws, twice } = await setUp();
    const [one, other] = twice(EC2Client);
    expect(one).not.toBe(other);
    await one.send(new DescribeInstancesCommand({}));
    const { total } = aws.sockets.aws;
    one.destroy();
    await other.send(new DescribeInstancesCommand({}));
    expect(aws.sockets.aws.total).toBe(total);
    expect(aws.count({ operation: "AssumeRole" })).toBe(1);
  });

  it("is an instance of its class, and its configuration can be copied", async () => {
    const { twice } = await setUp();
    const [s3] = twice(S3Client);
    expect(s3).toBeInstanceOf(S3Client);
    expect(s3.constructor).toBe(S3Client);
    const copy = { ...s3.config };
    expect(await copy.region()).toBe("eu-central-1");
    expect(await copy.credentials()).toMatchObject({ assumedRoleArn: expect.stringContaining("Inventory") });
    expect(Object.keys(s3)).toEqual(["config", "middlewareStack"]);
  });

  it("works with paginators, waiters and presigners", async () => {
    const { aws, twice } = await setUp();
    const [dynamodb] = twice(DynamoDBClient);
    let pages = 0;
    for await (const _ of paginateListTables({ client: dynamodb }, {})) pages += 1;
    expect(pages).toBe(1);
    aws.fault({ on: { operation: "DescribeTable" }, status: 400, code: "ResourceNotFoundException" });
    await waitUntilTableNotExists({ client: dynamodb, maxWaitTime: 60 }, { TableName: "t" });
    const [s3] = twice(S3Client);
    const url = new URL(await getSignedUrl(s3, new GetObjectCommand({ Bucket: "b", Key: "k" })));
    const { accessKeyId } = await s3.config.credentials();
    expect(url.searchParams.get("X-Amz-Credential")).toContain(`${accessKeyId}/`);
    expect(url.searchParams.get("X-Amz-Credential")).toContain("/eu-central-1/s3/");
  });

  it("is mocked when its class is mocked", async () => {
    const { aws, twice } = await setUp();
    const mock = mockClient(DynamoDBClient);
    onTestFinished(() => mock.restore());
    mock.on(ListTablesCommand).resolves({ TableNames: ["mocked"] });
    for (const client of twice(DynamoDBClient)) {
      expect(await client.send(new ListTablesCommand({}))).toMatchObject({ TableNames: ["mocked"] });
    }
    expect(aws.requests).toEqual([]);
  });

  it("can be mocked alone", async () => {
    const { twice } = await setUp();
    const [one, other] = twice(DynamoDBClient);
    const mock = mockClient(one);
    onTestFinished(() => mock.restore());
    mock.on(ListTablesCommand).resolves({ TableNames: ["mocked"] });
    expect(await one.send(new ListTablesCommand({}))).toMatchObject({ TableNames: ["mocked"] });
    expect(await other.send(new ListTablesCommand({}))).not.toMatchObject({ TableNames: ["mocked"] });
  });
});

it("a presigned URL is signed only as the role and only for its region", async () => {
  const { resolver } = await setUp();
  const foreign = async () => ({ accessKeyId: "AKIAFOREIGNFOREIGN12", secretAccessKey: "s".repeat(40) });
  const extensions = [
    { configure: (to: { setCredentials(provider: unknown): void }) => to.setCredentials(foreign) },
    { configure: (to: { setRegion(provider: unknown): void }) => to.setRegion(async () => "us-west-2") },
  ];
  for (const extension of extensions) {
    const clientConfig = { extensions: [extension] } as object;
    const s3 = resolver.getClientForCommand(S3Client, instance, {}, { clientConfig });
    const presigned = getSignedUrl(s3, new GetObjectCommand({ Bucket: "b", Key: "k" }));
    await expect(presigned).rejects.toMatchObject({ code: "INVALID_REQUEST" });
  }
});
