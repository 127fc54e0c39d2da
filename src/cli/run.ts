import { isRolecallError, type RolecallError } from "../errors.js";
import { similarName } from "../request/similar-names.js";
import { escapeInvisible } from "../request/validation.js";
import { StoreError } from "../store/credential-store.js";
import { VERSION } from "../version.js";
import {
  type CliCommand,
  type CliIo,
  type CommandGroup,
  type CommandSpec,
  toTypedCommand,
  UsageError,
} from "./command.js";
import { findOption, parseCommandLine, splitProgram } from "./command-line.js";
import { HelpText } from "./help.js";

/** All commands. */
export const ROLECALL: CommandGroup = {
  about: ["Acts as AWS roles, and helps you set them up. `rolecall --version` shows the version."],
  commands: {
    demo: {
      summary: "Demonstrates the library on a local AWS simulator, without an AWS account or network access.",
      load: () => import("./demo.js"),
    },
    doctor: {
      summary: "Checks the setup of this machine. Shows what is wrong and how to fix it.",
      load: () => import("./doctor.js"),
    },
    explain: {
      summary: "Shows which identity a command would run as. Makes no network calls.",
      load: () => import("./explain.js"),
    },
    accounts: {
      summary: "Lists the accounts of a multi-account run. With --verify, assumes the role of each account.",
      load: () => import("./accounts.js"),
    },
    exec: {
      summary: "Runs any program as the role that a command would use, with credentials that stay fresh.",
      load: () => import("./exec.js"),
    },
    "credential-process": {
      summary: "Prints credentials for the AWS CLI, boto3 and Terraform.",
      load: () => import("./credential-process.js"),
    },
    cache: {
      summary: "Lists or deletes the sessions in the file store.",
      load: () => import("./cache.js"),
    },
    policy: {
      summary: "Prints IAM policies for the machine's role and for the roles it assumes.",
      load: () => import("./policy.js"),
    },
  },
};

/** @returns the exit code: the command's own, 1 for an error, or 2 for an invalid command line */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  if (args[0] === "--version") {
    io.stdout.write(`${VERSION}\n`);
    return 0;
  }
  return runGroup("rolecall", ROLECALL, args, io);
}

async function runGroup(
  name: string,
  group: CommandGroup,
  [first, ...args]: readonly string[],
  io: CliIo,
): Promise<number> {
  const member = first !== undefined && Object.hasOwn(group.commands, first) ? group.commands[first] : undefined;
  if (!member) {
    const asksForHelp = first?.startsWith("-") === true && [first, ...args].some(isHelp);
    const { stdout, stderr, env } = io;
    if (!asksForHelp && first !== undefined) stderr.write(`${unknownCommand(name, first, group)}\n\n`);
    const output = asksForHelp ? stdout : stderr;
    output.write(new HelpText(output, env).ofGroup(name, group));
    return asksForHelp ? 0 : 2;
  }
  const { command } = await member.load();
  const fullName = `${name} ${first}`;
  if ("commands" in command) return runGroup(fullName, command, args, io);
  return runCommand(fullName, command, args, io);
}

async function runCommand(name: string, command: CliCommand, args: readonly string[], io: CliIo): Promise<number> {
  const { spec } = command;
  const { stdout, stderr, env } = io;
  if (splitProgram(spec, args).own.some(isHelp)) {
    stdout.write(new HelpText(stdout, env).ofCommand(name, spec));
    return 0;
  }
  try {
    return await command.run(parseCommandLine(name, spec, args), io);
  } catch (error) {
    if (error instanceof UsageError) {
      stderr.write(`${error.message}\nSee: ${toTypedCommand(name)} --help\n`);
      return 2;
    }
    if (!isRolecallError(error) && !(error instanceof StoreError)) throw error;
    stderr.write(`${isRolecallError(error) ? inTermsOfOptions(spec, error) : error.message}\n`);
    return spec.failureCode ?? 1;
  }
}

/** The library's errors start with the setting's name in code. Replaces it with the option or argument. */
function inTermsOfOptions(spec: CommandSpec, { field, message }: RolecallError): string {
  const option = field !== undefined && message.startsWith(field) ? findOption(spec, field) : undefined;
  return option === undefined ? message : `${option}${message.slice(field?.length)}`;
}

function isHelp(argument: string | undefined): boolean {
  return argument === "--help" || argument === "-h";
}

function unknownCommand(name: string, given: string, { commands }: CommandGroup): string {
  if (given.startsWith("-")) return `${name} expects a command before any options.`;
  const meant = similarName(given, Object.keys(commands));
  const suggestion = meant === undefined ? "" : ` Did you mean "${meant}"?`;
  const whole = [...name.split(" ").slice(1), given].join(" ");
  return `Unknown command ${escapeInvisible(JSON.stringify(whole))}.${suggestion}`;
}
