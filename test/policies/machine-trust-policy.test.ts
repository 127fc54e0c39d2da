import { describe, expect, it } from "vitest";
import { ec2TrustPolicy, type MachineTrustPolicyOptions, machineTrustPolicy } from "../../src/policies/index.js";
import { sdkPartitions } from "../support/sdk-partitions.js";

const HOST = "arn:aws:iam::111122223333:role/integrations/integration-host";
const ISSUER = "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
const PROVIDER = `arn:aws:iam::111122223333:oidc-provider/${ISSUER}`;
const CLUSTER = "arn:aws:eks:eu-central-1:111122223333:cluster/production";
const POD = { namespace: "integrations", serviceAccount: "inventory" } as const;

const statementOf = (options: MachineTrustPolicyOptions) => {
  const { document } = machineTrustPolicy(options);
  expect(document).toMatchObject({ Version: "2012-10-17", Statement: [{ Effect: "Allow" }] });
  expect(document.Statement).toHaveLength(1);
  return document.Statement[0];
};

describe("the trust policy of the machine's role", () => {
  it("is for an EC2 instance as ec2TrustPolicy writes it", () => {
    expect(machineTrustPolicy({ machine: "ec2", principal: HOST })).toEqual(ec2TrustPolicy({ principal: HOST }));
    expect(machineTrustPolicy({ machine: "ec2", partition: "aws-cn" })).toEqual(
      ec2TrustPolicy({ partition: "aws-cn" }),
    );
  });

  it("is for a Lambda function", () => {
    expect(machineTrustPolicy({ machine: "lambda" })).toEqual({
      kind: "lambda-trust",
      document: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
      },
      roleArn: undefined,
      partition: "aws",
      warnings: [],
    });
  });

  it("is for the ECS tasks of the role's account", () => {
    expect(machineTrustPolicy({ machine: "ecs", principal: HOST })).toEqual({
      kind: "ecs-trust",
      document: {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { Service: "ecs-tasks.amazonaws.com" },
            Action: "sts:AssumeRole",
            Condition: {
              ArnLike: { "aws:SourceArn": "arn:aws:ecs:*:111122223333:*" },
              StringEquals: { "aws:SourceAccount": "111122223333" },
            },
          },
        ],
      },
      roleArn: HOST,
      partition: "aws",
      warnings: [],
    });
  });

  it("can be for the ECS tasks of one region", () => {
    const principal = HOST.replace("aws", "aws-cn");
    expect(statementOf({ machine: "ecs", principal, region: "cn-north-1" })?.Condition?.ArnLike).toEqual({
      "aws:SourceArn": "arn:aws-cn:ecs:cn-north-1:111122223333:*",
    });
  });

  it("is for any pod with an association in EKS Pod Identity, or for some", () => {
    const anyPod = {
      Effect: "Allow",
      Principal: { Service: "pods.eks.amazonaws.com" },
      Action: ["sts:AssumeRole", "sts:TagSession"],
    };
    expect(statementOf({ machine: "pod-identity" })).toEqual(anyPod);
    expect(statementOf({ machine: "pod-identity", principal: HOST, clusterArn: CLUSTER, ...POD })).toEqual({
      ...anyPod,
      Condition: {
        StringEquals: {
          "aws:RequestTag/eks-cluster-arn": CLUSTER,
          "aws:RequestTag/kubernetes-namespace": "integrations",
          "aws:RequestTag/kubernetes-service-account": "inventory",
        },
      },
    });
    expect(statementOf({ machine: "pod-identity", namespace: "team-*", serviceAccount: "inventory" })).toEqual({
      ...anyPod,
      Condition: {
        StringLike: { "aws:RequestTag/kubernetes-namespace": "team-*" },
        StringEquals: { "aws:RequestTag/kubernetes-service-account": "inventory" },
      },
    });
  });

  it.each([{ provider: PROVIDER }, { issuer: `https://${ISSUER}`, principal: HOST }])(
    "is for a service account of a cluster with an OIDC provider: %j",
    (provider) => {
      expect(machineTrustPolicy({ machine: "irsa", ...provider, ...POD })).toEqual({
        kind: "irsa-trust",
        document: {
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Allow",
              Principal: { Federated: PROVIDER },
              Action: "sts:AssumeRoleWithWebIdentity",
              Condition: {
                StringEquals: {
                  [`${ISSUER}:aud`]: "sts.amazonaws.com",
                  [`${ISSUER}:sub`]: "system:serviceaccount:integrations:inventory",
                },
              },
            },
          ],
        },
        roleArn: provider.principal,
        partition: "aws",
        warnings: [],
      });
    },
  );

  it("has the provider's partition and the audience that is set", () => {
    const provider = PROVIDER.replace("aws", "aws-cn");
    const { partition, document } = machineTrustPolicy({ machine: "irsa", provider, audience: "example", ...POD });
    expect(partition).toBe("aws-cn");
    expect(document.Statement[0]).toMatchObject({
      Principal: { Federated: provider },
      Condition: { StringEquals: { [`${ISSUER}:aud`]: "example" } },
    });
  });

  it("requires the audience exactly, also if the service account is a pattern", () => {
    expect(statementOf({ machine: "irsa", provider: PROVIDER, ...POD, serviceAccount: "*" })?.Condition).toEqual({
      StringEquals: { [`${ISSUER}:aud`]: "sts.amazonaws.com" },
      StringLike: { [`${ISSUER}:sub`]: "system:serviceaccount:integrations:*" },
    });
  });

  it.each([{ machine: "irsa", provider: PROVIDER }, { machine: "pod-identity" }] as const)(
    "warns about each wildcard of $machine",
    (options) => {
      const warnings = (pod: { namespace: string; serviceAccount: string }) =>
        machineTrustPolicy({ ...options, ...pod }).warnings;
      expect(warnings(POD)).toEqual([]);
      expect(warnings({ namespace: "team-?", serviceAccount: "*" })).toEqual([
        { code: "any-service-account", message: expect.stringMatching(/^"team-\?" trusts every namespace /) },
        { code: "any-service-account", message: expect.stringMatching(/^"\*" trusts every service account /) },
      ]);
    },
  );
});

