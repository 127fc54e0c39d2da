import {
  conflict,
  invalid,
  invalidText,
  isRecord,
  namesIn,
  quoted,
  readList,
  readRecord,
  readSetting,
  readSettings,
  readText,
  type TextRule,
} from "../request/validation.js";
import { ACTION, mergeActions, normalizeAction } from "./actions.js";
import { oneOrList, type PolicyDocument, toDocument } from "./policy-document.js";
import { readTextList } from "./roles-and-settings.js";

/**
 * Something that a command needs: an action on every resource, such as `ec2:DescribeInstances` or `s3:Get*`, or actions on
 * resources. A resource is an ARN or a pattern, as in an IAM policy; it may contain policy variables.
 */
export type CommandPermission = string | { readonly actions: readonly string[]; readonly resources: readonly string[] };

/**
 * What each command needs, by command name. An empty list means that the command makes no call that needs a permission.
 */
export type CommandPermissions = Readonly<Record<string, readonly CommandPermission[]>>;

/** Actions on resources. */
export interface Grant {
  readonly actions: readonly string[];
  /** Sorted, without duplicates. If the list contains `*`, it contains nothing else. */
  readonly resources: readonly string[];
}

/** A command with what it needs. */
export interface CommandNeeds {
  readonly name: string;
  readonly grants: readonly Grant[];
}

/** An ARN of a resource, and the setting that it comes from. */
export interface NamedResource {
  readonly field: string;
  readonly arn: string;
}

const ALLOWED_COMMANDS = 'an object such as { "<command>": ["ec2:DescribeInstances"] }';
const ALLOWED_PERMISSION = `${ACTION.allowed}, or an object { actions: [...], resources: [...] }`;
const MAX_COMMANDS = 10_000;
/**
 * The maximum number of actions and ARNs of all commands together. The managed policies that a role may have hold
 * fewer.
 */
const MAX_PERMISSIONS = 10_000;

const NAME: TextRule = {
  pattern: /^(?! )[^\p{C}\p{Zl}\p{Zp}]+(?<! )$/u,
  min: 1,
  max: 128,
  allowed: "1 to 128 visible characters, without leading or trailing spaces",
};

/** IAM requires a partition and a service without wildcards. */
const RESOURCE: TextRule = {
  pattern:
    /^(\*|arn:aws(-[a-z0-9]+)*:[a-z0-9-]+:[a-z0-9*?-]*:[a-z0-9*?-]*:([ -#%-~]|\$(?!\{)|\$\{([*?$]|[\w.-]+:[^{}]+)\})+)$/,
  min: 1,
  max: 2048,
  allowed: "an ARN or a pattern such as arn:aws:s3:::reports/*, in ASCII, with a partition and a service; or *",
};

/** Reads the names of the commands. */
export function readCommandNames(commands: unknown): readonly string[] {
  const names: string[] = [];
  for (const name of namesIn("commands", readRecord("commands", commands, ALLOWED_COMMANDS))) {
    if (names.push(name) <= MAX_COMMANDS) continue;
    throw conflict("commands", `has more than ${MAX_COMMANDS} commands`, "List fewer.");
  }
  return names;
}

/** Reads what every command needs. */
export function readCommands(commands: unknown): {
  readonly commands: readonly CommandNeeds[];
  readonly resources: readonly NamedResource[];
} {
  const names = readCommandNames(commands);
  if (names.length === 0) throw conflict("commands", "is empty", `Allowed: ${ALLOWED_COMMANDS}.`);
  const resources: NamedResource[] = [];
  let count = 0;
  const needs = names.map((name) => {
    const command = readCommandNeeds(commands as object, name, (resource) => resources.push(resource));
    for (const { actions } of command.grants) count += actions.length;
    if (count + resources.length <= MAX_PERMISSIONS) return command;
    throw conflict("commands", `has more than ${MAX_PERMISSIONS} actions and ARNs in all`, "Use wildcards.");
  });
  return { commands: needs, resources };
}

/** Reads what one command needs. @param found is called for each resource except `*` */
export function readCommandNeeds(
  commands: object,
  name: string,
  found: (resource: NamedResource) => void = () => {},
): CommandNeeds {
  if (name.length > NAME.max || !NAME.pattern.test(name)) {
    const message = `has a command with the name ${name === "" ? '""' : quoted(name)}`;
    throw conflict("commands", message, `Allowed: ${NAME.allowed}.`);
  }
  const field = fieldOf(name);
  const value = readSetting("commands", commands, name);
  const list = readList(field, value, "permissions");
  if (!list) throw invalid(field, value, "a list of permissions; [] if the command needs none");
  return { name, grants: list.map((item, index) => readPermission(`${field}[${index}]`, item, found)) };
}

/** The name of a command's setting in errors. */
export function fieldOf(name: string): string {
  return `commands[${quoted(name)}]`;
}

function readPermission(field: string, value: unknown, found: (resource: NamedResource) => void): Grant {
  if (typeof value === "string") {
    readText(field, value, { ...ACTION, allowed: ALLOWED_PERMISSION });
    return { actions: [normalizeAction(value)], resources: ["*"] };
  }
  if (!isRecord(value)) throw invalid(field, value, ALLOWED_PERMISSION);
  const settings = readSettings(field, value, ["actions", "resources"]);
  const actions = readFilledList(`${field}.actions`, settings.actions, "actions", ACTION);
  const resources = readFilledList(`${field}.resources`, settings.resources, "resources", RESOURCE);
  for (const [index, arn] of resources.entries()) {
    if (arn !== "*") found({ field: `${field}.resources[${index}]`, arn });
  }
  return {
    actions: actions.map(normalizeAction),
    resources: resources.includes("*") ? ["*"] : [...new Set(resources)].toSorted(),
  };
}

function readFilledList(field: string, value: unknown, of: string, rule: TextRule): readonly string[] {
  const list = readTextList(field, value, of, rule);
  if (list?.length) return list;
  throw invalidText(field, value, `a list of at least one: ${rule.allowed}`);
}

/** One grant for each set of resources. The order of the grants does not matter. */
export function mergeGrants(grants: readonly Grant[]): readonly Grant[] {
  const byResources = new Map<string, { resources: readonly string[]; actions: string[] }>();
  for (const { actions, resources } of grants) {
    const key = JSON.stringify(resources);
    const same = byResources.get(key);
    if (same) for (const action of actions) same.actions.push(action);
    else byResources.set(key, { resources, actions: [...actions] });
  }
  return [...byResources]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([, { actions, resources }]) => ({ actions: mergeActions(actions), resources }));
}

/** A document that allows these grants, and nothing else. */
export function toPermissions(grants: readonly Grant[]): PolicyDocument {
  return toDocument(
    mergeGrants(grants).map(({ actions, resources }) => ({
      Effect: "Allow",
      Action: oneOrList(actions),
      Resource: oneOrList(resources),
    })),
  );
}
