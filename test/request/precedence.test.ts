import { describe, expect, it } from "vitest";
import { refuseUnlessAllowed } from "../../src/request/allowed-roles.js";
import { readAuthorSession } from "../../src/request/author-session.js";
import { readCommand } from "../../src/request/command-overrides.js";
import { readInstance } from "../../src/request/integration-instance.js";
import { chooseRole, chooseSettings, envRegion } from "../../src/request/precedence.js";
import { RoleArn } from "../../src/request/role-arn.js";
import { serviceRegion } from "../../src/request/role-request.js";
import {
  assumptionOf,
  CHINA_ROLE,
  expectInvalid,
  type Input,
  OTHER_ROLE,
  ROLE,
  requestOf,
  roleRequestOf,
} from "./support.js";

const POLICY = { Statement: [{ Effect: "Allow", Action: "ec2:Describe*", Resource: "*" }] };
const ARN = "arn:aws:iam::aws:policy/ReadOnlyAccess";

describe("a setting", () => {
  const instance = { roleArn: ROLE, roleSessionName: "instance", roleSessionDuration: 1800 };

  it.each([
    ["roleArn", OTHER_ROLE, ({ chain }: ReturnType<typeof requestOf>) => chain.assumption?.role.arn, ROLE],
    [
      "roleSessionName",
      "command",
      ({ chain }: ReturnType<typeof requestOf>) => chain.assumption?.roleSessionName,
      "instance",
    ],
    [
      "roleSessionDuration",
      "900",
      ({ chain }: ReturnType<typeof requestOf>) => chain.assumption?.durationSeconds,
      1800,
    ],
  ] as const)("%s comes from the command first, then from the instance", (key, value, read, fallback) => {
    expect(String(read(requestOf({ instance, command: { [key]: value } })))).toBe(value);
    expect(read(requestOf({ instance, command: { [key]: undefined } }))).toBe(fallback);
    expect(read(requestOf({ instance, command: { [key]: null } }))).toBe(fallback);
    expect(read(requestOf({ instance }))).toBe(fallback);
  });

  it("a command that overrides only the role keeps the instance's name, duration, limits and labels", () => {
    const limits = { policy: POLICY, tags: { team: "a" }, sourceIdentity: "console", externalId: "shared" };
    expect(
      requestOf({ instance: { ...instance, ...limits }, command: { roleArn: OTHER_ROLE } }).chain.assumption,
    ).toMatchObject({
      role: { arn: OTHER_ROLE, accountId: "444455556666", name: "Audit" },
      roleSessionName: "instance",
      durationSeconds: 1800,
      policy: JSON.stringify({ Statement: [{ Action: "ec2:Describe*", Effect: "Allow", Resource: "*" }] }),
      tags: { team: "a" },
      sourceIdentity: "console",
      externalId: "shared",
    });
  });

  it("the default is one hour for the role, without other settings", () => {
    expect(assumptionOf({})).toEqual({
      role: new RoleArn(ROLE),
      roleSessionName: undefined,
      durationSeconds: 3600,
      tags: Object.create(null),
      transitiveTagKeys: [],
      sourceIdentity: undefined,
      externalId: undefined,
    });
  });

  it.each([
    ["policy", { policy: POLICY }],
    ["policyArns", { policyArns: [ARN] }],
    ["both", { policy: POLICY, policyArns: [ARN] }],
  ])("the author can set %s if the instance sets neither", (_, ceiling) => {
    const { policy, policyArns } = assumptionOf({ session: ceiling });
    expect({ policy, policyArns }).toEqual(
      (({ policy, policyArns }) => ({ policy, policyArns }))(assumptionOf({ instance: ceiling })),
    );
    expect(roleRequestOf({ session: ceiling }).chain.key).toBe(roleRequestOf({ instance: ceiling }).chain.key);
  });

  it.each([
    ["policy", { policy: POLICY }, { policy: POLICY }],
    ["policy", { policyArns: [ARN] }, { policy: POLICY }],
    ["policyArns", { policy: POLICY }, { policyArns: [ARN] }],
    ["policyArns", { policyArns: [ARN] }, { policyArns: [ARN] }],
    ["policy", { policy: POLICY }, { policy: POLICY, policyArns: [ARN] }],
  ])("the author's %s is rejected if the instance sets either", (named, fixed, session) => {
    expectInvalid(
      () => roleRequestOf({ instance: fixed, session }),
      `options.session.${named}`,
      `options.session.${named} is set, but the instance already sets policy or policyArns. Set them in one place only: leave both out here, or leave both out of the instance.`,
    );
  });

  it("the source identity comes from the instance, or else from the author, who can repeat it", () => {
    expect(assumptionOf({ instance: { sourceIdentity: "alice" } }).sourceIdentity).toBe("alice");
    expect(assumptionOf({ session: { sourceIdentity: "alice" } }).sourceIdentity).toBe("alice");
    const both = { instance: { sourceIdentity: "alice" }, session: { sourceIdentity: "alice" } };
    expect(assumptionOf(both).sourceIdentity).toBe("alice");
  });

  it.each(["bob", "Alice"])("the author cannot change it to %s", (sourceIdentity) => {
    expectInvalid(
      () => roleRequestOf({ instance: { sourceIdentity: "alice" }, session: { sourceIdentity } }),
      "options.session.sourceIdentity",
      "options.session.sourceIdentity differs from the instance's. Leave it out: the instance's source identity is used.",
    );
  });
});