const SERVICES = {
  ec2: "ec2",
  ecs: "ecs-tasks",
  lambda: "lambda",
  "pod-identity": "pods.eks",
} as const;
const MACHINES = Object.keys(SERVICES) as (keyof typeof SERVICES)[];

describe.each(MACHINES)("the service principal for %s", (machine) => {
  const partitions = sdkPartitions().map(({ id }) => id);

  it.each(partitions)("is known in %s", (partition) => {
    const Service =
      machine === "ec2" && partition === "aws-cn" ? "ec2.amazonaws.com.cn" : `${SERVICES[machine]}.amazonaws.com`;
    const principal = HOST.replace("aws", partition);
    expect(machineTrustPolicy({ machine, principal })).toMatchObject({
      partition,
      document: { Statement: [{ Principal: { Service } }] },
    });
  });

  it("is not made up for another partition", () => {
    const principal = HOST.replace("aws", "aws-moon");
    expect(() => machineTrustPolicy({ machine, principal })).toThrow(
      expect.objectContaining({
        code: "INVALID_REQUEST",
        field: "partition",
        message: expect.stringMatching(/^partition is aws-moon, and its .+ service principal is not known\./),
        hint: expect.stringContaining("write the document by hand"),
      }),
    );
  });
});

it("is for every partition of the SDK with IRSA, which names no service", () => {
  for (const { id } of sdkPartitions()) {
    const principal = HOST.replace("aws", id);
    const policy = machineTrustPolicy({ machine: "irsa", principal, issuer: `https://${ISSUER}`, ...POD });
    expect(policy.partition).toBe(id);
    expect(policy.document.Statement[0]?.Principal).toEqual({ Federated: PROVIDER.replace("aws", id) });
  }
});

