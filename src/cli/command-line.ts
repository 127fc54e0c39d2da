import { type ParseArgsConfig, parseArgs } from "node:util";
import { similarName } from "../request/similar-names.js";
import { type CommandLine, type CommandSpec, type OptionSpec, UsageError } from "./command.js";

type Values = ReturnType<typeof parseArgs>["values"];

/** An option as it appears on the command line. */
interface GivenOption {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/**
 * Parses a command line and checks it against the command's spec.
 * @param name the command's whole name, such as `rolecall policy trust`
 * @throws UsageError for an unknown, repeated, missing or conflicting option, or an invalid value
 */
export function parseCommandLine(name: string, spec: CommandSpec, args: readonly string[]): CommandLine {
  const { own, program } = splitProgram(spec, args);
  const config = { args: [...own], options: toConfig(spec), allowPositionals: true };
  const { tokens } = parseArgs({ ...config, strict: false, tokens: true });
  const given = tokens.filter((token) => token.kind === "option");
  // Checked before the options: if `--` is missing, the program's options would be reported as unknown.
  const words = tokens.filter((token) => token.kind === "positional");
  if (words.length > 0) checkProgram(name, spec, program);
  refuseUnknown(spec, given);
  refuseSwallowed(spec, given);
  const names = given.map((token) => token.name);
  refuseRepeated(spec, names);
  const { values, positionals } = parseStrictly(config);
  checkArguments(name, spec, positionals.length);
  checkProgram(name, spec, program);
  for (const [option, rules] of Object.entries(spec.options)) checkValue(name, option, rules, values[option]);
  refuseContradictions(spec, names, values, positionals.length > 0);
  return { values, arguments: positionals, program } as CommandLine;
}

/** Everything after the first `--` belongs to the program, including its options. */
export function splitProgram({ program }: CommandSpec, args: readonly string[]) {
  const end = program ? args.indexOf("--") : -1;
  return end < 0 ? { own: args, program: [] } : { own: args.slice(0, end), program: args.slice(end + 1) };
}

/** The option's placeholder, such as `<file>`, or its choices, such as `<file|none>`; `undefined` for a flag. */
export function valuePlaceholder({ value, choices }: OptionSpec): string | undefined {
  return value ?? (choices && `<${choices.join("|")}>`);
}

function toConfig({ options }: CommandSpec): NonNullable<ParseArgsConfig["options"]> {
  const entries = Object.entries(options).map(([name, { multiple, default: fallback, ...rules }]) => [
    name,
    {
      type: valuePlaceholder(rules) === undefined ? ("boolean" as const) : ("string" as const),
      ...(multiple && { multiple }),
      ...(fallback !== undefined && { default: fallback }),
    },
  ]);
  return Object.fromEntries(entries);
}

function refuseUnknown({ options, arguments: words }: CommandSpec, given: readonly GivenOption[]): void {
  const unknown = given.find(({ name }) => !Object.hasOwn(options, name));
  if (!unknown) return;
  const { name, rawName } = unknown;
  if (words && name === toOptionName(words.name)) {
    throw new UsageError(`Unknown option '${rawName}'. Pass ${words.name} as an argument instead.`);
  }
  const meant = rawName.startsWith("--") ? similarName(rawName.slice(2), Object.keys(options)) : undefined;
  throw new UsageError(`Unknown option '${rawName}'.${meant === undefined ? "" : ` Did you mean '--${meant}'?`}`);
}

/** The option name that a user may try instead of the argument: `role-arn` for `<role ARN>`. */
function toOptionName(argumentName: string): string {
  return argumentName.replaceAll(/[<>]/g, "").replaceAll(" ", "-").toLowerCase();
}

/** If a value is missing, `parseArgs` takes the next option as the value. */
function refuseSwallowed({ options }: CommandSpec, given: readonly GivenOption[]): void {
  for (const { name, value = "", inlineValue } of given) {
    const placeholder = options[name] && valuePlaceholder(options[name]);
    if (placeholder === undefined || inlineValue || !/^-./s.test(value)) continue;
    throw new UsageError(`--${name} needs a value. If the value starts with a dash, write --${name}=${placeholder}.`);
  }
}

function refuseRepeated({ options }: CommandSpec, names: readonly string[]): void {
  const single = names.filter((name) => !options[name]?.multiple);
  const repeated = single.find((name, index) => single.indexOf(name) < index);
  if (repeated !== undefined) throw new UsageError(`--${repeated} is given twice. Use it once.`);
}

function parseStrictly(config: ParseArgsConfig) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\.?$/, "."), { cause: error });
  }
}

function checkArguments(command: string, spec: CommandSpec, count: number): void {
  const { name = "", min = 0, max = 0 } = spec.arguments ?? {};
  if (count > max && max === 0) {
    const advice = "role-arn" in spec.options ? " Pass the role with --role-arn." : "";
    throw new UsageError(`${command} takes options only.${advice}`);
  }
  if (count > max) throw new UsageError(`${command} takes only ${max === 1 ? "one" : max} ${name}.`);
  if (count < min) throw new UsageError(`${command} needs ${name}.`);
}

function checkProgram(command: string, spec: CommandSpec, [program]: readonly string[]): void {
  if (!spec.program) return;
  if (program === undefined) {
    throw new UsageError(`${command} needs a program after --, as in: ${spec.examples[0]}`);
  }
  if (program === "") throw new UsageError("The program after -- has an empty name.");
}

function checkValue(command: string, option: string, rules: OptionSpec, value: Values[string]): void {
  const { required, choices } = rules;
  if (value === undefined) {
    if (required) throw new UsageError(`${command} needs --${option} ${valuePlaceholder(rules)}.`);
    return;
  }
  for (const each of [value].flat()) {
    if (each === "") throw new UsageError(`--${option} is empty. Give it a value, or leave it out.`);
    if (choices && !choices.includes(each as string)) {
      throw new UsageError(
        `--${option} must be ${new Intl.ListFormat("en", { type: "disjunction" }).format(choices)}.`,
      );
    }
  }
}

function refuseContradictions(
  spec: CommandSpec,
  names: readonly string[],
  values: Values,
  hasArguments: boolean,
): void {
  const isUsed = (other: string): boolean => {
    if (other === spec.arguments?.name) return hasArguments;
    const [name = "", value] = other.split("=");
    return names.includes(name) && (value === undefined || values[name] === value);
  };
  for (const name of names) {
    const other = spec.options[name]?.excludes?.find(isUsed);
    if (other !== undefined) throw new UsageError(`Use --${name} or ${toOptionText(other)}, not both.`);
  }
}

/**
 * The option or argument that sets a field of the library, such as `--external-id` for `externalId` and `--principal`
 * for `principal[0]`; `undefined` for a field that comes from a file.
 */
export function findOption({ options, arguments: takes }: CommandSpec, field: string): string | undefined {
  const [, name] = /^(?:command\.|options\.)?(\w+)(?:\[\d+\])?$/.exec(field) ?? [];
  if (name === undefined) return undefined;
  const toField = (option: string) => option.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const [option] = Object.entries(options).find(([each, rules]) => (rules.field ?? toField(each)) === name) ?? [];
  if (option !== undefined) return `--${option}`;
  return takes?.field === name ? takes.name : undefined;
}

/** An entry of `excludes`, as written on a command line. */
export function toOptionText(excluded: string): string {
  return excluded.startsWith("<") ? excluded : `--${excluded.replace("=", " ")}`;
}
