import fc from "fast-check";
import {
  commandPolicy,
  ec2TrustPolicy,
  formatPolicy,
  identityPolicy,
  machineTrustPolicy,
  permissionsTable,
  rolePermissions,
  trustPolicy,
} from "../../../src/policies/index.js";
import { anyOf, callWith, garbage, listOf, settings } from "../arbitraries.js";
import { EXTERNAL_ID, GUARDED_ROLE, ROLE } from "../cast.js";
import { json, object, recipeOf } from "../recipe.js";
import { anyInstance, misshapen } from "../settings.js";
import type { Target } from "../target.js";

const MACHINE = "arn:aws:iam::111122223333:role/Machine";

const roles = fc.oneof(
  listOf(
    fc.oneof(
      anyOf(ROLE, GUARDED_ROLE, "arn:*:iam::*:role/*"),
      fc.constant(object({ roleArn: json(ROLE), externalId: json(EXTERNAL_ID) })),
    ),
  ),
  misshapen(EXTERNAL_ID),
);
const shared = {
  roles,
  instance: anyInstance,
  authorTagKeys: listOf(anyOf("team", "owner")),
  inheritedTagKeys: listOf(anyOf("eks-cluster-name", "team")),
  sourceIdentities: listOf(anyOf("jane", "*")),
};
const principal = anyOf(MACHINE, "arn:aws-cn:iam::111122223333:role/Machine");
const partition = anyOf("aws", "aws-cn");
const CLUSTER = "arn:aws:eks:eu-central-1:111122223333:cluster/production";
const PROVIDER = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/EXAMPLE";
const pod = { namespace: anyOf("integrations", "team-*"), serviceAccount: anyOf("inventory", "*") };

const actions = anyOf("ec2:DescribeInstances", "ec2:Describe*", "*", "sts:AssumeRole");
const permission = fc.oneof(
  actions,
  settings(
    { actions: listOf(actions), resources: listOf(anyOf("arn:aws:s3:::reports/*", "arn:aws-cn:s3:::reports/*", "*")) },
    { required: ["actions", "resources"] },
  ),
);
const commands = settings({ list: listOf(permission), stop: listOf(permission) }, { required: ["list"] });

const document = fc.oneof(
  fc.constant(
    recipeOf({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Resource: [ROLE] }] }),
  ),
  garbage,
);

export const policies: readonly Target[] = [
  {
    name: "identityPolicy",
    input: callWith(
      settings(
        {
          ...shared,
          variant: anyOf("listed-roles", "any-role", "own-permissions"),
          actions: listOf(anyOf("ec2:Describe*")),
          principal,
          partition,
        },
        { required: ["variant"], garbageFor: { roles: misshapen(EXTERNAL_ID) } },
      ),
    ),
    attempt: (_lab, args) => identityPolicy(...(args as Parameters<typeof identityPolicy>)),
  },
  {
    name: "trustPolicy",
    input: callWith(
      settings(
        {
          ...shared,
          principal,
          role: anyOf(ROLE, GUARDED_ROLE),
          externalId: anyOf(EXTERNAL_ID),
          accountRoot: anyOf(true, false),
        },
        {
          required: ["principal", "role"],
          garbageFor: { externalId: misshapen(EXTERNAL_ID), roles: misshapen(EXTERNAL_ID) },
        },
      ),
    ),
    attempt: (_lab, args) => trustPolicy(...(args as Parameters<typeof trustPolicy>)),
  },
  {
    name: "ec2TrustPolicy",
    input: callWith(settings({ principal, partition })),
    attempt: (_lab, args) => ec2TrustPolicy(...(args as Parameters<typeof ec2TrustPolicy>)),
  },
  {
    name: "machineTrustPolicy",
    input: callWith(
      fc.oneof(
        settings({ machine: anyOf("ec2", "lambda"), principal, partition }, { required: ["machine"] }),
        settings(
          { machine: anyOf("ecs"), principal, region: anyOf("eu-central-1", "cn-north-1") },
          { required: ["machine", "principal"] },
        ),
        settings(
          { machine: anyOf("pod-identity"), principal, clusterArn: anyOf(CLUSTER), ...pod },
          { required: ["machine"] },
        ),
        settings(
          { machine: anyOf("irsa"), provider: anyOf(PROVIDER), audience: anyOf("sts.amazonaws.com"), ...pod },
          { required: ["machine", "provider", "namespace", "serviceAccount"] },
        ),
      ),
    ),
    attempt: (_lab, args) => machineTrustPolicy(...(args as Parameters<typeof machineTrustPolicy>)),
  },
  {
    name: "rolePermissions",
    input: callWith(commands, settings({ role: anyOf(MACHINE) })),
    attempt: (_lab, args) => rolePermissions(...(args as Parameters<typeof rolePermissions>)),
  },
  {
    name: "commandPolicy",
    input: callWith(commands, fc.oneof(anyOf("list", "stop", "lst", "__proto__"), garbage)),
    attempt: (_lab, args) => commandPolicy(...(args as Parameters<typeof commandPolicy>)),
  },
  {
    name: "permissionsTable",
    input: callWith(commands),
    attempt: (_lab, args) => permissionsTable(...(args as Parameters<typeof permissionsTable>)),
  },
  {
    name: "formatPolicy",
    input: callWith(
      settings(
        {
          kind: anyOf("identity", "trust", "ec2-trust", "irsa-trust", "permissions"),
          document,
          roleArn: anyOf(MACHINE),
          partition,
          warnings: listOf(garbage),
        },
        { required: ["kind", "document", "roleArn"] },
      ),
      fc.oneof(anyOf("json", "terraform", "cloudformation"), garbage),
    ),
    attempt: (_lab, args) => formatPolicy(...(args as Parameters<typeof formatPolicy>)),
  },
];
