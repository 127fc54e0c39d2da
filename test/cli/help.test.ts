import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { valuePlaceholder } from "../../src/cli/command-line.js";
import { listAllCommands, listAllGroups } from "./all-commands.js";
import { runRolecall } from "./run-rolecall.js";

const COMMANDS = await listAllCommands();
const GROUPS = await listAllGroups();
const ALL = [...GROUPS, ...COMMANDS.map(({ words }) => [...words])].map((words) => ({ line: words.join(" "), words }));
/** Bold, as for headings. */
const BOLD = "\u001b[1m";

const helpAt = async (words: readonly string[], columns: number, env: Record<string, string> = {}) =>
  (await runRolecall([...words, "--help"], env, { isTTY: true, columns })).output;
/** Without line ends, indentation and the shell's line continuations. */
const wordsOf = (help: string) =>
  stripVTControlCharacters(help)

    .split(/\s+/)
    .filter((word) => word !== "\\" && word !== "");

describe.each(ALL)("rolecall $line --help", ({ words }) => {
  it.each([60, 80, 120])("fits %i columns, with and without color", async (columns) => {
    const colored = await helpAt(words, columns);
    const plain = await helpAt(words, columns, { NO_COLOR: "1" });
    expect(colored).toContain(BOLD);
    expect(plain).toBe(stripVTControlCharacters(plain));
    expect(stripVTControlCharacters(colored)).toBe(plain);
    const tooLong = plain.split("\n").filter((line) => line.length > columns);
    expect(tooLong).toEqual([]);
  });

  it.each([60, 80])("says the same at %i columns as at 120, with every word in one piece", async (columns) => {
    expect(wordsOf(await helpAt(words, columns))).toEqual(wordsOf(await helpAt(words, 120)));
  });

  it("has 120 columns and no color if it is not printed to a terminal", async () => {
    const { code, output, errors } = await runRolecall([...words, "--help"]);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(output).toBe(await helpAt(words, 120, { NO_COLOR: "1" }));
  });
});

describe.each(COMMANDS.map(({ words, command }) => ({ line: words.join(" "), words, spec: command.spec })))(
  "rolecall $line --help",
  ({ words, spec }) => {
    it("names every option with its value", async () => {
      const help = await helpAt(words, 120, { NO_COLOR: "1" });
      for (const [name, option] of Object.entries(spec.options)) {
        const value = valuePlaceholder(option);
        expect(help).toMatch(new RegExp(`^ {2}--${name}${value === undefined ? "" : ` \\${value}`} `, "m"));
      }
    });

    it("ends with an example", async () => {
      const help = await helpAt(words, 120, { NO_COLOR: "1" });
      expect(spec.examples.length).toBeGreaterThan(0);
      expect(help).toMatch(new RegExp(`^Examples:\\n {2}npx aws-rolecall ${words.join(" ")}\\b`, "m"));
    });
  },
);

const withStore = COMMANDS.filter(({ command: { spec } }) => "directory" in spec.options);

it.each(withStore.map(({ words }) => [words.join(" "), words] as const))(
  "rolecall %s --help says how to set the encryption keys of the file store",
  async (_, words) => {
    expect(await helpAt(words, 120)).toContain("Set ROLECALL_ENCRYPTION_KEYS to the store's encryption keys");
  },
);
