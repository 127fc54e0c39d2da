import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/testing/index.js";
import { isThere, PROGRAM_TIMEOUT, runProgram } from "../support/programs.js";
import { type Keys, ROLE, USER } from "./requests.js";

const hasCli = isThere("the AWS CLI", "aws", "--version");
const hasBoto3 = isThere("boto3", "python3", "-c", "import boto3");

let aws: LocalAws;
let home: string;

beforeEach(async () => {
  aws = await startLocalAws({
    roles: [{ roleArn: ROLE, externalId: "acme" }],
    region: "eu-west-1",
    organization: {
      accounts: [
        { id: "123456789012", regions: ["eu-west-1", "eu-south-2"] },
        { id: "444455556666", state: "CLOSED" },
      ],
      pageSize: 2,
      emptyPages: 1,
    },
  });
  home = await mkdtemp(join(tmpdir(), "rolecall-foreign-"));
});
afterEach(async () => {
  await aws.close();
  await rm(home, { recursive: true });
});

describe("the AWS CLI", { timeout: PROGRAM_TIMEOUT }, () => {
  it.runIf(hasCli)("identifies the instance profile", async () => {
    const { stdout } = await run("aws", ["sts", "get-caller-identity", "--output", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      Account: "111122223333",
      Arn: "arn:aws:sts::111122223333:assumed-role/rolecall-instance-profile/i-0123456789abcdef0",
    });
    expect(aws.count({ target: "imds", operation: "credentials", status: 200 })).toBeGreaterThan(0);
    expect(aws.requests.at(-1)).toMatchObject({
      operation: "GetCallerIdentity",
      userAgent: expect.stringContaining("aws-cli"),
    });
  });

  it.runIf(hasCli)("works with an explicit endpoint and keys, and is rejected with a wrong secret", async () => {
    const user = aws.issueUserKeys({ userArn: USER });
    const args = ["sts", "get-caller-identity", "--endpoint-url", aws.endpoint, "--output", "text", "--query", "Arn"];
    expect((await run("aws", args, toEnv(user))).stdout.trim()).toBe(USER);
    const wrong = await run("aws", args, toEnv({ ...user, secretAccessKey: "wrong" }));
    expect(wrong.stderr).toContain("An error occurred (SignatureDoesNotMatch)");
  });

  it.runIf(hasCli)("lists regions and buckets", async () => {
    const { stdout } = await run("aws", [
      "ec2",
      "describe-regions",
      "--query",
      "Regions[].RegionName",
      "--output",
      "text",
    ]);
    expect(stdout).toContain("eu-central-1");
    expect((await run("aws", ["s3api", "list-buckets", "--output", "json"])).code).toBe(0);
    expect(aws.count({ service: "s3", status: 200 })).toBe(1);
  });

  it.runIf(hasCli)("lists the accounts of an organization, and the regions of one", async () => {
    const listAccounts = ["organizations", "list-accounts", "--output", "text", "--query"];
    expect((await run("aws", [...listAccounts, "Accounts[].[Id,Status]"])).stdout.trim().split("\n")).toEqual([
      "111122223333\tACTIVE",
      "123456789012\tACTIVE",
      "444455556666\tSUSPENDED",
    ]);
    expect(aws.count({ operation: "ListAccounts", status: 200 })).toBe(4);
    const listRegions = ["account", "list-regions", "--region-opt-status-contains", "ENABLED", "--account-id"];
    const { stdout } = await run("aws", [...listRegions, "123456789012", "--output", "json"]);
    expect(JSON.parse(stdout).Regions).toEqual([{ RegionName: "eu-south-2", RegionOptStatus: "ENABLED" }]);
    expect((await run("aws", [...listRegions, "111122223333"])).stderr).toContain("(AccessDeniedException)");
  });
});

describe("boto3", { timeout: PROGRAM_TIMEOUT }, () => {
  const ASSUME = `
import boto3, botocore.config, sys
sts = boto3.client("sts")
try:
    answer = sts.assume_role(RoleArn="${ROLE}", RoleSessionName="boto", ExternalId=sys.argv[1], Tags=[{"Key": "team", "Value": "red & blue"}])
except sts.exceptions.ClientError as error:
    print(error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
    raise SystemExit
keys = answer["Credentials"]
session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
print(session.client("sts").get_caller_identity()["Arn"])
print(session.client("ec2").describe_instances()["Reservations"][0]["OwnerId"])
print(session.client("dynamodb").list_tables()["ResponseMetadata"]["HTTPStatusCode"])
s3 = session.client("s3", config=botocore.config.Config(signature_version="s3v4"))
s3.put_object(Bucket="reports", Key="a b/\\u00fc", Body=b"text")
print(s3.generate_presigned_url("get_object", Params={"Bucket": "reports", "Key": "a b"}))
`;

  it.runIf(hasBoto3)("assumes a role from the instance profile and uses the session", async () => {
    const { stdout, stderr } = await run("python3", ["-c", ASSUME, "acme"]);
    expect(stderr).toBe("");
    const [arn, owner, status, url] = stdout.trim().split("\n");
    expect([arn, owner, status]).toEqual([
      "arn:aws:sts::123456789012:assumed-role/Inventory/boto",
      "123456789012",
      "200",
    ]);
    expect(aws.count({ target: "sts", operation: "AssumeRole", status: 200 })).toBe(1);
    expect(aws.count({ target: "service", roleArn: ROLE, status: 200 })).toBe(3);
    expect((await fetch(url ?? "")).status).toBe(200);
    expect((await fetch(url?.replace("a%20b", "a%20c") ?? "")).status).toBe(403);
  });

  it.runIf(hasBoto3)("is denied with a wrong external id", async () => {
    expect((await run("python3", ["-c", ASSUME, "umbrella"])).stdout.trim()).toBe("AccessDenied 403");
  });
});

function run(program: string, args: string[], extra: Record<string, string> = {}) {
  return runProgram(program, args, home, { ...aws.env, ...extra });
}

function toEnv({ accessKeyId, secretAccessKey, sessionToken }: Keys): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken !== undefined && { AWS_SESSION_TOKEN: sessionToken }),
  };
}
