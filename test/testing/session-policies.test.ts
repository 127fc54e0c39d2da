import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/testing/index.js";
import { assumedKeys, assumeRole, type Keys, OTHER_ROLE, ROLE, send, sign, stsAs } from "./requests.js";

const HUB = "arn:aws:iam::111122223333:role/Hub";
const HUB_SESSION = "arn:aws:sts::111122223333:assumed-role/Hub/test";
const AT_HOME = "arn:aws:iam::111122223333:role/AtHome";
const MANAGED = "arn:aws:iam::111122223333:policy/OnlyInventory";

const policyOf = (...Statement: object[]) => ({ Version: "2012-10-17", Statement });
const allow = (Action: string | string[], Resource: string | string[] = "*") => ({ Effect: "Allow", Action, Resource });
const deny = (Action: string | string[], Resource = "*") => ({ Effect: "Deny", Action, Resource });

let aws: LocalAws;

beforeEach(async () => {
  aws = await startLocalAws({
    denialContext: true,
    managedPolicies: { [MANAGED]: policyOf(allow("sts:AssumeRole", ROLE)) },
    roles: [
      { roleArn: HUB, policy: policyOf(allow("sts:*")) },
      { roleArn: ROLE, trustedPrincipals: [HUB] },
      { roleArn: OTHER_ROLE, trustedPrincipals: [HUB] },
    ],
  });
});
afterEach(() => aws.close());

/** The keys of a hub session that is limited by these statements. */
const hubKeys = (...statements: object[]) =>
  assumedKeys(aws, { RoleArn: HUB, Policy: JSON.stringify(policyOf(...statements)) });

/** `"allowed"`, or the code and the reason of the refusal. */
const outcome = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => "allowed",
    ({ name, message }) => `${name}: ${message.replace(/^.* not authorized to perform: /, "")}`,
  );
const assume = (RoleArn: string, keys: Keys, more: object = {}) => outcome(assumeRole(aws, { RoleArn, ...more }, keys));
const refusal = (action: string, roleArn: string, reason = `because no session policy allows the ${action} action`) =>
  `AccessDenied: ${action} on resource: ${roleArn} ${reason}`;

describe("a session policy that allows sts:AssumeRole on one role", () => {
  it("lets a leaked hub session call STS for that role and nothing else", async () => {
    const keys = await hubKeys(allow("sts:AssumeRole", ROLE));
    expect(await assume(ROLE, keys)).toBe("allowed");
    expect(await assume(OTHER_ROLE, keys)).toBe(refusal("sts:AssumeRole", OTHER_ROLE));
    expect(await assume(OTHER_ROLE, await assumedKeys(aws, { RoleArn: HUB }))).toBe("allowed");

    const config = { endpoint: aws.endpoint, region: "eu-west-1", credentials: keys, maxAttempts: 1 };
    const s3 = new S3Client({ ...config, forcePathStyle: true });
    expect(await outcome(new EC2Client(config).send(new DescribeInstancesCommand({})))).toBe(
      "UnauthorizedOperation: ec2:DescribeInstances because no session policy allows the ec2:DescribeInstances action",
    );
    expect(await outcome(new DynamoDBClient(config).send(new ListTablesCommand({})))).toBe(
      "AccessDeniedException: dynamodb:ListTables because no session policy allows the dynamodb:ListTables action",
    );
    expect(await outcome(s3.send(new GetObjectCommand({ Bucket: "reports", Key: "a" })))).toMatch(
      /^AccessDenied: s3:GetObject /,
    );
    const lambda = await sign(aws, keys, { path: "/2015-03-31/functions" }, { service: "lambda" });
    expect((await send(lambda)).outcome).toBe("403 AccessDeniedException");
  });

  it("never refuses GetCallerIdentity", async () => {
    for (const keys of [await hubKeys(), await hubKeys(deny("*"))]) {
      expect(await stsAs(aws, keys).send(new GetCallerIdentityCommand({}))).toMatchObject({ Arn: HUB_SESSION });
    }
  });

  it("must allow sts:TagSession and sts:SetSourceIdentity too, if the call needs them", async () => {
    const tags = { Tags: [{ Key: "team", Value: "red" }] };
    const one = await hubKeys(allow("sts:AssumeRole", ROLE));
    expect(await assume(ROLE, one, tags)).toBe(refusal("sts:TagSession", ROLE));
    expect(await assume(ROLE, one, { SourceIdentity: "ann" })).toBe(refusal("sts:SetSourceIdentity", ROLE));
    const all = await hubKeys(allow(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], ROLE));
    expect(await assume(ROLE, all, { ...tags, SourceIdentity: "ann" })).toBe("allowed");
  });

  it("does not limit the sessions that follow in the chain", async () => {
    aws.setRole({ roleArn: ROLE, trustedPrincipals: [HUB], allowAssumeRole: [OTHER_ROLE] });
    aws.setRole({ roleArn: OTHER_ROLE, trustedPrincipals: [ROLE] });
    const next = await assumedKeys(aws, { RoleArn: ROLE }, await hubKeys(allow("sts:AssumeRole", ROLE)));
    expect(await assume(OTHER_ROLE, next)).toBe("allowed");
  });
});

