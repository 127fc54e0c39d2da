import { describe, expect, it } from "vitest";
import { type CommandPermissions, commandPolicy, permissionsTable, rolePermissions } from "../../src/policies/index.js";

const READERS: readonly [string, (commands: never) => unknown][] = [
  ["rolePermissions", (commands) => rolePermissions(commands)],
  ["commandPolicy", (commands) => commandPolicy<CommandPermissions>(commands, "a")],
  ["permissionsTable", (commands) => permissionsTable(commands)],
];
const ARN = "arn:aws:s3:::reports/*";
const on = (actions: unknown, resources: unknown = [ARN]) => ({ a: [{ actions, resources }] });

describe.each(READERS)("%s reads the commands", (_, read) => {
  const errorOf = (commands: unknown): unknown => {
    try {
      return read(commands as never);
    } catch (error) {
      return error;
    }
  };

  it.each<[unknown, string, string]>([
    [undefined, "commands", "received undefined. Allowed: an object such as"],
    [null, "commands", "received null."],
    [[["ec2:DescribeVpcs"]], "commands", "received an array of 1."],
    ["a", "commands", "received a string of 1 characters."],
    [
      { a: undefined },
      'commands["a"]',
      "received undefined. Allowed: a list of permissions; [] if the command needs none.",
    ],
    [{ a: null }, 'commands["a"]', "received null."],
    [{ a: "ec2:DescribeVpcs" }, 'commands["a"]', "received a string of 16 characters. Allowed: a list of permissions."],
    [{ a: ["ec2:DescribeVpcs", ""] }, 'commands["a"][1]', "received an empty string."],
    [{ a: ["ec2"] }, 'commands["a"][0]', 'received "ec2". Allowed: an action such as ec2:DescribeInstances'],
    [{ a: ["ec2:Describe Vpcs"] }, 'commands["a"][0]', 'received "ec2:Describe Vpcs".'],
    [{ a: ["e*:DescribeVpcs"] }, 'commands["a"][0]', 'received "e*:DescribeVpcs".'],
    [{ a: [`ec2:${"A".repeat(125)}`] }, 'commands["a"][0]', "(129 characters)"],
    [{ a: [7] }, 'commands["a"][0]', "received a number. Allowed: an action such as"],
    [{ a: [null] }, 'commands["a"][0]', "received null."],
    [{ a: [["ec2:DescribeVpcs"]] }, 'commands["a"][0]', "received an array of 1."],
    // biome-ignore lint/suspicious/noSparseArray: what the test is about
    [{ a: ["ec2:DescribeVpcs", , "ec2:DescribeSubnets"] }, 'commands["a"][1]', "received undefined."],
    [{ a: [{ action: ["s3:GetObject"], resources: [ARN] }] }, 'commands["a"][0].action', "looks like actions"],
    [
      { a: [{ actions: ["s3:GetObject"] }] },
      'commands["a"][0].resources',
      "received undefined. Allowed: a list of at least one",
    ],
    [on(undefined), 'commands["a"][0].actions', "received undefined."],
    [on([]), 'commands["a"][0].actions', "received an empty array."],
    [on("s3:GetObject"), 'commands["a"][0].actions', "received a string of 12 characters."],
    [on(["s3:GetObject", 1]), 'commands["a"][0].actions[1]', "received a number."],
    [on(["s3:GetObject"], []), 'commands["a"][0].resources', "received an empty array."],
    [on(["s3:GetObject"], ["reports"]), 'commands["a"][0].resources[0]', 'received "reports". Allowed: an ARN'],
    [on(["s3:GetObject"], [ARN, "arn:*:s3:::x"]), 'commands["a"][0].resources[1]', 'received "arn:*:s3:::x".'],
    [on(["s3:GetObject"], ["arn:aws:*:::x"]), 'commands["a"][0].resources[0]', 'received "arn:aws:*:::x".'],
    [on(["s3:GetObject"], ["arn:aws:s3:::bü"]), 'commands["a"][0].resources[0]', "in ASCII"],
    [on(["s3:GetObject"], [`arn:aws:s3:::\${aws`]), 'commands["a"][0].resources[0]', "received"],
    [on(["s3:GetObject"], ["arn:aws:s3:::a\nb"]), 'commands["a"][0].resources[0]', "received"],
  ])("and rejects %j", (commands, field, message) => {
    expect(errorOf(commands)).toMatchObject({
      code: "INVALID_REQUEST",
      field,
      message: expect.stringContaining(message),
    });
  });

  it("up to 10,000 permissions of a command", () => {
    const list = (length: number) => ({ a: Array.from({ length }, () => "ec2:DescribeVpcs") });
    expect(errorOf(list(10_000))).not.toBeInstanceOf(Error);
    expect(errorOf(list(100_000))).toMatchObject({
      field: 'commands["a"]',
      message: expect.stringContaining("received an array of 100000. Allowed: a list of at most 10000 permissions."),
    });
  });

  it("up to 10,000 of them", () => {
    const names = Array.from({ length: 100_000 }, (_, index) => [`c${index}`, []] as const);
    expect(errorOf(Object.fromEntries([["a", ["ec2:DescribeVpcs"]], ...names]))).toMatchObject({
      code: "INVALID_REQUEST",
      field: "commands",
      message: expect.stringContaining("commands has more than 10000 commands."),
    });
  });

  it("and each value once, so that a getter cannot change it after the check", () => {
    let reads = 0;
    const permission = {
      actions: ["s3:GetObject"],
      get resources() {
        reads++;
        return reads === 1 ? [ARN] : [1];
      },
    };
    expect(errorOf({ a: [permission] })).not.toBeInstanceOf(Error);
    expect(reads).toBe(1);
  });

  it("and rejects a getter that throws, without its error", () => {
    const throwing = (key: string) =>
      Object.defineProperty({}, key, {
        enumerable: true,
        get() {
          throw new Error("hush");
        },
      });
    expect(errorOf(throwing("a"))).toMatchObject({ code: "INVALID_REQUEST", field: "commands.a" });
    const error = errorOf({ a: [throwing("actions")] });
    expect(error).toMatchObject({ code: "INVALID_REQUEST", field: 'commands["a"][0].actions' });
    expect(String(error)).not.toContain("hush");
  });
});

