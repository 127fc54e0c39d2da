import { expect, it, onTestFinished } from "vitest";
import { createManualClock, type LocalAwsOptions, startLocalAws } from "../../src/testing/index.js";
import { assumedKeys, assumeRole, identity, type Keys, readInstanceKeys, USER } from "./requests.js";

const HOST = "arn:aws:iam::111122223333:role/integration-host";
const HUB = "arn:aws:iam::111122223333:role/Hub";
const ROLE = "arn:aws:iam::123456789012:role/Inventory";
const ROOT = { AWS: "arn:aws:iam::111122223333:root" };

type Condition = Record<string, Record<string, unknown>>;
type RequestContext = NonNullable<LocalAwsOptions["requestContext"]>;

const trust = (Condition: Condition = {}, more: object = {}) => ({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Principal: ROOT, Action: ["sts:AssumeRole", "sts:TagSession"], Condition, ...more },
});

async function start(trustPolicy: object, options: LocalAwsOptions = {}) {
  const aws = await startLocalAws({
    instanceProfile: { roleArn: HOST },
    roles: [
      { roleArn: ROLE, trustPolicy },
      { roleArn: HUB, trustedPrincipals: [HOST], allowAssumeRole: ["*"] },
    ],
    ...options,
  });
  onTestFinished(() => aws.close());
  const ask = (input: object = {}, keys?: Keys) =>
    assumeRole(aws, { RoleArn: ROLE, ...input }, keys).then(
      () => "allow",
      (error) => error.name as string,
    );
  return { aws, ask };
}

it.each<[string, Condition, RequestContext, string]>([
  [
    "its organization",
    { StringEquals: { "aws:PrincipalOrgID": "o-exampleorgid" } },
    { "aws:PrincipalOrgID": "o-exampleorgid" },
    "allow",
  ],
  [
    "another organization",
    { StringEquals: { "aws:PrincipalOrgID": "o-exampleorgid" } },
    { "aws:PrincipalOrgID": "o-other" },
    "AccessDenied",
  ],
  [
    "its path",
    { "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": "o-a/r-b/ou-c/*" } },
    { "aws:PrincipalOrgPaths": ["o-a/r-b/ou-c/ou-d/"] },
    "allow",
  ],
  ["its tag", { StringEquals: { "aws:PrincipalTag/team": "blue" } }, { "aws:PrincipalTag/Team": "blue" }, "allow"],
  [
    "a variable",
    { StringEquals: { "aws:ResourceTag/team": `\${aws:PrincipalTag/team}` } },
    { "aws:PrincipalTag/team": "blue", "aws:ResourceTag/team": "blue" },
    "allow",
  ],
  [
    "MFA",
    { Bool: { "aws:MultiFactorAuthPresent": true }, NumericLessThan: { "aws:MultiFactorAuthAge": 3600 } },
    { "aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "60" },
    "allow",
  ],
  ["its address", { IpAddress: { "aws:SourceIp": "203.0.113.0/24" } }, { "aws:SourceIp": "203.0.113.7" }, "allow"],
  ["its own address, if nothing is set", { IpAddress: { "aws:SourceIp": "127.0.0.0/8" } }, {}, "allow"],
  [
    "no address behind a VPC endpoint",
    { Null: { "aws:SourceIp": true } },
    { "aws:SourceVpce": "vpce-1a2b3c4d" },
    "allow",
  ],
  [
    "its VPC endpoint",
    { StringEquals: { "aws:SourceVpce": "vpce-1a2b3c4d" } },
    { "aws:SourceVpce": "vpce-1a2b3c4d" },
    "allow",
  ],
  ["its VPC", { StringEquals: { "aws:SourceVpc": "vpc-1" } }, {}, "AccessDenied"],
  ["https", { Bool: { "aws:SecureTransport": "true" } }, {}, "allow"],
  ["the region of the call", { StringEquals: { "aws:RequestedRegion": "us-east-1" } }, {}, "allow"],
  ["the account of the role", { StringEquals: { "aws:ResourceAccount": "123456789012" } }, {}, "allow"],
  [
    "the kind of caller",
    { StringEquals: { "aws:PrincipalType": "AssumedRole" }, Null: { "aws:username": "true" } },
    {},
    "allow",
  ],
  ["the user agent", { StringLike: { "aws:UserAgent": "aws-sdk-js/*" } }, {}, "allow"],
  ["the machine", { ArnLike: { "ec2:SourceInstanceARN": "arn:aws:ec2:*:111122223333:instance/i-*" } }, {}, "allow"],
])("a condition on %s", async (_title, condition, requestContext, expected) => {
  const { ask } = await start(trust(condition), { requestContext });
  expect(await ask()).toBe(expected);
});

it("the tags of a session are principal tags and override the configured ones", async () => {
  const { aws, ask } = await start(trust({ StringEquals: { "aws:PrincipalTag/team": "red" } }), {
    requestContext: { "aws:PrincipalTag/team": "blue" },
  });
  const hub = await assumedKeys(aws, { RoleArn: HUB, Tags: [{ Key: "team", Value: "red" }] });
  expect(await ask({}, hub)).toBe("allow");
  expect(await ask({}, await assumedKeys(aws, { RoleArn: HUB }))).toBe("AccessDenied");
});

