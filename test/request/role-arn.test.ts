import { describe, expect, it } from "vitest";
import { isSessionForRole, readRoleArn } from "../../src/request/role-arn.js";
import { ACCOUNT, expectInvalid, refusalOf, requestOf } from "./support.js";

const RULE = "Allowed: a role ARN of 20 to 2048 characters, such as arn:aws:iam::123456789012:role/path/name";
const PREFIX = `arn:aws:iam::${ACCOUNT}:role/`;

describe("a role ARN", () => {
  it("is taken apart into partition, account and name", () => {
    const given = `arn:aws-us-gov:iam::${ACCOUNT}:role/team/inventory/Read.Only+1=2,3@4-5_6`;
    const { arn, partition, accountId, name } = readRoleArn("command.roleArn", given)!;
    expect([arn, partition, accountId, name]).toEqual([given, "aws-us-gov", ACCOUNT, "Read.Only+1=2,3@4-5_6"]);
  });

  it.each([undefined, null])("%s is not given", (value) => {
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
  ])("%s is taken", (arn) => {
    expect(readRoleArn("command.roleArn", arn)?.arn).toBe(arn);
  });

  it("of 2048 characters is taken, one of 2049 is not", () => {
    const ofLength = (length: number) => `${PREFIX}${"p".repeat(length - PREFIX.length - 2)}/n`;
    expect(readRoleArn("command.roleArn", ofLength(2048))?.name).toBe("n");
    expectInvalid(
      () => readRoleArn("command.roleArn", ofLength(2049)),
      "command.roleArn",
      `command.roleArn is invalid: received "${ofLength(2049).slice(0, 100)}"… (2049 characters). ${RULE}.`,
    );
  });

  it.each([
    ["nothing in it", "", "an empty string", "To use no role, leave the setting out"],
    ["a space before", ` ${PREFIX}name`, `" ${PREFIX}name"`, "Remove the white space around it"],
    ["a space after", `${PREFIX}name `, `"${PREFIX}name "`, "Remove the white space around it"],
    ["a line feed after", `${PREFIX}name\n`, `"${PREFIX}name\\n"`, "Remove the white space around it"],
    [
      "11 digits of account",
      "arn:aws:iam::12345678901:role/x",
      '"arn:aws:iam::12345678901:role/x"',
      "Its account id has 11 digits instead of 12",
    ],
    [
      "13 digits of account",
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
  ])("with %s is refused, and the error names just that", (_, value, received, hint) => {
    expectInvalid(
      () => requestOf({ command: { roleArn: value } }),
      "command.roleArn",
      `command.roleArn is invalid: received ${received}. ${RULE}. ${hint}.`,
    );
  });

  it.each([
    ["19 characters", "arn:aws:iam::1:role", '"arn:aws:iam::1:role"'],
    ["a region", `arn:aws:iam:us-east-1:${ACCOUNT}:role/x`, `"arn:aws:iam:us-east-1:${ACCOUNT}:role/x"`],
    ["another service", `arn:aws:s3::${ACCOUNT}:role/x`, `"arn:aws:s3::${ACCOUNT}:role/x"`],
    ["no partition", `arn::iam::${ACCOUNT}:role/x`, `"arn::iam::${ACCOUNT}:role/x"`],
    ["a foreign partition", `arn:azure:iam::${ACCOUNT}:role/x`, `"arn:azure:iam::${ACCOUNT}:role/x"`],
    ["an upper-case partition", `arn:AWS:iam::${ACCOUNT}:role/x`, `"arn:AWS:iam::${ACCOUNT}:role/x"`],
    ["no name", PREFIX, `"${PREFIX}"`],
    ["a path and no name", `${PREFIX}path/`, `"${PREFIX}path/"`],
    ["a name of 65", `${PREFIX}${"n".repeat(65)}`, `"${PREFIX}${"n".repeat(65)}"`],
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
  ])("with %s is refused", (_, value, received) => {
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
  ])("that is %s in fact is refused with what to use instead", (value, hint) => {
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

  it("that nearly fits is refused at once, whatever its length", () => {
    const nearly = [
      `${PREFIX}${"a/".repeat(1000)}*`,
      `${PREFIX}${"/".repeat(2000)}:`,
      `${PREFIX}${"a/".repeat(30)}é`,
      `${PREFIX}${"a".repeat(2000)}?`,
      `arn:aws${"-a".repeat(1000)}!:iam`,
    ];
    const start = performance.now();
    for (const arn of nearly) expect(refusalOf(() => readRoleArn("command.roleArn", arn)).code).toBe("INVALID_REQUEST");
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe("a session", () => {
  const role = readRoleArn("command.roleArn", `${PREFIX}path/name`)!;

  it("of a role has its partition, account and name, without the path", () => {
    expect(isSessionForRole(role, `arn:aws:sts::${ACCOUNT}:assumed-role/name/session`)).toBe(true);
  });

  it.each([
    `arn:aws-cn:sts::${ACCOUNT}:assumed-role/name/session`,
    "arn:aws:sts::444455556666:assumed-role/name/session",
    `arn:aws:sts::${ACCOUNT}:assumed-role/name2/session`,
    `arn:aws:sts::${ACCOUNT}:assumed-role/other/name/session`,
    `arn:aws:iam::${ACCOUNT}:role/path/name`,
    "",
  ])("%j is none of it", (arn) => {
    expect(isSessionForRole(role, arn)).toBe(false);
  });
});
