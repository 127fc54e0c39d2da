import { describe, expect, it } from "vitest";
import { type CommandSpec, UsageError } from "../../src/cli/command.js";
import { parseCommandLine } from "../../src/cli/command-line.js";
import { listAllCommands, use } from "./all-commands.js";
import { runRolecall } from "./run-rolecall.js";

const HOST = "arn:aws:iam::111122223333:role/integration-host";
const OTHER_HOST = "arn:aws:iam::111122223333:role/other-host";
const ROLE = "arn:aws:iam::123456789012:role/Inventory";

const COMMANDS = await listAllCommands();
const optionsOf = COMMANDS.flatMap(({ words, command: { spec } }) =>
  Object.entries(spec.options).map(([name, option]) => ({ line: words.join(" "), words, spec, name, option })),
);
/** What each command needs after its options, so that only the option under test is wrong. */
const needs = (spec: CommandSpec, except: string) => [
  ...Object.entries(spec.options).flatMap(([name, option]) =>
    option.required && name !== except ? use(name, option) : [],
  ),
  ...(spec.program ? ["--", "true"] : []),
];

describe("every option of every command", () => {
  it("is found by these tests", () => {
    expect(COMMANDS.map(({ words }) => words.join(" "))).toEqual(
      expect.arrayContaining(["doctor", "cache list", "policy trust"]),
    );
    expect(optionsOf.length).toBeGreaterThan(40);
  });

  it.each(optionsOf.filter(({ option }) => !option.multiple))(
    "rolecall $line --$name is refused if it is repeated",
    async ({ words, spec, name, option }) => {
      const args = [...words, ...use(name, option), ...use(name, option), ...needs(spec, name)];
      const { code, output, errors } = await runRolecall(args);
      expect({ code, output }).toEqual({ code: 2, output: "" });
      expect(errors).toBe(`--${name} is given twice. Use it once.\nSee: npx aws-rolecall ${words.join(" ")} --help\n`);
    },
  );

  it.each(optionsOf.filter(({ option }) => option.multiple))(
    "rolecall $line --$name keeps all its values if it is repeated, and --help says so",
    async ({ words, line, spec, name, option }) => {
      const args = [...use(name, option, "one"), ...use(name, option, "two"), ...needs(spec, name)];
      const { values } = parseCommandLine(line, spec, args);
      expect(values[name]).toEqual(["one", "two"]);
      const { output } = await runRolecall([...words, "--help"]);
      const [, explanation = ""] = output.split(`--${name} `);
      expect(explanation.split("\n  --")[0]?.replaceAll(/\s+/g, " ")).toContain("Repeatable.");
    },
  );

  it.each(optionsOf.filter(({ option }) => option.required))(
    "rolecall $line names the missing --$name",
    async ({ words, spec, name }) => {
      const { code, errors } = await runRolecall([...words, ...needs(spec, name)]);
      expect(code).toBe(2);
      expect(errors).toContain(`rolecall ${words.join(" ")} needs --${name} <`);
    },
  );

  it.each(optionsOf.filter(({ option }) => option.value !== undefined || option.choices))(
    "rolecall $line --$name is refused without a value",
    async ({ words, spec, name }) => {
      const { code, errors } = await runRolecall([...words, `--${name}=`, ...needs(spec, name)]);
      expect(code).toBe(2);
      expect(errors).toContain(`--${name} is empty. Give it a value, or leave it out.`);
    },
  );

  it.each(optionsOf.filter(({ option }) => option.choices))(
    "rolecall $line --$name lists its choices if it gets something else",
    async ({ words, spec, name, option }) => {
      const { code, errors } = await runRolecall([...words, `--${name}`, "frobnicate", ...needs(spec, name)]);
      expect(code).toBe(2);
      for (const choice of option.choices ?? []) expect(errors.split("\n")[0]).toContain(choice);
    },
  );
});

