import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { KinesisClient, ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { S3, S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import { describe, expect, it } from "vitest";
import { createCredentialResolver } from "../../src/index.js";
import { OTHER_ROLE, ROLE, setUpLocal } from "../support/local.js";

const instance = { roleArn: ROLE, region: "eu-central-1" };

/** The part that all views of one pooled client share. */
const pooled = ({ config }: { config: { credentials: unknown } }) => config.credentials;

describe("pooled clients", () => {
  it("are shared by class, role request, region and plain configuration", async () => {
    await using resolver = createCredentialResolver();
    const get = resolver.getClientForCommand;
    const ec2 = get(EC2Client, instance);
    expect(pooled(get(EC2Client, { ...instance }))).toBe(pooled(ec2));
    expect(pooled(get(EC2Client, instance, { region: "eu-central-1", other: "argument" }))).toBe(pooled(ec2));
    expect(pooled(get(EC2Client, instance, {}, { clientConfig: {} }))).toBe(pooled(ec2));
    const different = [
      get(S3Client, instance),
      get(S3, instance),
      get(EC2Client, instance, { region: "eu-west-1" }),
      get(EC2Client, instance, { roleArn: OTHER_ROLE }),
      get(EC2Client, instance, { roleSessionDuration: 900 }),
      get(EC2Client, instance, {}, { session: { tags: { team: "blue" } } }),
      get(EC2Client, instance, {}, { clientConfig: { maxAttempts: 1 } }),
      get(EC2Client, { ...instance, integration: "scanner" }),
    ];
    expect(new Set([ec2, ...different].map(pooled)).size).toBe(9);
    const again = get(EC2Client, instance, {}, { clientConfig: { maxAttempts: 1 } });
    expect(pooled(again)).toBe(different.map(pooled)[6]);
    expect(resolver.stats().clients).toBe(9);
  });

  it("are not shared if the configuration has functions or instances, or if the caller sets fresh", async () => {
    await using resolver = createCredentialResolver();
    const own = [
      { clientConfig: { retryStrategy: { mode: "mine" } as never } },
      { clientConfig: { endpoint: async () => ({}) as never } },
      { clientConfig: { maxAttempts: Number.NaN } },
      { clientConfig: { maxAttempts: 3n as never } },
      { fresh: true },
    ];
    for (const options of own) {
      const [one, two] = [1, 2].map(() => pooled(resolver.getClientForCommand(EC2Client, instance, {}, options)));
      expect(one).not.toBe(two);
    }
    expect(resolver.stats().clients).toBe(0);
  });

  it("do not exceed maxClients", async () => {
    await using resolver = createCredentialResolver({ maxClients: 2 });
    for (const region of ["eu-west-1", "eu-west-2", "eu-west-3"])
      resolver.getClientForCommand(EC2Client, instance, { region });
    expect(resolver.stats().clients).toBe(2);
  });
});

describe("request handlers", () => {
  it("are shared by all clients of a class; a handler from the caller is used as is", async () => {
    await using resolver = createCredentialResolver();
    const get = resolver.getClientForCommand;
    const one = get(EC2Client, instance);
    expect(get(EC2Client, instance, { region: "eu-west-1" }).config.requestHandler).toBe(one.config.requestHandler);
    expect(get(S3Client, instance).config.requestHandler).not.toBe(one.config.requestHandler);
    const requestHandler = new STSClient({ region: "us-east-1" }).config.requestHandler;
    expect(get(EC2Client, instance, {}, { clientConfig: { requestHandler } }).config.requestHandler).toBe(
      requestHandler,
    );
  });

  it("survive a client's destroy()", async () => {
    const { aws, resolver } = await setUpLocal();
    const ec2 = resolver.getClientForCommand(EC2Client, instance);
    await ec2.send(new DescribeInstancesCommand({}));
    const { total } = aws.sockets.aws;
    resolver.getClientForCommand(EC2Client, instance, { region: "eu-west-1" }).destroy();
    ec2.destroy();
    await ec2.send(new DescribeInstancesCommand({}));
    expect(aws.sockets.aws.total).toBe(total);
  });

  it("are separate for a service that uses HTTP/2", async () => {
    const { aws, resolver } = await setUpLocal();
    await resolver.getClientForCommand(KinesisClient, instance).send(new ListStreamsCommand({}));
    expect(aws.requests.at(-1)).toMatchObject({ service: "kinesis", session: { roleArn: ROLE }, status: 200 });
  });
});

describe("the user agent", () => {
  it("names the library and the integration, and keeps the caller's own entry", async () => {
    const { aws, resolver } = await setUpLocal();
    const options = { clientConfig: { customUserAgent: "pack/7" } };
    await resolver
      .getClientForCommand(DynamoDBClient, { ...instance, integration: "cloud-scanner" }, {}, options)
      .send(new ListTablesCommand({}));
    expect(aws.requests.at(-1)?.userAgent).toMatch(
      / aws-rolecall\/\d+\.\d+\.\d+ md\/integration#cloud-scanner pack\/7$/,
    );
  });
});

describe("an invalid client configuration", () => {
  it.each([
    "credentials",
    "region",
    "credentialDefaultProvider",
    "signer",
    "httpAuthSchemes",
    "httpAuthSchemeProvider",
  ])("cannot set %s", async (key) => {
    await using resolver = createCredentialResolver();
    const clientConfig = { [key]: "value" } as never;
    expect(() => resolver.getClientForCommand(EC2Client, instance, {}, { clientConfig })).toThrow(
      expect.objectContaining({ code: "INVALID_REQUEST", field: `options.clientConfig.${key}` }),
    );
  });

  it.each([["text"], [["list"]], [7]])("must be an object: %j", async (clientConfig) => {
    await using resolver = createCredentialResolver();
    expect(() =>
      resolver.getClientForCommand(EC2Client, instance, {}, { clientConfig: clientConfig as never }),
    ).toThrow(expect.objectContaining({ code: "INVALID_REQUEST", field: "options.clientConfig" }));
  });

  it.each([undefined, null, "EC2Client", {}, () => {}])("is rejected without a client class: %j", async (Client) => {
    await using resolver = createCredentialResolver();
    expect(() => resolver.getClientForCommand(Client as never, instance)).toThrow(
      expect.objectContaining({ code: "INVALID_REQUEST", field: "Client" }),
    );
  });
});