it("conditions can limit the tags of a request and who can set them", async () => {
  const condition = {
    StringEquals: { "aws:RequestTag/team": ["red", "blue"] },
    "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] },
  };
  const { ask } = await start(trust(condition));
  const tags = (...pairs: [string, string][]) => ({ Tags: pairs.map(([Key, Value]) => ({ Key, Value })) });
  expect(await ask(tags(["team", "red"]))).toBe("allow");
  expect(await ask(tags(["team", "green"]))).toBe("AccessDenied");
  expect(await ask(tags(["team", "red"], ["other", "1"]))).toBe("AccessDenied");
  expect(await ask()).toBe("AccessDenied");
});

it("conditions can limit the time, by the clock of the local AWS", async () => {
  const clock = createManualClock({ now: Date.UTC(2026, 0, 1, 8) });
  const condition = {
    DateGreaterThan: { "aws:CurrentTime": "2026-01-01T09:00:00Z" },
    DateLessThan: { "aws:CurrentTime": "2026-01-01T10:00:00Z" },
  };
  const { ask } = await start(trust(condition), { clock });
  expect(await ask()).toBe("AccessDenied");
  clock.freeze(90 * 60_000);
  expect(await ask()).toBe("allow");
});

it("sessions issued before a given time can be revoked, as by IAM's own revocation policy", async () => {
  const clock = createManualClock({ now: Date.UTC(2026, 0, 1, 8) });
  const revoke = { DateLessThan: { "aws:TokenIssueTime": "2026-01-01T09:00:00Z" } };
  const policy = {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: "sts:*", Resource: `arn:aws:iam::123456789012:role/\${aws:ResourceTag/role}` },
      { Effect: "Deny", Action: "*", Resource: "*", Condition: revoke },
    ],
  };
  const requestContext = { "aws:ResourceTag/role": "Inventory" };
  const { aws, ask } = await start(trust(), { clock, requestContext, instanceProfile: { roleArn: HOST, policy } });
  expect(await ask()).toBe("AccessDenied");
  clock.freeze(90 * 60_000);
  aws.instanceProfile.rotate();
  expect(await ask()).toBe("allow");
});

it("a user has a name, an id and no MFA", async () => {
  const condition = {
    StringEquals: { "aws:username": "ann", "aws:PrincipalType": "User" },
    Null: { "aws:MultiFactorAuthPresent": "true", "aws:TokenIssueTime": "true" },
  };
  const { aws, ask } = await start(trust(condition));
  expect(await ask({}, identity(aws.issueUserKeys({ userArn: USER })))).toBe("allow");
  expect(await ask()).toBe("AccessDenied");
});

it("a unique id identifies a role or user, and aws:userid its sessions", async () => {
  const { aws, ask } = await start(trust());
  await ask();
  const [role = ""] = aws.requests.at(-1)?.session?.userId.split(":") ?? [];
  expect(role).toMatch(/^AROA/);
  aws.setRole({ roleArn: ROLE, trustPolicy: trust({}, { Principal: { AWS: role } }) });
  expect(await ask()).toBe("allow");
  aws.setRole({ roleArn: ROLE, trustPolicy: trust({ StringLike: { "aws:userid": `${role}:*` } }) });
  expect(await ask()).toBe("allow");
  const keys = aws.issueUserKeys({ userArn: USER });
  expect(await ask({}, identity(keys))).toBe("AccessDenied");
  const user = aws.requests.at(-1)?.session?.userId ?? "";
  aws.setRole({ roleArn: ROLE, trustPolicy: trust({}, { Principal: { AWS: user } }) });
  expect(await ask({}, identity(keys))).toBe("allow");
  expect(await ask()).toBe("AccessDenied");
});

it.each<[string, readonly string[], string]>([
  ["role and account", [HOST, ROOT.AWS], "allow"],
  ["role and account id", [HOST, "111122223333"], "allow"],
  [
    "session, role and account",
    [`arn:aws:sts::111122223333:assumed-role/integration-host/i-0123456789abcdef0`, HOST, ROOT.AWS],
    "allow",
  ],
  [
    "another session, role and account",
    [`arn:aws:sts::111122223333:assumed-role/integration-host/i-1`, HOST, ROOT.AWS],
    "AccessDenied",
  ],
  ["account alone", [ROOT.AWS], "AccessDenied"],
  ["role alone", [HOST], "AccessDenied"],
  ["everyone", ["*"], "allow"],
])("a Deny for all but %s", async (_title, AWS, expected) => {
  const { Version, Statement } = trust();
  const { ask } = await start({
    Version,
    Statement: [Statement, { Effect: "Deny", NotPrincipal: { AWS }, Action: "sts:*" }],
  });
  expect(await ask()).toBe(expected);
});

it("the trust policy of the machine's role is evaluated for EC2 by the same rules", async () => {
  const ec2 = (more: object) => ({
    roleArn: HOST,
    trustPolicy: {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" },
        {
          Effect: "Allow",
          Principal: { Federated: "cognito-identity.amazonaws.com" },
          Action: "sts:*",
        },
        { Effect: "Deny", Principal: "*", Action: "sts:*", ...more },
      ],
    },
  });
  const { aws } = await start(trust());
  const isServed = async (more: object) => {
    aws.instanceProfile.attach(ec2(more));
    return (await readInstanceKeys(aws)).accessKeyId !== "";
  };
  expect(await isServed({ Condition: { Bool: { "aws:PrincipalIsAWSService": "false" } } })).toBe(true);
  expect(await isServed({ Condition: { Bool: { "aws:PrincipalIsAWSService": "true" } } })).toBe(false);
  expect(await isServed({ Principal: { Service: "lambda.amazonaws.com" } })).toBe(true);
  expect(await isServed({ Condition: { DateGreaterThan: { "aws:CurrentTime": "2020-01-01" } } })).toBe(false);
});
