import { isRolecallError } from "../errors.js";
import { similarName } from "../request/similar-names.js";
import { escapeInvisible } from "../request/validation.js";
import { StoreError } from "../store/credential-store.js";
import { VERSION } from "../version.js";
import { type CliCommand, type CliIo, UsageError } from "./command.js";

interface Entry {
  readonly summary: string;
  /** Loads the command on demand, so that `--help` does not load the SDK. */
  load(): Promise<CliCommand>;
}

const COMMANDS: Record<string, Entry> = {
  demo: {
    summary: "Demonstrates the library against a local AWS simulator: no account, no network.",
    load: async () => (await import("./demo.js")).demo,
  },
  doctor: {
    summary: "Checks the setup of this machine. Shows what is wrong and how to fix it.",
    load: async () => (await import("./doctor.js")).doctor,
  },
  explain: {
    summary: "Shows which identity a command would run as. Makes no network calls.",
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
    summary: "Prints IAM policies for the machine's role and for the roles it assumes.",
    load: async () => (await import("./policy.js")).policy,
  },
};

/** @returns the exit code: the command's own, 1 for an error, or 2 for an invalid command line */
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
  return `Unknown command ${escapeInvisible(JSON.stringify(name))}.${suggestion}`;
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
    "Run `rolecall <command> --help` for the options and an example, or `rolecall --version` for the version.",
    "",
  ].join("\n");
}
