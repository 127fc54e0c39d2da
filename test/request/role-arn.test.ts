import { describe, expect, it } from "vitest";
import { isSessionForRole, readRoleArn } from "../../src/request/role-arn.js";
import { ACCOUNT, expectInvalid, refusalOf, requestOf } from "./support.js";

const RULE = "Allowed: a role ARN of 20 to 2048 characters, such as arn:aws:iam::123456789012:role/path/name";
const PREFIX = `arn:aws:iam::${ACCOUNT}:role/`;

describe("a role ARN", () => {
  it("has a partition, an account and a name", () => {
    const given = `arn:aws-us-gov:iam::${ACCOUNT}:role/team/inventory/Read.Only+1=2,3@4-5_6`;
    const { arn, partition, accountId, name } = readRoleArn("command.roleArn", given)!;
    expect([arn, partition, accountId, name]).toEqual([given, "aws-us-gov", ACCOUNT, "Read.Only+1=2,3@4-5_6"]);
  });

  it.each([undefined, null])("can be missing: %s", (value) => {
    expect(readRoleArn("command.roleArn", value)).toBeUndefined();
  });

  it.each([
    `${PREFIX}x`,
    `${PREFIX}${"n".repeat(64)}`,
    `${PREFIX}aws-service-role/ec2.amazonaws.com/AWSServiceRoleForEC2`,
    `${PREFIX}!"#$%&'()+,-.;<=>@[]^\`{|}~/name`,
    `arn:aws-cn:iam::${ACCOUNT}:role/name`,
    `arn:aws-iso-b:iam::${ACCOUNT}:role/name`,
    `arn:aws-eusc:iam::${ACCOUNT}:role/name`,
    `arn:aws-new-9:iam::${ACCOUNT}:role/name`,
  ])("can be %s", (arn) => {
    expect(readRoleArn("command.roleArn", arn)?.arn).toBe(arn);
  });

  it("can have 2048 characters, but not 2049", () => {
    const ofLength = (length: number) => `${PREFIX}${"p".repeat(length - PREFIX.length - 2)}/n`;
    expect(readRoleArn("command.roleArn", ofLength(2048))?.name).toBe("n");
    expectInvalid(
      () => readRoleArn("command.roleArn", ofLength(2049)),
      "command.roleArn",
      `command.roleArn is invalid: received "${ofLength(2049).slice(0, 100)}"… (2049 characters). ${RULE}.`,
    );
  });

  it.each([
    ["no characters", "", "an empty string", "To use no role, leave the setting out"],
    ["a leading space", ` ${PREFIX}name`, `" ${PREFIX}name"`, "Remove the white space around it"],
    ["a trailing space", `${PREFIX}name `, `"${PREFIX}name "`, "Remove the white space around it"],
    ["a trailing line feed", `${PREFIX}name\n`, `"${PREFIX}name\\n"`, "Remove the white space around it"],
    [
      "an account of 11 digits",
      "arn:aws:iam::12345678901:role/x",
      '"arn:aws:iam::12345678901:role/x"',
      "Its account id has 11 digits instead of 12",
    ],
    [
      "an account of 13 digits",
      "arn:aws:iam::1234567890123:role/x",
      '"arn:aws:iam::1234567890123:role/x"',
      "Its account id has 13 digits instead of 12",
    ],
    [
      "no account",
      "arn:aws:iam:::role/x-0123456",
      '"arn:aws:iam:::role/x-0123456"',
      "Its account id has 0 digits instead of 12",
    ],
  ])("with %s is rejected, and the error says exactly that", (_, value, received, hint) => {
    expectInvalid(
      () => requestOf({ command: { roleArn: value } }),
      "command.roleArn",
      `command.roleArn is invalid: received ${received}. ${RULE}. ${hint}.`,
    );
  });

  it.each([
    ["19 characters", "arn:aws:iam::1:role", '"arn:aws:iam::1:role"'],
    ["a region", `arn:aws:iam:us-east-1:${ACCOUNT}:role/x`, `"arn:aws:iam:us-east-1:${ACCOUNT}:role/x"`],
    ["a different service", `arn:aws:s3::${ACCOUNT}:role/x`, `"arn:aws:s3::${ACCOUNT}:role/x"`],
    ["no partition", `arn::iam::${ACCOUNT}:role/x`, `"arn::iam::${ACCOUNT}:role/x"`],
    ["a foreign partition", `arn:azure:iam::${ACCOUNT}:role/x`, `"arn:azure:iam::${ACCOUNT}:role/x"`],
    ["an upper-case partition", `arn:AWS:iam::${ACCOUNT}:role/x`, `"arn:AWS:iam::${ACCOUNT}:role/x"`],
    ["no name", PREFIX, `"${PREFIX}"`],
    ["a path but no name", `${PREFIX}path/`, `"${PREFIX}path/"`],
    ["a name of 65 characters", `${PREFIX}${"n".repeat(65)}`, `"${PREFIX}${"n".repeat(65)}"`],
    ["a wildcard name", `${PREFIX}*`, `"${PREFIX}*"`],
    ["a wildcard path", `${PREFIX}*/name`, `"${PREFIX}*/name"`],
    ["a question mark", `${PREFIX}nam?`, `"${PREFIX}nam?"`],
    ["a colon", `${PREFIX}a:b`, `"${PREFIX}a:b"`],
    ["letters beyond ASCII", `${PREFIX}näme`, `"${PREFIX}näme"`],
    ["digits beyond ASCII", "arn:aws:iam::١٢٣٤٥٦٧٨٩٠١٢:role/x", '"arn:aws:iam::١٢٣٤٥٦٧٨٩٠١٢:role/x"'],
    ["a number", 123456789012, "a number"],
    ["true", true, "a boolean"],
    ["a list", [`${PREFIX}name`], "an array of 1"],
    ["an object", { roleArn: `${PREFIX}name` }, "an object"],
    ["a function", () => `${PREFIX}name`, "a function"],
    ["a symbol", Symbol("role"), "a symbol"],
  ])("with %s is rejected", (_, value, received) => {
    expectInvalid(
      () => requestOf({ command: { roleArn: value } }),
      "command.roleArn",
      `command.roleArn is invalid: received ${received}. ${RULE}.`,
    );
  });

  it.each([
    [
      `arn:aws:iam::${ACCOUNT}:user/path/alice`,
      "A user cannot be assumed. Create a role that trusts this machine's role, and use that role's ARN",
    ],
    [`arn:aws:iam::${ACCOUNT}:group/admins`, "A group cannot be assumed. Use the ARN of a role"],
    [
      `arn:aws:sts::${ACCOUNT}:assumed-role/Inventory/session`,
      "This is a role session. Use the role's ARN, arn:aws:iam::<account>:role/<name>",
    ],
    [
      `arn:aws-cn:sts::${ACCOUNT}:assumed-role/Inventory/session`,
      "This is a role session. Use the role's ARN, arn:aws:iam::<account>:role/<name>",
    ],
    [`arn:aws:iam::${ACCOUNT}:root`, "An account root cannot be assumed. Use the ARN of a role in that account"],
    [`arn:aws:iam::${ACCOUNT}:instance-profile/path/machine`, "This is an instance profile. Use the ARN of its role"],
    ["arn:aws:iam::aws:policy/ReadOnlyAccess", "This is a policy. Use the ARN of a role"],
    [`arn:aws:iam::${ACCOUNT}:policy/limits`, "This is a policy. Use the ARN of a role"],
    ["Inventory", "This looks like a role name. Use the full ARN, which includes the account"],
    ["integrations/Inventory", "This looks like a role name. Use the full ARN, which includes the account"],
    [
      "role-with-a-long-name-of-more-than-twenty",
      "This looks like a role name. Use the full ARN, which includes the account",
    ],
  ])("is rejected if it is %s, and the error names what to use instead", (value, hint) => {
    for (const [owner, input] of [
      ["command", { command: { roleArn: value } }],
      ["instance", { instance: { roleArn: value } }],
    ] as const) {
      const field = `${owner}.roleArn`;
      const error = expectInvalid(
        () => requestOf(input),
        field,
        `${field} is invalid: received ${JSON.stringify(value)}. ${RULE}. ${hint}.`,
      );
      expect(error.hint).toBe(`${RULE}. ${hint}.`);
    }
  });

  it("that is almost valid is rejected quickly, whatever its length", () => {
    const nearly = [
      `${PREFIX}${"a/".repeat(1000)}*`,
      `${PREFIX}${"/".repeat(2000)}:`,
      `${PREFIX}${"a/".repeat(30)}é`,
      `${PREFIX}${"a".repeat(2000)}?`,
      `arn:aws${"-a".repeat(1000)}!:iam`,
    ];
    // With exponential time this would not end within the test's time limit.
    for (const arn of nearly) expect(refusalOf(() => readRoleArn("command.roleArn", arn)).code).toBe("INVALID_REQUEST");
  });
});

describe("a session ARN", () => {
  const role = readRoleArn("command.roleArn", `${PREFIX}path/name`)!;

  it("belongs to a role with the same partition, account and name, whatever the role's path", () => {
    expect(isSessionForRole(role, `arn:aws:sts::${ACCOUNT}:assumed-role/name/session`)).toBe(true);
  });

  it.each([
    `arn:aws-cn:sts::${ACCOUNT}:assumed-role/name/session`,
    "arn:aws:sts::444455556666:assumed-role/name/session",
    `arn:aws:sts::${ACCOUNT}:assumed-role/name2/session`,
    `arn:aws:sts::${ACCOUNT}:assumed-role/other/name/session`,
    `arn:aws:iam::${ACCOUNT}:role/path/name`,
    "",
  ])("does not belong to the role: %j", (arn) => {
    expect(isSessionForRole(role, arn)).toBe(false);
  });
});
