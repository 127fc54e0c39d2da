import type { CliCommand, CommandGroup, OptionSpec } from "../../src/cli/command.js";
import { valuePlaceholder } from "../../src/cli/command-line.js";
import { ROLECALL } from "../../src/cli/run.js";

/** A command, and the words that call it, such as `["policy", "trust"]`. */
export interface NamedCommand {
  readonly words: readonly string[];
  readonly command: CliCommand;
}

export async function listAllCommands(group = ROLECALL, path: readonly string[] = []): Promise<NamedCommand[]> {
  const members = Object.entries(group.commands).map(async ([name, { load }]) => {
    const { command } = await load();
    const words = [...path, name];
    return "commands" in command ? listAllCommands(command, words) : [{ words, command }];
  });
  return (await Promise.all(members)).flat();
}

export async function listAllGroups(group = ROLECALL, path: readonly string[] = []): Promise<string[][]> {
  const members = Object.entries(group.commands).map(async ([name, { load }]) => {
    const { command } = await load();
    return "commands" in command ? listAllGroups(command as CommandGroup, [...path, name]) : [];
  });
  return [[...path], ...(await Promise.all(members)).flat()];
}

/** An option as it is used once. */
export function use(name: string, spec: OptionSpec, value = spec.choices?.[0] ?? "/nowhere"): string[] {
  return valuePlaceholder(spec) === undefined ? [`--${name}`] : [`--${name}`, value];
}
