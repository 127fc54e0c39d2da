import { describe, expect, it } from "vitest";
import { type CommandPermissions, commandPolicy } from "../../src/policies/index.js";
import { readAuthorSession } from "../../src/request/author-session.js";

const commands = {
  "aws-ec2-start": [{ actions: ["ec2:StartInstances"], resources: ["arn:aws:ec2:*:*:instance/*"] }],
  "aws-ec2-stop": [
    "ec2:DescribeInstances",
    { actions: ["ec2:StopInstances"], resources: ["arn:aws:ec2:*:*:instance/*"] },
  ],
  "aws-ec2-list": ["ec2:DescribeVpcs", "ec2:DescribeInstances"],
  "show-identity": [],
} satisfies CommandPermissions;

const find =
  (name: unknown, among: unknown = commands) =>
  () =>
    commandPolicy(among as CommandPermissions, name as string);

/** A command whose policy has `length` characters. */
function ofLength(length: number): CommandPermissions {
  const resource = (rest: number) => `arn:aws:s3:::${"a".repeat(rest)}`;
  const permission = (rest: number): CommandPermissions => ({
    a: [{ actions: ["s3:GetObject"], resources: [resource(1000), resource(rest)] }],
  });
  const base = JSON.stringify(commandPolicy(permission(1), "a")).length;
  return permission(1 + length - base);
}

describe("the session policy of a command", () => {
  it("allows what this command needs", () => {
    expect(commandPolicy(commands, "aws-ec2-stop")).toEqual({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "ec2:DescribeInstances", Resource: "*" },
        { Effect: "Allow", Action: "ec2:StopInstances", Resource: "arn:aws:ec2:*:*:instance/*" },
      ],
    });
    expect(commandPolicy(commands, "aws-ec2-list").Statement).toEqual([
      { Effect: "Allow", Action: ["ec2:DescribeInstances", "ec2:DescribeVpcs"], Resource: "*" },
    ]);
  });

  it("denies everything for a command that needs nothing", () => {
    expect(commandPolicy(commands, "show-identity")).toEqual({
      Version: "2012-10-17",
      Statement: [{ Effect: "Deny", Action: "*", Resource: "*" }],
    });
  });

  it("does not depend on the other commands, even if they are invalid", () => {
    const other = { "aws-ec2-list": commands["aws-ec2-list"], broken: ["ec2"] };
    expect(commandPolicy(other, "aws-ec2-list")).toEqual(commandPolicy(commands, "aws-ec2-list"));
    expect(find("broken", other)).toThrow('commands["broken"][0] is invalid');
  });

  it("is one that getClientForCommand accepts, up to 2048 characters", () => {
    const policy = commandPolicy(ofLength(2048), "a");
    expect(JSON.stringify(policy)).toHaveLength(2048);
    expect(readAuthorSession({ policy }).policy).toHaveLength(2048);
    expect(find("a", ofLength(2049))).toThrow(
      expect.objectContaining({
        code: "INVALID_REQUEST",
        field: 'commands["a"]',
        message: expect.stringMatching(
          /needs a session policy of 2049 characters, and STS accepts at most 2048\. .*wildcards.*policyArns.*packed size/s,
        ),
      }),
    );
  });

  it.each<[unknown, string, unknown?]>([
    ["aws-ec2-stpo", 'name is "aws-ec2-stpo", which is not in commands. Did you mean "aws-ec2-stop"?'],
    ["AWS_EC2_List", 'Did you mean "aws-ec2-list"'],
    ["aws-ec2-stat", 'Did you mean "aws-ec2-start" or "aws-ec2-stop"?'],
    ["terminate", 'Allowed: the name of a command: "aws-ec2-start", "aws-ec2-stop", "aws-ec2-list" and 1 more.'],
    ["a\u001b[2J", 'received "a\\u001b[2J"'],
    ["", "name is invalid: received an empty string."],
    [undefined, "name is invalid: received undefined."],
    [["aws-ec2-stop"], "name is invalid: received an array of 1."],
    ["a", "Allowed: the name of a command: none, because commands is empty.", {}],
  ])("is not created for the name %j", (name, message, among) => {
    expect(find(name, among)).toThrow(
      expect.objectContaining({ code: "INVALID_REQUEST", field: "name", message: expect.stringContaining(message) }),
    );
  });
});