describe("without a role", () => {
  const LIMITS = [
    ["policy", POLICY],
    ["policyArns", [ARN]],
    ["tags", { team: "a" }],
    ["sourceIdentity", "alice"],
  ] as const;
  const refused = (field: string) =>
    `${field} is set without a role. Set roleArn, or leave this setting out: it applies only to the session of an assumed role.`;

  it.each([...LIMITS, ["externalId", "ab"] as const])(
    "the instance's %s is rejected, because nothing could enforce it",
    (key, value) => {
      expectInvalid(() => requestOf({ instance: { [key]: value } }), `instance.${key}`, refused(`instance.${key}`));
      expect(requestOf({ instance: { [key]: value }, command: { roleArn: ROLE } }).chain.assumption).toBeDefined();
    },
  );

  it.each(LIMITS)("the author's %s is rejected", (key, value) => {
    expectInvalid(
      () => requestOf({ session: { [key]: value } }),
      `options.session.${key}`,
      refused(`options.session.${key}`),
    );
    expect(requestOf({ session: { [key]: value }, command: { roleArn: ROLE } }).chain.assumption).toBeDefined();
  });

  it("an empty policy is also rejected", () => {
    expectInvalid(
      () => requestOf({ instance: { policy: '{"Statement":[]}' } }),
      "instance.policy",
      refused("instance.policy"),
    );
  });

  it("transitive tag keys are rejected, because there is no such tag", () => {
    expectInvalid(
      () => requestOf({ instance: { transitiveTagKeys: ["team"] } }),
      "instance.transitiveTagKeys[0]",
      'instance.transitiveTagKeys[0] is "team", which is not a tag of the session. Set that tag too, or leave the key out.',
    );
  });

  it("settings without a limit are accepted: no tags, a session name, a duration, STS settings", () => {
    const instance = {
      tags: {},
      transitiveTagKeys: [],
      roleSessionName: "name",
      roleSessionDuration: 900,
      sts: { region: "us-east-1" },
    };
    const request = requestOf({
      instance,
      session: { tags: {} },
      command: { roleSessionName: "name" },
    });
    expect(request.chain.assumption).toBeUndefined();
    expect(request.chain.key).toBe(requestOf({}).chain.key);
  });

  it("an invalid setting is still rejected", () => {
    expectInvalid(
      () => requestOf({ command: { roleSessionName: "x" } }),
      "command.roleSessionName",
      'command.roleSessionName is invalid: received "x". Allowed: 2 to 64 letters, digits and _+=,.@-.',
    );
  });
});

