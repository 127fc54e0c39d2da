import { MAX_POLICY_CHARACTERS } from "../request/limits.js";
import { similarName } from "../request/similar-names.js";
import { conflict, invalidText, quoted } from "../request/validation.js";
import {
  type CommandPermissions,
  fieldOf,
  readCommandNames,
  readCommandNeeds,
  toPermissions,
} from "./command-permissions.js";
import { countCharacters, type PolicyDocument, toDocument } from "./policy-document.js";

/** How many names an error lists. */
const SHOWN_NAMES = 3;

/**
 * Creates the session policy of one command. Pass it to `getClientForCommand` as `options.session.policy`. The session
 * may then do only what the command needs, and only if the role may do it. For a command that needs nothing, the policy
 * denies everything; `sts:GetCallerIdentity` still works. Reads the permissions of this command only.
 * @throws RolecallError `INVALID_REQUEST` if there is no command with this name, if its permissions are invalid, or if
 * the policy has more than 2,048 characters. This is the limit in
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
export function commandPolicy<C extends CommandPermissions>(
  commands: C,
  name: Extract<keyof C, string>,
): PolicyDocument {
  const names = readCommandNames(commands);
  if (typeof name !== "string" || !names.includes(name)) throw unknownCommand(name, names);
  const { grants } = readCommandNeeds(commands, name);
  const document = grants.length === 0 ? denyEverything() : toPermissions(grants);
  const size = countCharacters(document);
  if (size <= MAX_POLICY_CHARACTERS) return document;
  throw conflict(
    fieldOf(name),
    `needs a session policy of ${size} characters, and STS accepts at most ${MAX_POLICY_CHARACTERS}`,
    "Use wildcards, or create a managed policy with these permissions and set its ARN in session.policyArns. " +
      "STS also limits the packed size of the policy and the tags together.",
  );
}

/** Denies explicitly, because a session without a policy could do everything that the role may. */
function denyEverything(): PolicyDocument {
  return toDocument([{ Effect: "Deny", Action: "*", Resource: "*" }]);
}

function unknownCommand(name: unknown, known: readonly string[]): Error {
  const similar = typeof name === "string" ? similarNames(name, known) : [];
  if (similar.length > 0) {
    return conflict(
      "name",
      `is ${quoted(name as string)}, which is not in commands`,
      `Did you mean ${listed(similar, " or ")}?`,
    );
  }
  const others = known.length > SHOWN_NAMES ? ` and ${known.length - SHOWN_NAMES} more` : "";
  const commands =
    known.length === 0 ? "none, because commands is empty" : `${listed(known.slice(0, SHOWN_NAMES))}${others}`;
  return invalidText("name", name, `the name of a command: ${commands}`);
}

/** The most similar first. */
function similarNames(name: string, known: readonly string[]): readonly string[] {
  const found: string[] = [];
  while (found.length < SHOWN_NAMES) {
    const next = similarName(
      name,
      known.filter((one) => !found.includes(one)),
    );
    if (next === undefined) break;
    found.push(next);
  }
  return found;
}

function listed(names: readonly string[], separator = ", "): string {
  return names.map(quoted).join(separator);
}
