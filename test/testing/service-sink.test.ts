import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { DescribeInstancesCommand, DescribeRegionsCommand, DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { KinesisClient, ListStreamsCommand } from "@aws-sdk/client-kinesis";
import {
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/testing/index.js";
import { type Keys, type RequestParts, ROLE, send, sign } from "./requests.js";

const REGION = "eu-west-1";
const QUERY: RequestParts = {
  method: "POST",
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body: "Action=ListUsers&Version=2010-05-08",
};
const CBOR: RequestParts = {
  method: "POST",
  path: "/service/GraniteServiceVersion20100801/operation/ListMetrics",
  headers: { "smithy-protocol": "rpc-v2-cbor" },
  body: "",
};
const REST_XML: RequestParts = {
  method: "POST",
  path: "/2013-04-01/hostedzone",
  headers: { "content-type": "application/xml" },
  body: "<a/>",
};

let aws: LocalAws;
let keys: Keys;

beforeEach(async () => {
  aws = await startLocalAws({ disabledRegions: ["ap-east-1"] });
  keys = aws.issueSession({ roleArn: ROLE, roleSessionName: "red-1" });
});
afterEach(() => aws.close());

const config = (region = REGION) => ({ endpoint: aws.endpoint, region, credentials: keys, maxAttempts: 1 });

describe("EC2", () => {
  it("describes one instance per region, in the caller's account", async () => {
    const ask = async (region: string) => {
      const { Reservations } = await new EC2Client(config(region)).send(new DescribeInstancesCommand({}));
      return Reservations?.flatMap(({ OwnerId, Instances }) =>
        Instances?.map(({ InstanceId, Placement, State }) => [
          OwnerId,
          InstanceId,
          Placement?.AvailabilityZone,
          State?.Name,
        ]),
      );
    };
    const here = await ask(REGION);
    expect(here).toEqual([["123456789012", expect.stringMatching(/^i-[0-9a-f]{17}$/), "eu-west-1a", "running"]]);
    expect(await ask(REGION)).toEqual(here);
    expect((await ask("us-west-2"))?.[0]?.[1]).not.toBe(here?.[0]?.[1]);
  });

  it("describes the enabled regions, and returns empty results for other operations", async () => {
    const ec2 = new EC2Client(config());
    const { Regions } = await ec2.send(new DescribeRegionsCommand({}));
    expect(Regions?.map(({ RegionName }) => RegionName)).toContain("eu-central-1");
    expect((await ec2.send(new DescribeVpcsCommand({}))).Vpcs ?? []).toEqual([]);
  });
});

describe("any service", () => {
  it("responds in its own protocol, and records the signer", async () => {
    await new DynamoDBClient(config()).send(new ListTablesCommand({}));
    await new EC2Client(config("us-west-2")).send(new DescribeInstancesCommand({}));
    const s3 = new S3Client({ ...config(), forcePathStyle: true });
    expect((await s3.send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
    expect(await s3.send(new ListObjectsV2Command({ Bucket: "reports" }))).toMatchObject({
      Name: "reports",
      KeyCount: 0,
    });
    await s3.send(new HeadBucketCommand({ Bucket: "reports" }));
    expect(await (await s3.send(new GetObjectCommand({ Bucket: "reports", Key: "a" }))).Body?.transformToString()).toBe(
      "",
    );

    expect(aws.requests.map(({ service, region, operation }) => [service, region, operation])).toEqual([
      ["dynamodb", "eu-west-1", "ListTables"],
      ["ec2", "us-west-2", "DescribeInstances"],
      ["s3", "eu-west-1", "ListBuckets"],
      ["s3", "eu-west-1", "GET /reports/"],
      ["s3", "eu-west-1", "HEAD /reports/"],
      ["s3", "eu-west-1", "GetObject"],
    ]);
    for (const { target, status, session, roleArn, userAgent } of aws.requests) {
      expect({ target, status, roleArn }).toEqual({ target: "service", status: 200, roleArn: ROLE });
      expect(session).toEqual({
        accessKeyId: keys.accessKeyId,
        arn: "arn:aws:sts::123456789012:assumed-role/Inventory/red-1",
        accountId: "123456789012",
        userId: expect.stringMatching(/^AROA[A-Z2-7]{17}:red-1$/),
        roleArn: ROLE,
        roleSessionName: "red-1",
      });
      expect(userAgent).toContain("aws-sdk-js");
    }
  });

  it("can use HTTP/2", async () => {
    const kinesis = new KinesisClient(config());
    await kinesis.send(new ListStreamsCommand({}));
    aws.fault({ on: { service: "kinesis" }, status: 400, code: "LimitExceededException", message: "slower" });
    await expect(kinesis.send(new ListStreamsCommand({}))).rejects.toMatchObject({ name: "LimitExceededException" });
    expect(aws.requests.map(({ operation, status }) => [operation, status])).toEqual([
      ["ListStreams", 200],
      ["ListStreams", 400],
    ]);
    kinesis.destroy();
  });

  it.each<[string, RequestParts, string]>([
    ["ec2", { ...QUERY, body: "Action=DescribeVpcs&Version=2016-11-15" }, "401 AuthFailure"],
    ["iam", QUERY, "403 InvalidClientTokenId"],
    ["dynamodb", { ...QUERY, headers: { "x-amz-target": "DynamoDB.ListTables" } }, "400 UnrecognizedClientException"],
    ["monitoring", CBOR, "400 UnrecognizedClientException"],
    ["lambda", { path: "/2015-03-31/functions" }, "403 UnrecognizedClientException"],
    ["s3", { path: "/reports/" }, "400 InvalidToken"],
    ["route53", REST_XML, "403 InvalidClientTokenId"],
  ])("%s rejects sessions in a region that is not enabled", async (service, parts, refusal) => {
    const { status } = await send(await sign(aws, keys, parts, { service, region: "ap-east-1" }));
    expect(`${status} ${aws.requests.at(-1)?.errorCode}`).toBe(refusal);
  });
});

describe("an error from a service", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["EC2", () => new EC2Client(config()).send(new DescribeRegionsCommand({}))],
    ["DynamoDB", () => new DynamoDBClient(config()).send(new ListTablesCommand({}))],
    [
      "S3",
      () => new S3Client({ ...config(), forcePathStyle: true }).send(new GetObjectCommand({ Bucket: "b", Key: "k" })),
    ],
  ])("reaches the SDK under its code: %s", async (_service, call) => {
    aws.fault({
      on: { target: "service" },
      status: 400,
      code: "RequestExpired",
      message: "Request <has> expired.",
      times: 1,
    });
    await expect(call()).rejects.toMatchObject({
      name: "RequestExpired",
      message: "Request <has> expired.",
      $metadata: { httpStatusCode: 400 },
    });
    expect(aws.requests.at(-1)).toMatchObject({ status: 400, errorCode: "RequestExpired", roleArn: ROLE });
    await call();
    aws.expireSession(keys.accessKeyId);
    await expect(call()).rejects.toMatchObject({ name: "ExpiredToken", $metadata: { httpStatusCode: 400 } });
  });

  it.each<[string, RequestParts, string, string, RegExp]>([
    [
      "iam",
      QUERY,
      "ListUsers",
      "<ListUsersResponse><ListUsersResult></ListUsersResult></ListUsersResponse>",
      /<ErrorResponse .*<Code>Oops<\/Code>/,
    ],
    ["monitoring", CBOR, "ListMetrics", "\uFFFD", /__type.*Oops.*message.*Injected fault: Oops/s],
    ["route53", REST_XML, "POST /2013-04-01/hostedzone", "", /<ErrorResponse .*<Code>Oops<\/Code>/],
    [
      "lambda",
      { path: "/2015-03-31/functions" },
      "GET /2015-03-31/functions",
      "{}",
      /^\{"__type":"Oops","message":"Injected fault: Oops"\}$/,
    ],
  ])("uses the error format of %s's protocol", async (service, parts, operation, success, error) => {
    const call = async () => send(await sign(aws, keys, parts, { service }));
    const succeeded = await call();
    expect(succeeded.status).toBe(200);
    expect(succeeded.body.trim().endsWith(success)).toBe(true);
    aws.fault({ on: { service, operation }, status: 400, code: "Oops" });
    const failed = await call();
    expect(failed.status).toBe(400);
    expect(failed.body).toMatch(error);
    expect(aws.count({ service, operation })).toBe(2);
  });
});
