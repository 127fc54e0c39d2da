import { describe, expect, it } from "vitest";
import {
  type CommandPermissions,
  formatPolicy,
  type PolicyWarningCode,
  rolePermissions,
} from "../../src/policies/index.js";
import { readCloudFormation, readTerraform } from "./read-back.js";

const INVENTORY = "arn:aws:iam::123456789012:role/teams/Inventory";
const INSTANCES = "arn:aws:ec2:*:123456789012:instance/*";
const REPORTS = "arn:aws:s3:::reports/*";

const statementsOf = (commands: CommandPermissions) => rolePermissions(commands).document.Statement;
const warningsOf = (commands: CommandPermissions) => rolePermissions(commands).warnings;
const codesOf = (commands: CommandPermissions) => warningsOf(commands).map(({ code }) => code);
const messageOf = (code: PolicyWarningCode, commands: CommandPermissions) =>
  warningsOf(commands).find((warning) => warning.code === code)?.message ?? "";

/** `count` actions of one service, of 30 characters each. */
const actions = (count: number, service = "ec2") =>
  Array.from({ length: count }, (_, index) => `${service}:Describe${`${index}`.padStart(21 - service.length, "x")}`);

describe("the policy of a role", () => {
  it("has what each command needs, once", () => {
    const policy = rolePermissions(
      {
        list: ["ec2:DescribeRegions", "ec2:DescribeInstances"],
        stop: ["ec2:DescribeInstances", { actions: ["ec2:StopInstances"], resources: [INSTANCES] }],
        start: [{ actions: ["ec2:StartInstances", "ec2:StopInstances"], resources: [INSTANCES] }],
        report: [{ actions: ["s3:GetObject"], resources: [REPORTS, "arn:aws:s3:::archive/*", REPORTS] }],
        whoami: [],
      },
      { role: INVENTORY },
    );
    expect(policy).toEqual({
      kind: "permissions",
      document: {
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Action: ["ec2:DescribeInstances", "ec2:DescribeRegions"], Resource: "*" },
          { Effect: "Allow", Action: ["ec2:StartInstances", "ec2:StopInstances"], Resource: INSTANCES },
          { Effect: "Allow", Action: "s3:GetObject", Resource: ["arn:aws:s3:::archive/*", REPORTS] },
        ],
      },
      roleArn: INVENTORY,
      partition: "aws",
      warnings: [],
    });
  });

  it("is the same in every order of the commands, actions and resources", () => {
    const one = {
      a: ["ec2:DescribeVpcs", { actions: ["s3:GetObject", "s3:PutObject"], resources: [REPORTS, `${REPORTS}/b`] }],
      b: ["EC2:describevpcs", "ec2:DescribeSubnets"],
    };
    const other = {
      b: ["ec2:DescribeSubnets", "EC2:describevpcs"],
      a: [{ actions: ["s3:PutObject", "s3:GetObject"], resources: [`${REPORTS}/b`, REPORTS] }, "ec2:DescribeVpcs"],
    };
    expect(JSON.stringify(rolePermissions(other))).toBe(JSON.stringify(rolePermissions(one)));
    expect(statementsOf(one)[0]?.Action).toEqual(["ec2:DescribeSubnets", "ec2:DescribeVpcs"]);
  });

  it.each<[string[], string | string[]]>([
    [
      ["s3:GetObject", "s3:Get*", "s3:getobjectacl", "s3:PutObject"],
      ["s3:Get*", "s3:PutObject"],
    ],
    [["ec2:Describe*", "ec2:DescribeVpc*", "ec2:D*s", "ec2:*"], "ec2:*"],
    [["ec2:*", "s3:Get*", "*"], "*"],
    [["ec2:Get?", "ec2:GetA", "ec2:GetAB", "ec2:Get?*"], "ec2:Get?*"],
    [["ec2:**", "ec2:*"], "ec2:*"],
    [
      ["ec2:Get*A*", "ec2:Get*", "ec2a:GetA"],
      ["ec2:Get*", "ec2a:GetA"],
    ],
  ])("leaves out what a wildcard covers: %j", (given, Action) => {
    expect(statementsOf({ a: given })).toEqual([{ Effect: "Allow", Action, Resource: "*" }]);
  });

  it("keeps an action beside a wildcard on other resources", () => {
    const commands = { a: ["s3:GetObject", { actions: ["s3:Get*"], resources: [REPORTS] }] };
    expect(statementsOf(commands).map(({ Action }) => Action)).toEqual(["s3:GetObject", "s3:Get*"]);
  });

  it("treats * among the resources as every resource", () => {
    const commands = { a: [{ actions: ["s3:ListBucket"], resources: [REPORTS, "*"] }] };
    expect(statementsOf(commands)[0]?.Resource).toBe("*");
  });

  it("keeps policy variables", () => {
    const team = `arn:aws:s3:::reports/\${aws:PrincipalTag/team}/*`;
    expect(statementsOf({ a: [{ actions: ["s3:GetObject"], resources: [team] }] })[0]?.Resource).toBe(team);
  });

  it("is in the partition of its role and resources", () => {
    const china = REPORTS.replace("aws", "aws-cn");
    const commands = { a: [{ actions: ["s3:GetObject"], resources: [china] }] };
    expect(rolePermissions(commands).partition).toBe("aws-cn");
    expect(rolePermissions({ a: ["s3:ListBucket"] }, { role: INVENTORY.replace("aws", "aws-cn") }).partition).toBe(
      "aws-cn",
    );
    expect(() => rolePermissions(commands, { role: INVENTORY })).toThrow(
      expect.objectContaining({ code: "INVALID_REQUEST", field: 'commands["a"][0].resources[0]' }),
    );
  });
});