describe("an invalid option is an error that names it", () => {
  const irsa = { machine: "irsa", provider: PROVIDER, ...POD };
  const ofOtherAccount = "arn:aws:iam::444455556666:role/integration-host";

  it.each<[string, object | undefined, string]>([
    ["machine", undefined, "machine is invalid: received undefined. Allowed: ec2, ecs, lambda, pod-identity, irsa."],
    ["machine", { machine: "toString" }, 'machine is invalid: received "toString".'],
    ["options.role", { machine: "ec2", role: HOST }, "options.role is not a setting."],
    ["region", { machine: "lambda", region: "eu-central-1" }, "region is not an option of the machine lambda."],
    ["namespace", { machine: "ec2", namespace: "x" }, "namespace is not an option of the machine ec2."],
    [
      "partition",
      { machine: "ecs", principal: HOST, partition: "aws" },
      "partition is not an option of the machine ecs.",
    ],
    ["partition", { ...irsa, partition: "aws" }, "partition is not an option of the machine irsa."],
    ["principal", { machine: "ecs" }, "principal is missing."],
    ["principal", { machine: "ec2", principal: "integration-host" }, "principal is invalid"],
    ["region", { machine: "ecs", principal: HOST, region: "cn-north-1" }, "region is cn-north-1, but the role is in"],
    ["region", { machine: "ecs", principal: HOST, region: "*" }, 'region is invalid: received "*".'],
    ["clusterArn", { machine: "pod-identity", clusterArn: "production" }, "clusterArn is invalid"],
    ["clusterArn", { machine: "pod-identity", clusterArn: `${CLUSTER}*` }, "clusterArn is invalid"],
    [
      "clusterArn",
      { machine: "pod-identity", principal: ofOtherAccount, clusterArn: CLUSTER },
      "clusterArn is in account 111122223333, but the role is in account 444455556666.",
    ],
    [
      "clusterArn",
      { machine: "pod-identity", principal: HOST.replace("aws", "aws-cn"), clusterArn: CLUSTER },
      "which is not in the partition aws-cn.",
    ],
    ["namespace", { ...irsa, namespace: undefined }, "namespace is missing."],
    ["serviceAccount", { ...irsa, serviceAccount: undefined }, "serviceAccount is missing."],
    ["serviceAccount", { ...irsa, serviceAccount: null }, "serviceAccount is null, which would lift the limit."],
    ["namespace", { machine: "pod-identity", namespace: null }, "namespace is null, which would lift the limit."],
    ["clusterArn", { machine: "pod-identity", clusterArn: null }, "clusterArn is null, which would lift the limit."],
    ["region", { machine: "ecs", principal: HOST, region: null }, "region is null, which would lift the limit."],
    ["namespace", { ...irsa, namespace: "a:b" }, 'namespace is invalid: received "a:b".'],
    ["namespace", { ...irsa, namespace: "" }, "namespace is invalid"],
    ["namespace", { ...irsa, namespace: "x".repeat(64) }, "namespace is invalid"],
    ["serviceAccount", { ...irsa, serviceAccount: `\${aws:userid}` }, "serviceAccount is invalid"],
    ["serviceAccount", { ...irsa, serviceAccount: ["inventory"] }, "serviceAccount is invalid"],
    ["audience", { ...irsa, audience: "*" }, 'audience is invalid: received "*".'],
    ["provider", { machine: "irsa", ...POD }, "provider is missing."],
    ["provider", { ...irsa, provider: `https://${ISSUER}` }, "provider is invalid"],
    ["issuer", { ...irsa, issuer: `https://${ISSUER}` }, "issuer cannot be combined with provider."],
    ["issuer", { machine: "irsa", principal: HOST, issuer: ISSUER, ...POD }, "issuer is invalid"],
    ["issuer", { machine: "irsa", principal: HOST, issuer: `https://${ISSUER}/`, ...POD }, "issuer is invalid"],
    ["principal", { machine: "irsa", issuer: `https://${ISSUER}`, ...POD }, "principal is missing, and issuer"],
    [
      "provider",
      { ...irsa, principal: ofOtherAccount },
      "provider is in account 111122223333, but the role is in account 444455556666.",
    ],
    ["principal", { ...irsa, principal: HOST.replace("aws", "aws-cn") }, "which is not in the partition aws."],
  ])("%s: %j", (field, options, message) => {
    expect(() => machineTrustPolicy(options as MachineTrustPolicyOptions)).toThrow(
      expect.objectContaining({ code: "INVALID_REQUEST", field, message: expect.stringContaining(message) }),
    );
  });
});

it("each kind of machine has its own options in the type", () => {
  // @ts-expect-error: a Lambda function has no region in the document
  expect(() => machineTrustPolicy({ machine: "lambda", region: "eu-central-1" })).toThrow("region is not an option");
  // @ts-expect-error: the account of ECS tasks comes from the role
  expect(() => machineTrustPolicy({ machine: "ecs" })).toThrow("principal is missing");
  // @ts-expect-error: a service account has a namespace
  expect(() => machineTrustPolicy({ machine: "irsa", provider: PROVIDER, serviceAccount: "x" })).toThrow("namespace");
});