describe("the name of a command", () => {
  it.each([["__proto__"], ["constructor"], ["toString"], ["a command"], ["停止"], ["a".repeat(128)]])(
    "may be %j",
    (name) => {
      const commands = JSON.parse(
        JSON.stringify({ other: [] }).replace("other", name).replace("[]", '["ec2:DescribeVpcs"]'),
      );
      expect(rolePermissions(commands).document.Statement).toHaveLength(1);
      expect(commandPolicy<CommandPermissions>(commands, name).Statement).toMatchObject([{ Effect: "Allow" }]);
      expect(permissionsTable(commands)).toContain(`| \`${name}\` | \`ec2:DescribeVpcs\` |\n`);
    },
  );

  it.each([
    ["", '""'],
    ["a\u001b[2J", '"a\\u001b[2J"'],
    ["a\n| b", '"a\\n| b"'],
    [" a", '" a"'],
    ["a".repeat(129), "(129 characters)"],
  ])("may not be %j", (name, shown) => {
    for (const read of [rolePermissions, permissionsTable]) {
      expect(() => read({ [name]: ["ec2:DescribeVpcs"] })).toThrow(
        expect.objectContaining({ field: "commands", message: expect.stringContaining(shown) }),
      );
    }
  });

  it("is not one that every object inherits", () => {
    const commands: CommandPermissions = { a: ["ec2:DescribeVpcs"] };
    for (const name of ["__proto__", "constructor", "toString"]) {
      expect(() => commandPolicy(commands, name)).toThrow(expect.objectContaining({ field: "name" }));
    }
  });
});

it("all commands together may have 10,000 actions and ARNs", () => {
  const commands = Object.fromEntries(
    Array.from({ length: 3 }, (_, index) => [`c${index}`, Array.from({ length: 4000 }, () => "ec2:DescribeVpcs")]),
  );
  for (const read of [rolePermissions, permissionsTable]) {
    expect(() => read(commands)).toThrow("commands has more than 10000 actions and ARNs in all.");
  }
});

it("commands must not be empty", () => {
  for (const read of [rolePermissions, permissionsTable]) {
    expect(() => read({})).toThrow(
      expect.objectContaining({ field: "commands", message: expect.stringContaining("commands is empty.") }),
    );
  }
});