const contradictions = optionsOf.flatMap(({ option, ...rest }) =>
  (option.excludes ?? []).map((other) => ({ ...rest, option, other })),
);

describe("contradicting options", () => {
  it("exist, so that the next tests have something to test", () => {
    expect(contradictions.length).toBeGreaterThan(2);
  });

  it.each(contradictions)("rolecall $line refuses --$name with $other in either order", async (each) => {
    const { words, spec, name, option, other } = each;
    const [otherName = "", value] = other.split("=");
    const otherSpec = spec.options[otherName];
    const otherArgs = otherSpec ? use(otherName, otherSpec, value) : [ROLE];
    for (const args of [
      [...use(name, option), ...otherArgs],
      [...otherArgs, ...use(name, option)],
    ]) {
      const { code, output, errors } = await runRolecall([...words, ...args, ...needs(spec, name)]);
      expect({ code, output }).toEqual({ code: 2, output: "" });
      expect(errors).toMatch(/^Use --[\w-]+ or .*, not both\.\n/);
    }
  });

  it.each(contradictions)("rolecall $line --help says that --$name is not for $other", async ({ words, other }) => {
    const { output } = await runRolecall([...words, "--help"]);
    expect(output.replaceAll(/\s+/g, " ")).toMatch(/Not with [^.]*/);
    expect(output.replaceAll(/\s+/g, " ")).toContain(other.startsWith("<") ? other : `--${other.replace("=", " ")}`);
  });
});

describe("a command line", () => {
  const spec: CommandSpec = {
    about: ["For tests."],
    arguments: { name: "<role>", field: "role", min: 1, max: 2 },
    options: { file: { value: "<file>", help: "A file." }, fast: { help: "Fast." } },
    examples: [],
  };
  const parse = (...args: string[]) => parseCommandLine("rolecall test", spec, args);

  it.each([
    ["--option value", ["a", "--file", "x"]],
    ["--option=value", ["--file=x", "a"]],
    ["a value that starts with a dash", ["a", "--file=-x"]],
  ])("may write an option as %s", (_, args) => {
    expect(parse(...args).arguments).toEqual(["a"]);
    expect(parse(...args).values.file).toMatch(/^-?x$/);
  });

  it("detects a repeated option in both forms", () => {
    expect(() => parse("a", "--file=x", "--file", "y")).toThrow("--file is given twice. Use it once.");
  });

  it("never shows a value in an error", () => {
    const wrong = [
      ["a", "--file", "secret-1", "--file", "secret-2"],
      ["a", "--fast=secret-1"],
      ["secret-1", "secret-2", "secret-3"],
    ];
    for (const args of wrong) {
      expect(() => parse(...args)).toThrow(UsageError);
      expect(() => parse(...args)).not.toThrow(/secret/);
    }
  });

  it.each([
    [[], "rolecall test needs <role>."],
    [["a", "b", "c"], "rolecall test takes only 2 <role>."],
  ])("with %j as its arguments is refused", (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });

  it("of a command without arguments refuses one", async () => {
    const { code, errors } = await runRolecall(["demo", "fast"]);
    expect(code).toBe(2);
    expect(errors).toContain("rolecall demo takes options only.");
  });

  it("leaves everything after the first -- to the program", () => {
    const args = ["a", "--", "prog", "--file", "x", "--", "--help"];
    const line = parseCommandLine("rolecall test", { ...spec, program: true }, args);
    expect(line).toEqual({ values: {}, arguments: ["a"], program: ["prog", "--file", "x", "--", "--help"] });
  });

  it.each([
    [["a"]],
    [["a", "--"]],
    [["a", "prog", "get", "item"]],
    [["a", "prog", "--unknown"]],
    [["a", "prog", "--file", "x", "--file", "y"]],
  ])("without a program after -- is refused if the command runs one: %j", (args) => {
    const runner: CommandSpec = { ...spec, program: true, examples: ["npx aws-rolecall test a -- prog"] };
    expect(() => parseCommandLine("rolecall test", runner, args)).toThrow(
      "rolecall test needs a program after --, as in: npx aws-rolecall test a -- prog",
    );
  });

  it.each([
    [
      ["exec", "--role-arn", ROLE, "--", "prog"],
      "Unknown option '--role-arn'. Pass <role ARN> as an argument instead.",
    ],
    [["credential-process", ROLE], "rolecall credential-process takes options only. Pass the role with --role-arn."],
  ])("says how this command takes a role: %j", async (args, message) => {
    const { code, errors } = await runRolecall(args);
    expect(code).toBe(2);
    expect(errors).toContain(`${message}\n`);
  });
});