describe("the service's region", () => {
  const env = { AWS_REGION: "eu-west-1", AWS_DEFAULT_REGION: "eu-west-2" };

  it.each([
    [
      "the command's, if it is set",
      { command: { region: "us-east-1" }, instance: { region: "us-east-2" }, env },
      "us-east-1",
    ],
    [
      "the instance's, if the command sets none",
      { command: { region: null }, instance: { region: "us-east-2" }, env },
      "us-east-2",
    ],
    ["AWS_REGION, if neither sets one", { env }, "eu-west-1"],
    ["AWS_DEFAULT_REGION fourth", { env: { AWS_DEFAULT_REGION: "eu-west-2" } }, "eu-west-2"],
    ["AWS_DEFAULT_REGION, if AWS_REGION is empty", { env: { ...env, AWS_REGION: "" } }, "eu-west-2"],
    ["taken from the metadata service, if nothing is set", {}, undefined],
    [
      "taken from the metadata service, if both variables are empty",
      { env: { AWS_REGION: "", AWS_DEFAULT_REGION: "" } },
      undefined,
    ],
  ])("is %s", (_, input, region) => {
    expect(serviceRegion(roleRequestOf(input))).toBe(region);
    expect(serviceRegion(requestOf(input))).toBe(region);
  });

  it.each(["AWS_REGION", "AWS_DEFAULT_REGION"])("is validated if it comes from %s", (field) => {
    expectInvalid(
      () => requestOf({ env: { [field]: "Europe" } }),
      field,
      `${field} is invalid: received "Europe". Allowed: an AWS region such as eu-central-1.`,
    );
  });
});

describe("the region of STS", () => {
  const env = { AWS_REGION: "eu-west-1" };
  const settings = { region: "us-east-2", sts: { region: "us-west-1" } };

  it.each([
    ["sts.region, if it is set", { instance: settings, env }, "us-west-1"],
    ["the instance's, if the command sets none", { instance: { region: "us-east-2" }, env }, "us-east-2"],
    ["AWS_REGION, if the instance sets none", { env }, "eu-west-1"],
    ["AWS_DEFAULT_REGION fourth", { env: { AWS_DEFAULT_REGION: "eu-west-2" } }, "eu-west-2"],
    ["never the command's", { command: { region: "us-east-1" } }, undefined],
    [
      "the instance's, even if the command sets a different one",
      { instance: { region: "us-east-2" }, command: { region: "us-east-1" } },
      "us-east-2",
    ],
  ])("is %s", (_, input, region) => {
    expect(roleRequestOf(input).chain.sts.region).toBe(region);
    expect(roleRequestOf(input).chain.sts.partition).toBe("aws");
  });

  it("is the first one in the role's partition", () => {
    const command = { roleArn: CHINA_ROLE, region: "cn-north-1" };
    const sts = (input: object) => requestOf({ command, ...input }).chain.sts;
    expect(sts({ instance: { region: "us-east-2" }, env: { AWS_REGION: "cn-northwest-1" } })).toEqual({
      region: "cn-northwest-1",
      partition: "aws-cn",
    });
    expect(sts({ instance: { region: "us-east-2" }, env })).toEqual({ partition: "aws-cn" });
    expect(sts({ env: { AWS_REGION: "moon-base-1" } })).toEqual({ region: "moon-base-1", partition: "aws-cn" });
  });

  it("can be in any partition if no role is assumed", () => {
    expect(requestOf({ instance: settings }).chain.sts).toEqual({ region: "us-west-1", partition: undefined });
  });

  it("is not part of the session key unless the instance sets sts.region", () => {
    const { key } = roleRequestOf({}).chain;
    for (const input of [{ env }, { instance: { region: "us-east-2" } }, { command: { region: "us-east-1" } }]) {
      expect(roleRequestOf(input).chain.key).toBe(key);
    }
    expect(roleRequestOf({ instance: { sts: { region: "us-west-1" } } }).chain.key).not.toBe(key);
  });
});

