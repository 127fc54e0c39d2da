import { describe, expect, it } from "vitest";
import { ec2TrustPolicy, type TrustPolicyOptions, trustPolicy } from "../../src/policies/index.js";

const HOST = "arn:aws:iam::111122223333:role/integration-host";
const INVENTORY = "arn:aws:iam::123456789012:role/Inventory";
const AUDIT = "arn:aws:iam::444455556666:role/integration-audit";

const statementsOf = (options: Partial<TrustPolicyOptions>) =>
  trustPolicy({ principal: HOST, ...options }).document.Statement;
const conditionOf = (options: Partial<TrustPolicyOptions>) => statementsOf(options)[0]?.Condition;

describe("the trust policy of a role", () => {
  it("names the machine's role", () => {
    expect(trustPolicy({ principal: HOST, role: INVENTORY })).toEqual({
      kind: "trust",
      document: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { AWS: HOST }, Action: "sts:AssumeRole" }],
      },
      roleArn: INVENTORY,
      partition: "aws",
      warnings: [],
    });
  });

  it("names the user whose keys the instance sets, including its path", () => {
    const user = "arn:aws:iam::111122223333:user/machines/integration";
    expect(statementsOf({ principal: user, role: INVENTORY })).toEqual([
      { Effect: "Allow", Principal: { AWS: user }, Action: "sts:AssumeRole" },
    ]);
  });

  it.each([
    "arn:aws:sts::111122223333:assumed-role/integration-host/i-0123456789abcdef0",
    "arn:aws:iam::111122223333:root",
    "arn:aws:iam::111122223333:group/integration",
    "arn:aws:iam::111122223333:user/",
    "integration-host",
  ])("is rejected for the principal %s, with a hint about principals", (principal) => {
    expect(() => trustPolicy({ principal, role: INVENTORY })).toThrow(
      `principal is invalid: received "${principal}". Allowed: the ARN of an IAM role or user (not of a session), such as `,
    );
  });

  it("requires the external id that the library sends for that role", () => {
    const demanded = (externalId: string) => ({ StringEquals: { "sts:ExternalId": externalId } });
    const roles = [INVENTORY, { roleArn: "arn:aws:iam::444455556666:role/integration-*", externalId: "partner" }];
    expect(conditionOf({ role: INVENTORY, externalId: "acme" })).toEqual(demanded("acme"));
    expect(conditionOf({ role: AUDIT, roles })).toEqual(demanded("partner"));
    expect(conditionOf({ role: INVENTORY, roles })).toBeUndefined();
    const instance = { roleArn: INVENTORY, allowedRoles: roles, externalId: "acme" };
    expect(conditionOf({ instance })).toEqual(demanded("acme"));
    expect(conditionOf({ instance, role: AUDIT })).toEqual(demanded("partner"));
    expect(conditionOf({ instance, role: AUDIT, externalId: "partner" })).toEqual(demanded("partner"));
    const unlimited = { roleArn: INVENTORY, externalId: "acme" };
    expect(conditionOf({ instance: unlimited, role: AUDIT })).toEqual(demanded("acme"));
  });

  it("requires the instance's tags and source identity, and limits what authors add", () => {
    const instance = {
      roleArn: INVENTORY,
      externalId: "acme",
      tags: { team: "red", stage: "prod" },
      transitiveTagKeys: ["team"],
      sourceIdentity: "inventory",
    };
    const named = { Effect: "Allow", Principal: { AWS: HOST } };
    expect(statementsOf({ instance, authorTagKeys: ["command"] })).toEqual([
      {
        ...named,
        Action: "sts:AssumeRole",
        Condition: {
          StringEquals: {
            "sts:ExternalId": "acme",
            "sts:SourceIdentity": "inventory",
            "aws:RequestTag/team": "red",
            "aws:RequestTag/stage": "prod",
          },
        },
      },
      {
        ...named,
        Action: "sts:TagSession",
        Condition: {
          "ForAllValues:StringEquals": {
            "aws:TagKeys": ["team", "stage", "command"],
            "sts:TransitiveTagKeys": ["team"],
          },
        },
      },
      {
        ...named,
        Action: "sts:SetSourceIdentity",
        Condition: { StringEquals: { "sts:SourceIdentity": "inventory" } },
      },
    ]);
  });

  it.each<[string[], object]>([
    [["ann"], { StringEquals: { "sts:SourceIdentity": "ann" } }],
    [["ann", "bob", "ann"], { StringEquals: { "sts:SourceIdentity": ["ann", "bob"] } }],
    [["ann", "b*"], { StringLike: { "sts:SourceIdentity": ["ann", "b*"] } }],
  ])("lets authors set a source identity of %j without requiring one", (sourceIdentities, condition) => {
    const [assumeRole, setSourceIdentity] = statementsOf({ role: INVENTORY, sourceIdentities });
    expect(assumeRole).not.toHaveProperty("Condition");
    expect(setSourceIdentity).toMatchObject({ Action: "sts:SetSourceIdentity", Condition: condition });
  });

  it("warns about any source identity, and about more than IAM accepts by default", () => {
    const warnings = (options: Partial<TrustPolicyOptions>) =>
      trustPolicy({ principal: HOST, role: INVENTORY, ...options }).warnings;
    expect(warnings({ sourceIdentities: ["*"] })).toEqual([
      { code: "any-source-identity", message: expect.stringContaining('"*" lets authors') },
    ]);
    const authorTagKeys = Array.from(
      { length: 50 },
      (_, index) => `a-tag-with-a-key-of-fifty-characters-or-so-${index}`,
    );
    expect(warnings({ authorTagKeys })).toEqual([
      { code: "too-large", message: expect.stringMatching(/more than the default limit of 2048\. .*quota/) },
    ]);
  });

  it.each<[object, string, string?]>([
    [{ principal: undefined, role: INVENTORY }, "principal is missing."],
    [{ principal: "*", role: INVENTORY }, 'principal is invalid: received "*".'],
    [{}, "role is missing."],
    [{ role: `${INVENTORY}*` }, "role is invalid"],
    [{ role: "arn:aws-cn:iam::123456789012:role/Inventory" }, "which is not in the partition aws."],
    [{ role: INVENTORY, externalId: "x" }, "externalId is invalid: received a string of 1 characters."],
    [
      { instance: { roleArn: INVENTORY, externalId: "acme" }, externalId: "other" },
      "externalId does not match what the instance sends",
    ],
    [{ instance: { roleArn: INVENTORY }, externalId: "acme" }, "externalId does not match what the instance sends"],
    [{ instance: { roleArn: INVENTORY, transitiveTagKeys: ["team"] } }, "instance.transitiveTagKeys[0] is"],
    [{ role: INVENTORY, partition: "aws" }, "options.partition is not a setting."],
    [
      { role: AUDIT, roles: [INVENTORY] },
      `The role ${AUDIT} is not in the instance's allowedRoles.`,
      "ROLE_NOT_ALLOWED",
    ],
  ])("is rejected: %j", (options, message, code = "INVALID_REQUEST") => {
    expect(() => trustPolicy({ principal: HOST, ...options })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});

describe("the trust policy of a role that trusts the account of the machine's role", () => {
  const byAccount = (options: Partial<TrustPolicyOptions>) => statementsOf({ accountRoot: true, ...options });

  it("names the account, and requires the machine's role with its path", () => {
    const principal = "arn:aws:iam::111122223333:role/integrations/integration-host";
    expect(byAccount({ principal, role: INVENTORY, externalId: "acme" })).toEqual([
      {
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::111122223333:root" },
        Action: "sts:AssumeRole",
        Condition: {
          ArnEquals: { "aws:PrincipalArn": principal },
          StringEquals: { "sts:ExternalId": "acme" },
        },
      },
    ]);
  });

  it("requires the machine's role in every statement", () => {
    const instance = { roleArn: INVENTORY, tags: { team: "red" }, sourceIdentity: "inventory" };
    const statements = byAccount({ instance });
    expect(statements.map(({ Action }) => Action)).toEqual([
      "sts:AssumeRole",
      "sts:TagSession",
      "sts:SetSourceIdentity",
    ]);
    for (const { Principal, Condition } of statements) {
      expect(Principal).toEqual({ AWS: "arn:aws:iam::111122223333:root" });
      expect(Condition?.ArnEquals).toEqual({ "aws:PrincipalArn": HOST });
    }
  });

  it("names each account once, and every principal", () => {
    const principal = [HOST, "arn:aws:iam::111122223333:user/machines/old", AUDIT];
    expect(byAccount({ principal, role: INVENTORY })).toMatchObject([
      {
        Principal: { AWS: ["arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:root"] },
        Condition: { ArnEquals: { "aws:PrincipalArn": principal } },
      },
    ]);
  });

  it("has the partition of the role, and escapes what would be a policy variable", () => {
    const role = "arn:aws-cn:iam::123456789012:role/Inventory";
    const principal = `arn:aws-cn:iam::111122223333:role/\${aws}/host`;
    expect(byAccount({ principal, role })).toMatchObject([
      {
        Principal: { AWS: "arn:aws-cn:iam::111122223333:root" },
        Condition: { ArnEquals: { "aws:PrincipalArn": `arn:aws-cn:iam::111122223333:role/\${$}{aws}/host` } },
      },
    ]);
  });

  it("is for the source role, too, if the instance has one", () => {
    const sourceRole = "arn:aws:iam::444455556666:role/central";
    expect(trustPolicy({ accountRoot: true, instance: { roleArn: INVENTORY, sourceRole } }).document.Statement).toEqual(
      [
        {
          Effect: "Allow",
          Principal: { AWS: "arn:aws:iam::444455556666:root" },
          Action: "sts:AssumeRole",
          Condition: { ArnEquals: { "aws:PrincipalArn": sourceRole } },
        },
      ],
    );
  });

  it("is only on request", () => {
    expect(byAccount({ role: INVENTORY, accountRoot: false })).toEqual(statementsOf({ role: INVENTORY }));
    expect(() => byAccount({ role: INVENTORY, accountRoot: "yes" as never })).toThrow(/^accountRoot is invalid: /);
  });
});

describe("the EC2 trust policy", () => {
  it.each([
    ["aws", "ec2.amazonaws.com"],
    ["aws-cn", "ec2.amazonaws.com.cn"],
    ["aws-us-gov", "ec2.amazonaws.com"],
    ["aws-iso", "ec2.amazonaws.com"],
    ["aws-eusc", "ec2.amazonaws.com"],
  ])("names EC2 as the partition %s does: %s", (partition, Service) => {
    const expected = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" }],
    };
    const principal = HOST.replace("aws", partition);
    expect(ec2TrustPolicy({ principal })).toEqual({
      kind: "ec2-trust",
      document: expected,
      roleArn: principal,
      partition,
      warnings: [],
    });
    expect(ec2TrustPolicy({ partition }).document).toEqual(expected);
  });

  it("is rejected if the EC2 service principal is unknown", () => {
    const newer = { principal: "arn:aws-moon:iam::111122223333:role/host" };
    expect(() => ec2TrustPolicy(newer)).toThrow(/^partition is aws-moon, and its EC2 service principal is not known/);
  });

  it("uses the partition aws by default, and rejects two partitions", () => {
    expect(ec2TrustPolicy()).toMatchObject({ partition: "aws", roleArn: undefined });
    expect(() => ec2TrustPolicy({ principal: HOST, partition: "aws-cn" })).toThrow(/^principal names /);
    expect(() => ec2TrustPolicy({ role: HOST } as object)).toThrow("options.role is not a setting.");
  });
});
