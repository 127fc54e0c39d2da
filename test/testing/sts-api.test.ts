import { AssumeRoleCommand, GetCallerIdentityCommand, GetSessionTokenCommand } from "@aws-sdk/client-sts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createManualClock,
  type LocalAws,
  type LocalRole,
  type ManualClock,
  startLocalAws,
} from "../../src/testing/index.js";
import {
  assumedKeys,
  assumeRole,
  CALLER_IDENTITY,
  OTHER_ROLE,
  presign,
  ROLE,
  readInstanceKeys,
  send,
  sign,
  stsAs,
  USER,
} from "./requests.js";

const HOUR = 3_600_000;
const PROFILE_ARN = "arn:aws:sts::111122223333:assumed-role/rolecall-instance-profile/i-0123456789abcdef0";

let clock: ManualClock;
let aws: LocalAws;

beforeEach(async () => {
  clock = createManualClock();
  aws = await startLocalAws({ clock, roles: [{ roleArn: ROLE }] });
});
afterEach(() => aws.close());

const withRole = (role: Partial<LocalRole>) => aws.setRole({ roleArn: ROLE, ...role });

async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error = (await attempt.then(
    () => ({ name: "no error", message: "", $metadata: {} }),
    (caught: unknown) => caught,
  )) as { name: string; message: string; $metadata: { httpStatusCode?: number } };
  return `${error.$metadata.httpStatusCode} ${error.name}: ${error.message}`;
}

