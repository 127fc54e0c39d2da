import { type CommandPermissions, type Grant, mergeGrants, readCommands } from "./command-permissions.js";

/**
 * Creates a Markdown table with the permissions of each command, for the integration's own documentation, with a trailing
 * newline. The commands keep their order.
 * @throws RolecallError `INVALID_REQUEST` naming the invalid command or permission
 */
export function permissionsTable(commands: CommandPermissions): string {
  const rows = readCommands(commands).commands.map(({ name, grants }) => {
    return `| ${toCode(name)} | ${mergeGrants(grants).map(describe).join("; ") || "none"} |\n`;
  });
  return `| command | permissions |\n|---|---|\n${rows.join("")}`;
}

function describe({ actions, resources }: Grant): string {
  const shown = actions.map(toCode).join(", ");
  return resources[0] === "*" ? shown : `${shown} on ${resources.map(toCode).join(", ")}`;
}

/** A `|` ends a table cell and a backtick ends a code span, so text with one of them becomes HTML with entities. */
function toCode(text: string): string {
  if (!/[|`\\]/.test(text)) return `\`${text}\``;
  return `<code>${text.replace(/[^\p{L}\p{N} ]/gu, (character) => `&#${character.codePointAt(0)};`)}</code>`;
}
