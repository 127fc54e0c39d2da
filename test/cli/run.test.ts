import { describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { listAllCommands, listAllGroups } from "./all-commands.js";
import { runRolecall } from "./run-rolecall.js";

const { output: usage } = await runRolecall(["--help"]);
const NAMES = [...usage.matchAll(/^ {2}([a-z-]+) {2,}\S/gm)].map(([, name]) => name ?? "");

describe("rolecall", () => {
  it("lists its commands for --help and for -h", async () => {
    expect(NAMES).toEqual(expect.arrayContaining(["demo", "cache"]));
    expect(await runRolecall(["-h"])).toEqual({ code: 0, output: usage, errors: "" });
  });

  it("lists its commands on stderr and exits with code 2 if none is named", async () => {
    expect(await runRolecall([])).toEqual({ code: 2, output: "", errors: usage });
  });

  it("prints its version", async () => {
    expect(await runRolecall(["--version"])).toEqual({ code: 0, output: `${packageJson.version}\n`, errors: "" });
    expect(usage).toContain("rolecall --version");
  });

  it.each([
    ["docter", "doctor"],
    ["explian", "explain"],
    ["Cache", "cache"],
    ["credentials-process", "credential-process"],
  ])("suggests the command closest to %j", async (name, meant) => {
    const { code, errors } = await runRolecall([name]);
    expect(code).toBe(2);
    expect(errors).toMatch(new RegExp(`^Unknown command "${name}"\\. Did you mean "${meant}"\\?\n\nUsage: rolecall`));
  });

  it.each([
    [["exce", "--config", "x", "--", "aws", "s3", "help", "--help"], 'Unknown command "exce". Did you mean "exec"?'],
    [["frobnicate", "--help"], 'Unknown command "frobnicate".'],
    [["policy", "trsut", "-h"], 'Unknown command "policy trsut". Did you mean "trust"?'],
  ])(
    "rejects an unknown command also with --help, so that a script does not take it for success: %j",
    async (args, said) => {
      const { code, output, errors } = await runRolecall(args);
      expect({ code, output }).toEqual({ code: 2, output: "" });
      expect(errors).toContain(said);
    },
  );

  it.each([
    [["explain", "--confg", "x"], "'--confg'. Did you mean '--config'?"],
    [["explain", "--role-sesion-name=x"], "'--role-sesion-name'. Did you mean '--role-session-name'?"],
    [["policy", "trust", "--externalid", "x"], "'--externalid'. Did you mean '--external-id'?"],
    [["doctor", "--josn"], "'--josn'. Did you mean '--json'?"],
    [["cache", "list", "--dir", "x"], "'--dir'."],
    [["demo", "--fast"], "'--fast'."],
    [["explain", "-c", "x"], "'-c'."],
  ])("suggests a similar option, if there is one: %j", async (args, said) => {
    const { code, output, errors } = await runRolecall(args);
    expect({ code, output }).toEqual({ code: 2, output: "" });
    expect(errors).toMatch(`Unknown option ${said}\nSee: npx aws-rolecall ${args[0]} `);
  });

  it.each(["docter", "toString", "__proto__", "frobnicate", ""])("rejects the unknown command %j", async (name) => {
    const { code, output, errors } = await runRolecall([name]);
    expect({ code, output }).toEqual({ code: 2, output: "" });
    expect(errors).toContain(`Unknown command ${JSON.stringify(name)}.`);
    expect(errors).toContain(usage);
  });
});

const LEAVES = (await listAllCommands()).map(({ words }) => words.join(" "));
const GROUPS = (await listAllGroups()).map((words) => words.join(" ")).filter((words) => words !== "");

describe.each(LEAVES)("rolecall %s", (name) => {
  const words = name.split(" ");

  it("prints its help if --help is anywhere on the command line", async () => {
    const { code, output, errors } = await runRolecall([...words, "--help"]);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(output).toMatch(new RegExp(`^Usage: rolecall ${name}\\b`));
    expect(await runRolecall([...words, "--no-such-option", "-h"])).toEqual({ code: 0, output, errors: "" });
  });

  it("names an unknown option on stderr, points to --help and exits with code 2", async () => {
    const { code, output, errors } = await runRolecall([...words, "--no-such-option"]);
    expect({ code, output }).toEqual({ code: 2, output: "" });
    expect(errors).toBe(`Unknown option '--no-such-option'.\nSee: npx aws-rolecall ${name} --help\n`);
  });
});

describe.each(GROUPS)("rolecall %s", (name) => {
  it("lists its commands for --help, and on stderr if none is named", async () => {
    const { code, output, errors } = await runRolecall([name, "--help"]);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(output).toMatch(new RegExp(`^Usage: rolecall ${name} <command>`));
    expect(output).toContain(`\nRun \`npx aws-rolecall ${name} <command> --help\` for`);
    expect(await runRolecall([name])).toEqual({ code: 2, output: "", errors: output });
  });

  it("rejects an option without a command, and an unknown command", async () => {
    expect((await runRolecall([name, "--json"])).errors).toMatch(
      `rolecall ${name} expects a command before any options.\n`,
    );
    const { code, errors } = await runRolecall([name, "frobnicate"]);
    expect(code).toBe(2);
    expect(errors).toContain(`Unknown command "${name} frobnicate".`);
  });
});