describe("AssumeRole", () => {
  it("responds like AWS, and the keys work until they expire", async () => {
    const answer = await assumeRole(aws, { RoleSessionName: "red-1" });
    expect(answer).toMatchObject({
      AssumedRoleUser: {
        Arn: "arn:aws:sts::123456789012:assumed-role/Inventory/red-1",
        AssumedRoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}:red-1$/),
      },
      Credentials: {
        AccessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
        SecretAccessKey: expect.stringMatching(/^.{40}$/),
        SessionToken: expect.stringMatching(/^.{300,}$/),
        Expiration: new Date(clock.now() + HOUR),
      },
    });
    expect(answer.PackedPolicySize).toBeUndefined();
    expect(answer.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("issues keys that identify the session and expire by the server's clock", async () => {
    const keys = await assumedKeys(aws, { DurationSeconds: 900 });
    const identify = () => stsAs(aws, keys).send(new GetCallerIdentityCommand({}));
    expect(await identify()).toMatchObject({
      Account: "123456789012",
      Arn: "arn:aws:sts::123456789012:assumed-role/Inventory/test",
      UserId: expect.stringMatching(/^AROA[A-Z2-7]{17}:test$/),
    });
    await clock.advance(900_000 - 1);
    await identify();
    await clock.advance(1);
    expect(await refusal(identify())).toBe("403 ExpiredToken: The security token included in the request is expired");
  });

  it("keeps the role's partition", async () => {
    const roleArn = "arn:aws-us-gov:iam::123456789012:role/Gov";
    aws.setRole({ roleArn });
    const { AssumedRoleUser } = await assumeRole(aws, { RoleArn: roleArn });
    expect(AssumedRoleUser?.Arn).toBe("arn:aws-us-gov:sts::123456789012:assumed-role/Gov/test");
  });

  it("names the caller, the action and the role when it denies", async () => {
    const denied = `403 AccessDenied: User: ${PROFILE_ARN} is not authorized to perform: sts:AssumeRole on resource: ${OTHER_ROLE}`;
    expect(await refusal(assumeRole(aws, { RoleArn: OTHER_ROLE }))).toBe(denied);
  });

  it("names the type of policy with denialContext", async () => {
    await using explaining = await startLocalAws({ denialContext: true, instanceProfile: { roleArn: OTHER_ROLE } });
    const reason = async (allowAssumeRole: string[], role?: Partial<LocalRole>) => {
      explaining.instanceProfile.attach({ roleArn: OTHER_ROLE, allowAssumeRole });
      explaining.removeRole(ROLE);
      if (role) explaining.setRole({ roleArn: ROLE, ...role });
      return (await refusal(assumeRole(explaining))).split(` on resource: ${ROLE} `)[1];
    };
    const untrusted = "because no role trust policy allows the sts:AssumeRole action";
    expect(await reason([])).toBe("because no identity-based policy allows the sts:AssumeRole action");
    expect(await reason(["*"])).toBe(untrusted);
    expect(await reason(["*"], { externalId: "acme" })).toBe(untrusted);
    const Statement = { Effect: "Deny", Principal: "*", Action: "sts:AssumeRole" };
    const trustPolicy = { Version: "2012-10-17", Statement };
    expect(await reason(["*"], { trustPolicy })).toBe("with an explicit deny in the role trust policy");
    const policy = { Version: "2012-10-17", Statement: { Effect: "Deny", Action: "sts:*", Resource: "*" } };
    explaining.instanceProfile.attach({ roleArn: OTHER_ROLE, policy });
    expect(await refusal(assumeRole(explaining))).toMatch(/ with an explicit deny in an identity-based policy$/);
  });

  it.each<[string, Partial<LocalRole>, Parameters<typeof assumeRole>[1], string]>([
    ["another principal is trusted", { trustedPrincipals: [OTHER_ROLE] }, {}, "sts:AssumeRole"],
    ["the external id is missing", { externalId: "acme" }, {}, "sts:AssumeRole"],
    ["the external id is wrong", { externalId: "acme" }, { ExternalId: "umbrella" }, "sts:AssumeRole"],
    ["the source identity is missing", { requiredSourceIdentity: ["ann"] }, {}, "sts:AssumeRole"],
    ["tags are not allowed", { allowTagSession: false }, { Tags: [{ Key: "a", Value: "b" }] }, "sts:TagSession"],
    [
      "a source identity is not allowed",
      { allowSetSourceIdentity: false },
      { SourceIdentity: "ann" },
      "sts:SetSourceIdentity",
    ],
  ])("is denied if %s", async (_title, role, input, action) => {
    withRole(role);
    expect(await refusal(assumeRole(aws, input))).toMatch(
      new RegExp(`^403 AccessDenied: .* perform: ${action} on resource: ${ROLE}$`),
    );
  });

  it("accepts the external id, tags and source identity that a role requires", async () => {
    withRole({ externalId: "acme", requiredSourceIdentity: ["ann"] });
    const answer = await assumeRole(aws, {
      ExternalId: "acme",
      SourceIdentity: "ann",
      Tags: [{ Key: "team", Value: "red & blue" }],
    });
    expect(answer).toMatchObject({ SourceIdentity: "ann", PackedPolicySize: expect.any(Number) });
    expect(aws.requests.at(-1)?.parameters).toMatchObject({
      ExternalId: "acme",
      SourceIdentity: "ann",
      "Tags.member.1.Key": "team",
      "Tags.member.1.Value": "red & blue",
    });
  });

  it("requires the caller's own permission, matched as in IAM", async () => {
    const attach = (allowAssumeRole: string[]) =>
      aws.instanceProfile.attach({ roleArn: "arn:aws:iam::111122223333:role/Engine", allowAssumeRole });
    attach(["arn:aws:iam::*:role/teams/*"]);
    await assumeRole(aws);
    attach(["arn:aws:iam::123456789012:role/Inventory"]);
    expect(await refusal(assumeRole(aws))).toContain("AccessDenied");
    attach([]);
    expect(await refusal(assumeRole(aws))).toContain("AccessDenied");
  });

  it("accepts the policies of role, caller and user as documents", async () => {
    const Version = "2012-10-17";
    const roleArn = "arn:aws:iam::111122223333:role/Engine";
    const sts = { Effect: "Allow", Action: ["sts:AssumeRole", "sts:TagSession"] };
    const Condition = { StringEquals: { "aws:RequestTag/team": "red", "sts:RoleSessionName": "nightly" } };
    const trustPolicy = { Version, Statement: { ...sts, Principal: { AWS: [roleArn, USER] }, Condition } };
    const policy = JSON.stringify({ Version, Statement: [{ ...sts, Resource: ROLE }] });
    const asked = { RoleSessionName: "nightly", Tags: [{ Key: "team", Value: "red" }], TransitiveTagKeys: ["team"] };
    aws.setRole({ roleArn: ROLE, trustPolicy, policy: policy.replace(ROLE, OTHER_ROLE) });
    aws.setRole({ roleArn: OTHER_ROLE, trustPolicy: { Version, Statement: { ...sts, Principal: { AWS: ROLE } } } });
    aws.instanceProfile.attach({ roleArn, policy });
    await assumeRole(aws, asked, aws.issueUserKeys({ userArn: USER, policy }));
    const keys = await assumedKeys(aws, asked);
    await assumeRole(aws, { RoleArn: OTHER_ROLE }, keys);

    expect(await refusal(assumeRole(aws, { ...asked, RoleSessionName: "other" }))).toContain("403 AccessDenied");
    expect(await refusal(assumeRole(aws, { ...asked, SourceIdentity: "ann" }))).toContain("sts:SetSourceIdentity");
    expect(await refusal(assumeRole(aws, { RoleArn: OTHER_ROLE }))).toContain("403 AccessDenied");
    expect(() => aws.issueUserKeys({ userArn: USER, policy: { Version: "2012-10-18" } })).toThrow(
      "user.policy.Version",
    );
    expect(() => aws.instanceProfile.attach({ roleArn, policy: "{}" })).toThrow("instanceProfile.policy.Statement");
    expect(aws.instanceProfile.current()).toMatchObject({ roleArn });
  });

  it("follows a trust policy that changes while it runs", async () => {
    await assumeRole(aws);
    withRole({ trustedPrincipals: [] });
    expect(await refusal(assumeRole(aws))).toContain("AccessDenied");
    withRole({});
    await assumeRole(aws);
    aws.removeRole(ROLE);
    expect(await refusal(assumeRole(aws))).toContain("AccessDenied");
  });

  it.each<[string, Parameters<typeof assumeRole>[1], string]>([
    [
      "a short duration",
      { DurationSeconds: 899 },
      "ValidationError: 1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
    ],
    [
      "a long duration",
      { DurationSeconds: 43_201 },
      "ValidationError: 1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
    ],
    [
      "a session name with invalid characters",
      { RoleSessionName: "a b" },
      "ValidationError: 1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    ],
    ["a short session name", { RoleSessionName: "a" }, "Member must have length greater than or equal to 2"],
    ["a long session name", { RoleSessionName: "a".repeat(65) }, "Member must have length less than or equal to 64"],
    ["two mistakes", { RoleSessionName: "a", ExternalId: "!!" }, "2 validation errors detected"],
    ["a short ARN", { RoleArn: "role/x" }, "ValidationError: 1 validation error detected: Value 'role/x' at 'roleArn'"],
    ["an ARN of a user", { RoleArn: USER }, `ValidationError: ${USER} is invalid`],
    ["a short external id", { ExternalId: "a" }, "'externalId'"],
    ["a reserved source identity", { SourceIdentity: "aws:x" }, "'sourceIdentity'"],
    [
      "a policy that is not JSON",
      { Policy: "{" },
      "MalformedPolicyDocumentException: This policy contains invalid Json",
    ],
    ["a policy that is not an object", { Policy: "[]" }, "MalformedPolicyDocumentException: Syntax errors in policy."],
    ["a policy without a statement", { Policy: "{}" }, "MalformedPolicyDocumentException: Syntax errors in policy."],
    [
      "a long policy",
      { Policy: JSON.stringify({ Statement: "x".repeat(2048) }) },
      "Member must have length less than or equal to 2048",
    ],
    [
      "eleven policy ARNs",
      { PolicyArns: Array.from({ length: 11 }, (_, i) => ({ arn: `arn:aws:iam::aws:policy/P${i}` })) },
      "'policyArns'",
    ],
    ["a short policy ARN", { PolicyArns: [{ arn: "ReadOnly" }] }, "'policyArns.1.member.arn'"],
    [
      "51 tags",
      { Tags: Array.from({ length: 51 }, (_, i) => ({ Key: `k${i}`, Value: "" })) },
      "'tags' failed to satisfy constraint: Member must have length less than or equal to 50",
    ],
    ["a long tag key", { Tags: [{ Key: "k".repeat(129), Value: "" }] }, "'tags.1.member.key'"],
    ["a long tag value", { Tags: [{ Key: "k", Value: "v".repeat(257) }] }, "'tags.1.member.value'"],
    [
      "tag keys that differ only in case",
      {
        Tags: [
          { Key: "team", Value: "a" },
          { Key: "Team", Value: "b" },
        ],
      },
      "InvalidParameterValue: Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    ],
    [
      "a transitive key without a tag",
      { TransitiveTagKeys: ["team"] },
      "InvalidParameterValue: The specified transitive tag key must be included in the requested tags.",
    ],
  ])("rejects %s with status 400", async (_title, input, message) => {
    const refused = await refusal(assumeRole(aws, input));
    expect(refused).toMatch(/^400 /);
    expect(refused).toContain(message);
  });

  it.each<[string, Parameters<typeof assumeRole>[1]]>([
    ["a duration of 900", { DurationSeconds: 900 }],
    ["a duration of 3600", { DurationSeconds: 3600 }],
    ["a session name of 2", { RoleSessionName: "ab" }],
    ["a session name of 64", { RoleSessionName: "=,.@-_+1".repeat(8) }],
    ["a policy of 2048", { Policy: '{"Statement":[]}'.padEnd(2048) }],
    [
      "ten policy ARNs",
      { PolicyArns: Array.from({ length: 10 }, (_, i) => ({ arn: `arn:aws:iam::aws:policy/P${i}` })) },
    ],
    ["50 tags", { Tags: Array.from({ length: 50 }, (_, i) => ({ Key: `k${i}`, Value: "v" })) }],
    ["a tag with an empty value", { Tags: [{ Key: "k".repeat(128), Value: "" }] }],
    ["a policy with spaces", { Policy: '{ "Version": "2012-10-17",\n "Statement": [] }' }],
  ])("accepts %s", async (_title, input) => {
    expect((await assumeRole(aws, input)).Credentials?.AccessKeyId).toMatch(/^ASIA/);
  });

  it("rejects more tags than fit in the packed size limit", async () => {
    const Tags = Array.from({ length: 50 }, (_, i) => ({ Key: `k${i}`, Value: randomText(256) }));
    expect(await refusal(assumeRole(aws, { Tags }))).toMatch(
      /^400 PackedPolicyTooLargeException: Packed policy consumes \d{3,}% of allotted space/,
    );
  });

  it("limits role chaining to one hour, also for the instance profile", async () => {
    withRole({ maxSessionDuration: 43_200 });
    expect(await refusal(assumeRole(aws, { DurationSeconds: 3601 }))).toBe(
      "400 ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
    );
  });

  it("limits a user's session to the role's MaxSessionDuration", async () => {
    const user = aws.issueUserKeys({ userArn: USER });
    withRole({ trustedPrincipals: [USER], maxSessionDuration: 7200 });
    const { Credentials } = await assumeRole(aws, { DurationSeconds: 7200 }, user);
    expect(Credentials?.Expiration).toEqual(new Date(clock.now() + 2 * HOUR));
    expect(await refusal(assumeRole(aws, { DurationSeconds: 7201 }, user))).toBe(
      "400 ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    );
  });

  it.each([3599, 43_201, 3600.5])("rejects a role with maxSessionDuration %s", (maxSessionDuration) => {
    expect(() => withRole({ maxSessionDuration })).toThrow(/maxSessionDuration/);
  });

  it("rejects a role without a valid role ARN", () => {
    expect(() => aws.setRole({ roleArn: USER })).toThrow(/role\.roleArn/);
  });
});

describe("a chain of roles", () => {
  it("requires the first role's permission", async () => {
    aws.setRole({ roleArn: OTHER_ROLE, trustedPrincipals: [ROLE] });
    expect(await refusal(assumeRole(aws, { RoleArn: OTHER_ROLE }, await assumedKeys(aws)))).toContain(
      "AccessDenied: User: arn:aws:sts::123456789012:assumed-role/Inventory/test",
    );
    withRole({ allowAssumeRole: [OTHER_ROLE] });
    const chained = await assumedKeys(aws, { RoleArn: OTHER_ROLE, RoleSessionName: "second" }, await assumedKeys(aws));
    expect(await stsAs(aws, chained).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Arn: "arn:aws:sts::444455556666:assumed-role/Audit/second",
    });
  });

  it("passes on transitive tags and the source identity, and lets neither change", async () => {
    withRole({ allowAssumeRole: ["*"] });
    aws.setRole({ roleArn: OTHER_ROLE, trustedPrincipals: ["arn:aws:iam::123456789012:root"] });
    const first = await assumedKeys(aws, {
      SourceIdentity: "ann",
      Tags: [{ Key: "team", Value: "red" }],
      TransitiveTagKeys: ["team"],
    });
    const second = (input: Parameters<typeof assumeRole>[1] = {}) =>
      assumeRole(aws, { RoleArn: OTHER_ROLE, ...input }, first);
    expect((await second()).SourceIdentity).toBe("ann");
    expect((await second({ SourceIdentity: "ann" })).SourceIdentity).toBe("ann");
    expect(await refusal(second({ SourceIdentity: "bob" }))).toBe(
      "400 ValidationError: The source identity is already set for this assume role session",
    );
    expect(await refusal(second({ Tags: [{ Key: "TEAM", Value: "blue" }] }))).toBe(
      "400 InvalidParameterValue: One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );

    const denied = `on resource: ${OTHER_ROLE}`;
    aws.setRole({ roleArn: OTHER_ROLE, trustedPrincipals: [ROLE], allowTagSession: false });
    expect(await refusal(second())).toContain(`is not authorized to perform: sts:TagSession ${denied}`);
    aws.setRole({ roleArn: OTHER_ROLE, trustedPrincipals: [ROLE], allowSetSourceIdentity: false });
    expect(await refusal(second())).toContain(`is not authorized to perform: sts:SetSourceIdentity ${denied}`);
  });

  it("needs the first role's permission to pass on tags and a source identity", async () => {
    const permit = (...Action: string[]) =>
      withRole({ policy: { Version: "2012-10-17", Statement: { Effect: "Allow", Action, Resource: OTHER_ROLE } } });
    aws.setRole({ roleArn: OTHER_ROLE, trustedPrincipals: [ROLE] });
    const first = await assumedKeys(aws, {
      SourceIdentity: "ann",
      Tags: [{ Key: "team", Value: "red" }],
      TransitiveTagKeys: ["team"],
    });
    const second = () => refusal(assumeRole(aws, { RoleArn: OTHER_ROLE }, first));
    permit("sts:AssumeRole", "sts:SetSourceIdentity");
    expect(await second()).toContain("perform: sts:TagSession on");
    permit("sts:AssumeRole", "sts:TagSession");
    expect(await second()).toContain("perform: sts:SetSourceIdentity on");
    permit("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity");
    expect(await second()).toContain("no error");
  });

  it("shows its tags and source identity to the conditions of every hop", async () => {
    const third = "arn:aws:iam::444455556666:role/Third";
    const trust = (trusted: string, StringEquals: object, transitive: string | string[] = []) => ({
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow",
        Principal: { AWS: trusted },
        Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        Condition: {
          StringEquals,
          ...(transitive.length > 0 && { "ForAnyValue:StringEquals": { "sts:TransitiveTagKeys": transitive } }),
        },
      },
    });
    withRole({ allowAssumeRole: ["*"] });
    aws.setRole({
      roleArn: OTHER_ROLE,
      allowAssumeRole: ["*"],
      trustPolicy: trust(
        ROLE,
        {
          "aws:PrincipalTag/team": "red",
          "aws:PrincipalTag/stage": "test",
          "aws:RequestTag/job": "nightly",
          "sts:SourceIdentity": "ann",
          "aws:SourceIdentity": "ann",
        },
        "job",
      ),
    });
    aws.setRole({
      roleArn: third,
      trustPolicy: trust(OTHER_ROLE, {
        "aws:PrincipalTag/team": "red",
        "aws:PrincipalTag/job": "nightly",
        "aws:SourceIdentity": "ann",
      }),
    });
    const first = await assumedKeys(aws, {
      SourceIdentity: "ann",
      Tags: [
        { Key: "Team", Value: "red" },
        { Key: "stage", Value: "test" },
      ],
      TransitiveTagKeys: ["team"],
    });
    const job = { Tags: [{ Key: "job", Value: "nightly" }], TransitiveTagKeys: ["job"] };
    const second = await assumedKeys(aws, { RoleArn: OTHER_ROLE, ...job }, first);
    expect(await refusal(assumeRole(aws, { RoleArn: third }, second))).toContain("no error");

    const policy = trust(OTHER_ROLE, { "aws:PrincipalTag/stage": "test" });
    aws.setRole({ roleArn: third, trustPolicy: policy });
    expect(await refusal(assumeRole(aws, { RoleArn: third }, second))).toContain("AccessDenied");
  });

  it("lasts one hour at most, whatever session assumes the role", async () => {
    withRole({ maxSessionDuration: 43_200, allowAssumeRole: ["*"] });
    const long = { trustedPrincipals: ["*"], maxSessionDuration: 43_200 };
    aws.setRole({ roleArn: OTHER_ROLE, ...long });
    for (const keys of [await assumedKeys(aws), aws.issueSession({ roleArn: ROLE })]) {
      const ask = (DurationSeconds: number) => refusal(assumeRole(aws, { RoleArn: OTHER_ROLE, DurationSeconds }, keys));
      expect(await ask(3600)).toContain("no error");
      expect(await ask(3601)).toBe(
        "400 ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
      );
    }
  });
});

describe("GetCallerIdentity", () => {
  it("identifies the instance profile", async () => {
    const sts = stsAs(aws, await readInstanceKeys(aws));
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: "111122223333",
      Arn: PROFILE_ARN,
      UserId: expect.stringMatching(/^AROA[A-Z2-7]{17}:i-0123456789abcdef0$/),
    });
  });

  it("identifies users and issued sessions", async () => {
    const user = stsAs(aws, aws.issueUserKeys({ userArn: USER }));
    expect(await user.send(new GetCallerIdentityCommand({}))).toMatchObject({ Account: "111122223333", Arn: USER });
    const issued = aws.issueSession({ roleArn: OTHER_ROLE, roleSessionName: "direct", lifetime: 1000 });
    expect(issued.expiration).toEqual(new Date(clock.now() + 1000));
    expect(await stsAs(aws, issued).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Arn: "arn:aws:sts::444455556666:assumed-role/Audit/direct",
    });
  });

  it("accepts GET and presigned requests", async () => {
    const keys = aws.issueSession({ roleArn: ROLE });
    const query = { Action: "GetCallerIdentity", Version: "2011-06-15" };
    expect((await send(await sign(aws, keys, { query }))).outcome).toBe("200");
    expect((await send(await presign(aws, keys, { query }, { expiresIn: 60 }))).outcome).toBe("200");
    expect(aws.requests.at(-1)).toMatchObject({ target: "sts", operation: "GetCallerIdentity", parameters: query });
  });
});