describe("the formats of the policy", () => {
  const policy = rolePermissions({ a: [{ actions: ["s3:GetObject"], resources: [REPORTS] }] }, { role: INVENTORY });

  it("json contains only the document", () => {
    expect(JSON.parse(formatPolicy(policy, "json"))).toEqual(policy.document);
  });

  // A role may also have the library's own permissions, as an inline policy with another name.
  it("terraform and cloudformation attach it to the role, under a name of its purpose", () => {
    expect(readTerraform(formatPolicy(policy, "terraform"))).toEqual({
      aws_iam_role_policy: {
        "Inventory-commands": [{ name: "aws-rolecall-commands", role: "Inventory", policy: policy.document }],
      },
    });
    expect(readCloudFormation(formatPolicy(policy, "cloudformation")).Resources).toEqual({
      Policy: {
        Type: "AWS::IAM::Policy",
        Properties: { PolicyName: "aws-rolecall-commands", Roles: ["Inventory"], PolicyDocument: policy.document },
      },
    });
  });

  it.each(["terraform", "cloudformation"] as const)("%s requires the role", (format) => {
    expect(() => formatPolicy(rolePermissions({ a: ["s3:GetObject"] }), format)).toThrow(
      `role is missing, but ${format} requires it. Set it to the ARN of the role that the policy is for.`,
    );
  });
});