describe("the choice of a setting", () => {
  const chosenOf = ({ instance = {}, command, session, env = {} }: Input) => {
    const read = {
      instance: readInstance(instance),
      command: readCommand(command),
      author: readAuthorSession(session),
    };
    const role = chooseRole(read.command, read.instance);
    const allowedBy = refuseUnlessAllowed(read.instance.allowedRoles, role?.value, role?.from);
    return chooseSettings(role, allowedBy, read, env);
  };

  it.each<[string, Input, keyof ReturnType<typeof chosenOf>, string]>([
    ["a command's role", { command: { roleArn: ROLE } }, "role", "command.roleArn"],
    ["an instance's role", { instance: { roleArn: ROLE } }, "role", "instance.roleArn"],
    ["a command's session name", { command: { roleSessionName: "ab" } }, "roleSessionName", "command.roleSessionName"],
    ["the default duration", {}, "durationSeconds", "default"],
    ["a command's region", { command: { region: "us-east-1" } }, "region", "command.region"],
    ["a variable's region", { env: { AWS_DEFAULT_REGION: "us-east-1" } }, "region", "AWS_DEFAULT_REGION"],
    [
      "the region in STS's host name",
      { instance: { sts: { endpoint: "https://sts.eu-west-1.amazonaws.com" } } },
      "stsRegion",
      "instance.sts.endpoint",
    ],
  ])("says where %s comes from", (_, input, setting, from) => {
    expect(chosenOf(input)[setting]).toMatchObject({ from });
  });

  it("takes the external id of the entry that allows the role before the instance's", () => {
    const allowedRoles = [{ roleArn: ROLE, externalId: "of-the-entry" }, OTHER_ROLE];
    const externalIdOf = (roleArn: string) =>
      chosenOf({ instance: { externalId: "of-the-instance", allowedRoles }, command: { roleArn } }).externalId;
    expect(externalIdOf(ROLE)).toEqual({ value: "of-the-entry", from: "instance.allowedRoles" });
    expect(externalIdOf(OTHER_ROLE)).toEqual({ value: "of-the-instance", from: "instance.externalId" });
  });

  it.each<[string, unknown, string | undefined, string | undefined]>([
    ["the environment, without network settings", undefined, "0", "anybody"],
    ["the instance alone, with network settings", { requestTimeout: 1000 }, "0", undefined],
    ["the instance, if it disables verification", { dangerouslyDisableTlsVerification: true }, undefined, "anybody"],
    ["nobody, if the variable is something other than 0", undefined, "1", undefined],
  ])("lets TLS verification be disabled by %s", (_, network, NODE_TLS_REJECT_UNAUTHORIZED, trust) => {
    expect(chosenOf({ instance: { network }, env: { NODE_TLS_REJECT_UNAUTHORIZED } }).trust).toBe(trust);
  });
});

it("the environment's region is that of the first variable that is set and not empty, unchecked", () => {
  expect(envRegion({ AWS_REGION: "Europe", AWS_DEFAULT_REGION: "eu-west-1" })).toEqual({
    name: "AWS_REGION",
    region: "Europe",
  });
  const fromDefault = { name: "AWS_DEFAULT_REGION", region: "eu-west-1" };
  expect(envRegion({ AWS_REGION: "", AWS_DEFAULT_REGION: "eu-west-1" })).toEqual(fromDefault);
  expect(envRegion({ AWS_DEFAULT_REGION: "" })).toEqual({ name: "AWS_DEFAULT_REGION", region: undefined });
});

it("an instance with accounts acts as a role, and never as the base identity", () => {
  const instance = { accounts: { roleName: "Audit", ids: ["111122223333"] } };
  expectInvalid(() => requestOf({ instance }), "instance.accounts", /forEachAccount\(\)/);
  expect(requestOf({ instance, command: { roleArn: ROLE } }).chain.assumption?.role.arn).toBe(ROLE);
  expect(requestOf({ instance: { ...instance, roleArn: ROLE } }).chain.assumption?.role.arn).toBe(ROLE);
});
