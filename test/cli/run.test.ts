import { describe, expect, it } from "vitest";
import { runRolecall } from "./run-rolecall.js";

const { output: usage } = await runRolecall(["--help"]);
const NAMES = [...usage.matchAll(/^ {2}([a-z-]+) {2,}\S/gm)].map(([, name]) => name ?? "");

describe("rolecall", () => {
  it("lists its commands for --help and for -h", async () => {
    expect(NAMES).toEqual(expect.arrayContaining(["demo", "cache"]));
    expect(await runRolecall(["-h"])).toEqual({ code: 0, output: usage, errors: "" });
  });

  it("lists them on stderr, with code 2, where none is named", async () => {
    expect(await runRolecall([])).toEqual({ code: 2, output: "", errors: usage });
  });

  it.each(["docter", "toString", "__proto__", ""])("has no command %j", async (name) => {
    const { code, output, errors } = await runRolecall([name]);
    expect({ code, output }).toEqual({ code: 2, output: "" });
    expect(errors).toContain(`rolecall has no command ${JSON.stringify(name)}.`);
    expect(errors).toContain(usage);
  });
});

describe.each(NAMES)("rolecall %s", (name) => {
  it("--help tells its use, with an example, whatever else stands there", async () => {
    const { code, output, errors } = await runRolecall([name, "--help"]);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(output).toMatch(new RegExp(`^Usage: rolecall ${name}\\b`));
    expect(output).toMatch(new RegExp(`^Examples?:\\s+rolecall ${name}\\b`, "m"));
    for (const line of output.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
    expect(await runRolecall([name, "--no-such-option", "-h"])).toEqual({ code: 0, output, errors: "" });
  });

  it("an option that it does not have: one line on stderr that names it, where to look, and code 2", async () => {
    const { code, output, errors } = await runRolecall([name, "--no-such-option"]);
    expect({ code, output }).toEqual({ code: 2, output: "" });
    expect(errors).toContain("'--no-such-option'");
    expect(errors).toContain(`See: rolecall ${name} --help`);
    expect(errors).not.toMatch(/^\s+at /m);
  });
});