describe("the warnings about actions", () => {
  it("are silent about actions that describe or list, on every resource and with wildcards", () => {
    expect(codesOf({ a: ["ec2:DescribeInstances", "ec2:Describe*", "s3:List*", "s3:ListAllMyBuckets"] })).toEqual([]);
  });

  it("name each * that allows every action of a service, and its commands", () => {
    expect(warningsOf({ a: ["ec2:*"], b: ["*", "ec2:*"] })).toEqual([
      {
        code: "every-action",
        message: 'Action "*" (b) allows every action of every service. List only the actions that commands need.',
      },
      {
        code: "every-action",
        message: 'Action "ec2:*" (a, b) allows every action of ec2. List only the actions that commands need.',
      },
    ]);
    expect(codesOf({ a: [{ actions: ["s3:?*"], resources: [REPORTS] }] })).toEqual(["every-action"]);
  });

  it("name other wildcards together", () => {
    const commands = {
      a: [{ actions: ["s3:Get*"], resources: [REPORTS] }],
      b: [{ actions: ["ec2:*Instances", "s3:get*"], resources: [INSTANCES] }],
    };
    expect(codesOf(commands)).toEqual(["wildcard-action"]);
    expect(messageOf("wildcard-action", commands)).toContain(': "ec2:*Instances" (b), "s3:Get*" (a, b). ');
  });

  it("name the actions on every resource together, and say where to look up their resources", () => {
    const commands = {
      a: ["ec2:StopInstances", "ec2:DescribeInstances"],
      b: ["ec2:StopInstances", { actions: ["s3:GetObject"], resources: [REPORTS] }],
      c: ["sqs:SendMessage"],
    };
    expect(codesOf(commands)).toEqual(["every-resource"]);
    expect(messageOf("every-resource", commands)).toMatch(
      /: "ec2:StopInstances" \(a, b\), "sqs:SendMessage" \(c\)\. .*Service Authorization Reference\. .*\{ actions, resources \}/,
    );
  });

  it("list at most ten actions, and three commands each", () => {
    const names = ["a", "b", "c", "d", "e"];
    const commands = Object.fromEntries(names.map((name) => [name, ["ec2:RunA"]]));
    const many = Array.from({ length: 12 }, (_, index) => `ec2:Start${index}`);
    const message = messageOf("every-resource", { ...commands, f: many });
    expect(message).toContain('"ec2:RunA" (a, b, c and 2 more)');
    expect(message.match(/"ec2:/g)).toHaveLength(10);
    expect(message).toContain(" and 3 more. ");
  });

  it.each(["sts:AssumeRole", "STS:assumerole", "sts:Assume*"])(
    "say that the library itself assumes the role: %s",
    (given) => {
      const commands = { a: [{ actions: [given], resources: [INVENTORY] }] };
      expect(codesOf(commands)).toContain("assume-role");
      expect(messageOf("assume-role", commands)).toMatch(/assumes the role itself before a command runs/);
      expect(statementsOf(commands)).toHaveLength(1);
    },
  );

  it("say it once for every action of sts, too, but not for *", () => {
    expect(codesOf({ a: ["sts:*"] })).toEqual(["every-action", "assume-role"]);
    expect(codesOf({ a: ["*"] })).toEqual(["every-action"]);
    expect(codesOf({ a: ["sts:GetCallerIdentity"] })).not.toContain("assume-role");
  });
});

describe("the warnings about size", () => {
  it("are silent if the document fits into a managed policy", () => {
    expect(codesOf({ a: actions(55), b: actions(55, "rds"), c: actions(55, "sqs") })).toEqual([]);
  });

  it("name the commands of each managed policy, in their order, if the document is larger", () => {
    const commands: CommandPermissions = {
      a: actions(55),
      b: actions(55, "rds"),
      nothing: [],
      c: actions(55, "sqs"),
      d: actions(55, "sns"),
    };
    const [warning, ...others] = warningsOf(commands);
    expect(others).toEqual([]);
    expect(warning?.code).toBe("too-large");
    expect(warning?.split).toEqual([["a", "b", "c"], ["d"]]);
    expect(warning?.message).toMatch(
      /^The document has 7\d\d\d characters, more than the limit of 6144 for a managed policy, so it fits only as an inline policy\. To use managed policies, create 2, each for these commands alone: 1\. a, b, c; 2\. d\.$/,
    );
  });

  it("split any number of commands into policies that fit and cover all of them", () => {
    const names = Array.from({ length: 200 }, (_, index) => `command-${index}`);
    const commands = Object.fromEntries(
      names.map((name, index) => [name, [...actions(1 + (index % 7), `s${index}`), "ec2:DescribeInstances"]]),
    );
    const [warning] = warningsOf(commands);
    expect(warning?.message).toContain("the limit of 10240 for all inline policies of a role.");
    const split = warning?.split ?? [];
    expect(split.flat()).toEqual(names);
    expect(split.length).toBeGreaterThan(1);
    for (const part of split) {
      const policy = rolePermissions(Object.fromEntries(part.map((name) => [name, commands[name] ?? []])));
      expect(policy.warnings).toEqual([]);
    }
  });

  it("say if the role would have more managed policies than it may by default", () => {
    const commands = Object.fromEntries(
      Array.from({ length: 33 }, (_, index) => [`c${index}`, actions(55, `s${index}`)]),
    );
    const [warning] = warningsOf(commands);
    expect(warning?.split?.length).toBeGreaterThan(10);
    expect(warning?.message).toMatch(/ A role may have 10 by default, so request a higher quota, or use wildcards\.$/);
  });

  it("name a command that does not fit into a managed policy even alone", () => {
    const [warning] = warningsOf({ small: ["ec2:DescribeVpcs"], large: actions(200) });
    expect(warning?.message).toMatch(/Even alone, .*: large \(6\d\d\d characters\)\. Use wildcards/);
    expect(warning?.split).toBeUndefined();
  });

  it("name the commands that do not fit into a session policy", () => {
    const [warning, ...others] = warningsOf({ small: ["ec2:DescribeVpcs"], large: actions(70) });
    expect(others).toEqual([]);
    expect(warning).toMatchObject({
      code: "too-large",
      message: expect.stringMatching(/^A session policy may have 2048 characters.*: large \(\d{4} characters\)\./),
    });
  });
});

describe("an invalid option", () => {
  it.each<[object, string]>([
    [{ role: "Inventory" }, "role is invalid"],
    [{ roles: [INVENTORY] }, "options.roles is not a setting"],
    [{ principal: INVENTORY }, "options.principal is not a setting"],
  ])("is rejected: %j", (options, message) => {
    expect(() => rolePermissions({ a: ["ec2:DescribeVpcs"] }, options)).toThrow(
      expect.objectContaining({ code: "INVALID_REQUEST", message: expect.stringContaining(message) }),
    );
  });

  it("is a list of commands that need no permission", () => {
    expect(() => rolePermissions({ a: [], b: [] })).toThrow(
      expect.objectContaining({
        field: "commands",
        message: expect.stringMatching(/^commands names no permission, so the role needs no policy\./),
      }),
    );
  });
});