describe("an error response", () => {
  it("has the format of AWS", async () => {
    const keys = aws.issueUserKeys({ userArn: USER });
    const answer = await send(
      await sign(aws, keys, { ...CALLER_IDENTITY, body: "Action=<Nothing>&Version=2011-06-15" }),
    );
    expect(answer.outcome).toBe("400 InvalidAction");
    const requestId = answer.headers.get("x-amzn-requestid");
    expect(answer.body.trim().split("\n").at(-1)).toBe(
      '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>InvalidAction</Code>' +
        "<Message>Could not find operation &lt;Nothing&gt; for version 2011-06-15</Message></Error>" +
        `<RequestId>${requestId}</RequestId></ErrorResponse>`,
    );
    expect(answer.headers.get("date")).toBe("Thu, 01 Jan 2026 00:00:00 GMT");
  });

  it("is returned for unsupported operations", async () => {
    const sts = stsAs(aws, aws.issueUserKeys({ userArn: USER }));
    expect(await refusal(sts.send(new GetSessionTokenCommand({})))).toBe(
      "400 InvalidAction: Could not find operation GetSessionToken for version 2011-06-15",
    );
  });

  it("is returned in a region where STS is not activated", async () => {
    await using other = await startLocalAws({
      disabledRegions: ["ap-east-1"],
      roles: [{ roleArn: ROLE, trustedPrincipals: ["*"] }],
    });
    const user = other.issueUserKeys({ userArn: USER });
    const ask = (region: string) =>
      stsAs(other, user, region).send(new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: "test" }));
    expect(await refusal(ask("ap-east-1"))).toMatch(
      /^403 RegionDisabledException: STS is not activated in this region for account:111122223333\./,
    );
    await ask("eu-west-1");
  });
});

function randomText(length: number): string {
  return Array.from({ length }, () => Math.floor(Math.random() * 36).toString(36)).join("");
}