describe("session policies", () => {
  it("allow nothing that the role's own policy does not allow", async () => {
    aws.setRole({ roleArn: HUB, allowAssumeRole: [ROLE] });
    const keys = await hubKeys(allow("*"));
    expect(await assume(ROLE, keys)).toBe("allowed");
    expect(await assume(OTHER_ROLE, keys)).toBe(
      refusal("sts:AssumeRole", OTHER_ROLE, "because no identity-based policy allows the sts:AssumeRole action"),
    );
  });

  it("allow nothing if they have no statement", async () => {
    expect(await assume(ROLE, await hubKeys())).toBe(refusal("sts:AssumeRole", ROLE));
  });

  it("deny explicitly, whatever else allows the call", async () => {
    const keys = await hubKeys(allow("*"), deny("sts:*", OTHER_ROLE));
    expect(await assume(ROLE, keys)).toBe("allowed");
    expect(await assume(OTHER_ROLE, keys)).toBe(
      refusal("sts:AssumeRole", OTHER_ROLE, "with an explicit deny in a session policy"),
    );
  });

  it("limit the session of a web identity too", async () => {
    const roleArn = "arn:aws:iam::111122223333:role/rolecall-web-identity";
    for (const role of [ROLE, OTHER_ROLE]) aws.setRole({ roleArn: role, trustedPrincipals: [roleArn] });
    const sts = new STSClient({ endpoint: aws.endpoint, region: "us-east-1", maxAttempts: 1 });
    const { Credentials } = await sts.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: roleArn,
        RoleSessionName: "test",
        WebIdentityToken: aws.oidcIssuer.token(),
        Policy: JSON.stringify(policyOf(allow("sts:AssumeRole", ROLE))),
      }),
    );
    const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = Credentials ?? {};
    const keys = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    expect(await assume(ROLE, keys)).toBe("allowed");
    expect(await assume(OTHER_ROLE, keys)).toBe(refusal("sts:AssumeRole", OTHER_ROLE));
  });

  it("have conditions", async () => {
    const keys = await hubKeys({
      ...allow("sts:AssumeRole"),
      Condition: { StringEquals: { "sts:ExternalId": "acme" } },
    });
    expect(await assume(ROLE, keys, { ExternalId: "acme" })).toBe("allowed");
    expect(await assume(ROLE, keys)).toBe(refusal("sts:AssumeRole", ROLE));
  });

  it("can be managed policies, together with an inline policy", async () => {
    const PolicyArns = [{ arn: MANAGED }];
    const managed = await assumedKeys(aws, { RoleArn: HUB, PolicyArns });
    expect(await assume(ROLE, managed)).toBe("allowed");
    expect(await assume(OTHER_ROLE, managed)).toBe(refusal("sts:AssumeRole", OTHER_ROLE));
    const Policy = JSON.stringify(policyOf(allow("sts:AssumeRole", OTHER_ROLE)));
    const both = await assumedKeys(aws, { RoleArn: HUB, PolicyArns, Policy });
    expect([await assume(ROLE, both), await assume(OTHER_ROLE, both)]).toEqual(["allowed", "allowed"]);
  });

  it("allow no call to STS, but calls to other services, if their document is unknown", async () => {
    const PolicyArns = [{ arn: "arn:aws:iam::aws:policy/ReadOnlyAccess" }];
    const keys = await assumedKeys(aws, { RoleArn: HUB, PolicyArns });
    expect(await assume(ROLE, keys)).toBe(refusal("sts:AssumeRole", ROLE));
    const ec2 = new EC2Client({ endpoint: aws.endpoint, region: "eu-west-1", credentials: keys });
    expect(await outcome(ec2.send(new DescribeInstancesCommand({})))).toBe("allowed");
  });

  it("do not limit what a trust policy in the account grants to the session by name", async () => {
    const keys = await hubKeys(allow("sts:AssumeRole", ROLE));
    const trusting = async (...trustedPrincipals: string[]) => {
      aws.setRole({ roleArn: AT_HOME, trustedPrincipals });
      return assume(AT_HOME, keys);
    };
    expect(await trusting(HUB_SESSION)).toBe("allowed");
    expect(await trusting(HUB)).toBe(refusal("sts:AssumeRole", AT_HOME));
    aws.setRole({ roleArn: OTHER_ROLE, trustedPrincipals: [HUB_SESSION] });
    expect(await assume(OTHER_ROLE, keys)).toBe(refusal("sts:AssumeRole", OTHER_ROLE));
    const denied = await hubKeys(deny("sts:AssumeRole", AT_HOME));
    aws.setRole({ roleArn: AT_HOME, trustedPrincipals: [HUB_SESSION] });
    expect(await assume(AT_HOME, denied)).toBe(
      refusal("sts:AssumeRole", AT_HOME, "with an explicit deny in a session policy"),
    );
  });

  it("decide about other services by the action", async () => {
    const keys = await hubKeys(allow(["s3:Get*", "dynamodb:*"]), deny("dynamodb:ListTables"));
    const config = { endpoint: aws.endpoint, region: "eu-west-1", credentials: keys, maxAttempts: 1 };
    const s3 = new S3Client({ ...config, forcePathStyle: true });
    expect(await outcome(s3.send(new GetObjectCommand({ Bucket: "reports", Key: "a" })))).toBe("allowed");
    expect(await outcome(s3.send(new PutObjectCommand({ Bucket: "reports", Key: "a", Body: "text" })))).toMatch(
      /^AccessDenied: s3:PutObject because no session policy allows/,
    );
    expect(await outcome(s3.send(new ListBucketsCommand({})))).toMatch(/^AccessDenied: s3:ListAllMyBuckets /);
    expect(await outcome(new DynamoDBClient(config).send(new ListTablesCommand({})))).toBe(
      "AccessDeniedException: dynamodb:ListTables with an explicit deny in a session policy",
    );
  });

  it.each<[string, object]>([
    ["Policy.Statement[0].Effect must be", { ...allow("s3:*"), Effect: "allow" }],
    ["StringMatches is an operator that", { ...allow("s3:*"), Condition: { StringMatches: { "s3:prefix": "a" } } }],
    ["tests aws:Colour", { ...allow("*"), Condition: { StringEquals: { "aws:Colour": "red" } } }],
    ["unsupported key Principal", { ...allow("*"), Principal: "*" }],
  ])("are malformed if the local AWS can't evaluate them: %s", async (message, statement) => {
    await expect(hubKeys(statement)).rejects.toMatchObject({
      name: "MalformedPolicyDocumentException",
      message: expect.stringMatching(/^Syntax errors in policy\. /),
      $metadata: { httpStatusCode: 400 },
    });
    await expect(hubKeys(statement)).rejects.toThrow(message);
  });

  it.each<[string, unknown]>([
    ["managedPolicies must be an object of policy documents", []],
    ['managedPolicies["ReadOnlyAccess"] must be named by the ARN of a managed policy', { ReadOnlyAccess: policyOf() }],
    [`managedPolicies["${MANAGED}"].Statement is empty`, { [MANAGED]: policyOf() }],
  ])("are checked when the local AWS starts: %s", async (message, managedPolicies) => {
    await expect(startLocalAws({ managedPolicies: managedPolicies as Record<string, object> })).rejects.toThrow(
      message,
    );
  });
});