describe("a program's command line", () => {
  it.each([
    [[ROLE, "aws", "s3", "ls"]],
    [["aws", "s3", "ls"]],
    [["aws", "s3", "ls", "--recursive"]],
    [["--region", "eu-central-1", "aws", "sts", "get-caller-identity", "--query", "Arn"]],
  ])("without -- in front of it is refused with the right form: %j", async (args) => {
    const { code, output, errors } = await runRolecall(["exec", ...args]);
    expect({ code, output }).toEqual({ code: 2, output: "" });
    expect(errors).toContain("rolecall exec needs a program after --, as in: npx aws-rolecall exec --config");
  });

  it("with an empty name is refused", async () => {
    const { code, errors } = await runRolecall(["exec", ROLE, "--", "", "--flag"]);
    expect(code).toBe(2);
    expect(errors).toContain("The program after -- has an empty name.");
  });
});

describe("an option without its value", () => {
  it.each(["--json", "-x"])("is named in one line without escapes, if %s follows it", async (next) => {
    const { code, errors } = await runRolecall(["explain", "--config", next]);
    expect(code).toBe(2);
    expect(errors).toMatch(/^--config needs a value\. If the value starts with a dash, write --config=<file>\.\nSee: /);
  });
});

describe("an error of the library", () => {
  it.each([
    [
      "externalId is not the one",
      ["policy", "trust", ROLE, "--principal", HOST, "--external-id", "a"],
      "--external-id",
    ],
    ["principal[1]", ["policy", "trust", ROLE, "--principal", HOST, "--principal", "host"], "--principal"],
    ["roles", ["policy", "identity"], "<role>"],
    ["actions[0]", ["policy", "identity", "--variant", "own-permissions", "--action", "ec2"], "--action"],
    ["command.roleArn", ["explain", "Inventory"], "<role ARN>"],
    ["command.roleArn", ["credential-process", "--role-arn", "Inventory"], "--role-arn"],
    ["command.region", ["exec", "--region", "eu", "--", "true"], "--region"],
  ])("about %s names what was written on the command line: %j", async (_, args, named) => {
    const { output, errors } = await runRolecall(args);
    expect(output).toBe("");
    expect(errors.split(" ", 3).join(" ")).toMatch(new RegExp(`^${named} (is|has|names|cannot)`));
  });
});

describe("a trust policy", () => {
  const trust = async (...args: string[]) => {
    const { code, output, errors } = await runRolecall(["policy", "trust", ROLE, ...args]);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    return JSON.parse(output).Statement;
  };

  it("names every --principal", async () => {
    const statements = await trust("--principal", HOST, "--principal", OTHER_HOST, "--author-tag", "command");
    expect(statements.map(({ Principal }: { Principal: unknown }) => Principal)).toEqual([
      { AWS: [HOST, OTHER_HOST] },
      { AWS: [HOST, OTHER_HOST] },
    ]);
  });

  it("accepts any of several --external-id values in one condition", async () => {
    expect(await trust("--principal", HOST, "--external-id", "acme-1", "--external-id", "acme-2")).toEqual([
      {
        Effect: "Allow",
        Principal: { AWS: HOST },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "sts:ExternalId": ["acme-1", "acme-2"] } },
      },
    ]);
  });
});
