import { describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
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
    expect(errors).toBe(`Unknown option ${said}\nSee: rolecall ${args[0]} --help\n`);
  });

  it.each(["docter", "toString", "__proto__", "frobnicate", ""])("rejects the unknown command %j", async (name) => {
    const { code, output, errors } = await runRolecall([name]);
    expect({ code, output }).toEqual({ code: 2, output: "" });
    expect(errors).toContain(`Unknown command ${JSON.stringify(name)}.`);
    expect(errors).toContain(usage);
  });
});

describe.each(NAMES)("rolecall %s", (name) => {
  it("prints its help with an example if --help is anywhere on the command line", async () => {
    const { code, output, errors } = await runRolecall([name, "--help"]);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(output).toMatch(new RegExp(`^Usage: rolecall ${name}\\b`));
    expect(output).toMatch(new RegExp(`^Examples?:\\s+npx aws-rolecall ${name}\\b`, "m"));
    for (const line of output.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
    expect(await runRolecall([name, "--no-such-option", "-h"])).toEqual({ code: 0, output, errors: "" });
  });

  it("names an unknown option on stderr, points to --help and exits with code 2", async () => {
    const { code, output, errors } = await runRolecall([name, "--no-such-option"]);
    expect({ code, output }).toEqual({ code: 2, output: "" });
    expect(errors).toContain("'--no-such-option'");
    expect(errors).toContain(`See: rolecall ${name} --help`);
    expect(errors).not.toMatch(/^\s+at /m);
  });
});
