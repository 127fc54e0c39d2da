import { isRolecallError } from "../errors.js";
import { similarName } from "../request/similar-names.js";
import { escapeInvisible } from "../request/validation.js";
import { StoreError } from "../store/credential-store.js";
import { VERSION } from "../version.js";
import { type CliCommand, type CliIo, UsageError } from "./command.js";

interface Entry {
  readonly summary: string;
  /** Loaded when it is asked for: `--help` is not to wait for the SDK. */
  load(): Promise<CliCommand>;
}

const COMMANDS: Record<string, Entry> = {
  demo: {
    summary: "Shows the library at work on an AWS that runs on this machine alone: no account, no network.",
    load: async () => (await import("./demo.js")).demo,
  },
  doctor: {
    summary: "Walks through the set-up on this machine, and says what is wrong and what to do.",
    load: async () => (await import("./doctor.js")).doctor,
  },
  explain: {
    summary: "Tells what a command would run as, and where each setting comes from; calls nobody.",
    load: async () => (await import("./explain.js")).explain,
  },
  "credential-process": {
    summary: "Prints credentials for the AWS CLI, boto3 and Terraform.",
    load: async () => (await import("./credential-process.js")).credentialProcess,
  },
  cache: {
    summary: "Lists or deletes the sessions in the file store.",
    load: async () => (await import("./cache.js")).cache,
  },
  policy: {
    summary: "Writes the IAM documents of the set-up: for the machine's role, and for the roles that it assumes.",
    load: async () => (await import("./policy.js")).policy,
  },
};

/** Exit codes: what the command says, 1 for an error, 2 for a wrong command line. */
export async function runCli([name, ...args]: readonly string[], io: CliIo): Promise<number> {
  if (name === "--help" || name === "-h") {
    io.stdout.write(usage());
    return 0;
  }
  if (name === "--version") {
    io.stdout.write(`${VERSION}\n`);
    return 0;
  }
  const entry = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!entry) {
    io.stderr.write(name === undefined ? usage() : `${unknownCommand(name)}\n\n${usage()}`);
    return 2;
  }
  const command = await entry.load();
  if (args.includes("--help") || args.includes("-h")) {
    io.stdout.write(command.help);
    return 0;
  }
  try {
    return await command.run(args, io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.stderr.write(`${error.message}\nSee: rolecall ${name} --help\n`);
      return 2;
    }
    if (!isRolecallError(error) && !(error instanceof StoreError)) throw error;
    io.stderr.write(`${error.message}\n`);
    return 1;
  }
}

function unknownCommand(name: string): string {
  const meant = similarName(name, Object.keys(COMMANDS));
  const suggestion = meant === undefined ? "" : ` Did you mean "${meant}"?`;
  return `rolecall has no command ${escapeInvisible(JSON.stringify(name))}.${suggestion}`;
}

function usage(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "Usage: rolecall <command>",
    "",
    "Commands:",
    ...lines,
    "",
    "`rolecall <command> --help` shows the options of a command, with an example. `rolecall --version` shows the version.",
    "",
  ].join("\n");
}
