import { isRolecallError } from "../errors.js";
import { similarName } from "../request/similar-names.js";
import { escapeInvisible } from "../request/validation.js";
import { StoreError } from "../store/credential-store.js";
import { VERSION } from "../version.js";
import { type CliCommand, type CliIo, UsageError } from "./command.js";

const USAGE = `Usage: rolecall <command>

Commands:
  demo                Demonstrates the library against a local AWS simulator: no account, no network.
  doctor              Checks the setup of this machine. Shows what is wrong and how to fix it.
  explain             Shows which identity a command would run as. Makes no network calls.
  accounts            Lists the accounts of a run over many accounts. Tries to assume the role of each.
  credential-process  Prints credentials for the AWS CLI, boto3 and Terraform.
  cache               Lists or deletes the sessions in the file store.
  policy              Prints IAM policies for the machine's role and for the roles it assumes.

Run \`rolecall <command> --help\` for the options and an example, or \`rolecall --version\` for the version.
`;

/** Loaded on demand, so that `--help` does not load the SDK. */
const COMMANDS: Record<string, () => Promise<{ readonly command: CliCommand }>> = {
  demo: () => import("./demo.js"),
  doctor: () => import("./doctor.js"),
  explain: () => import("./explain.js"),
  accounts: () => import("./accounts.js"),
  "credential-process": () => import("./credential-process.js"),
  cache: () => import("./cache.js"),
  policy: () => import("./policy.js"),
};

/** @returns the exit code: the command's own, 1 for an error, or 2 for an invalid command line */
export async function runCli([name, ...args]: readonly string[], io: CliIo): Promise<number> {
  if (name === "--help" || name === "-h") {
    io.stdout.write(USAGE);
    return 0;
  }
  if (name === "--version") {
    io.stdout.write(`${VERSION}\n`);
    return 0;
  }
  const load = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!load) {
    io.stderr.write(name === undefined ? USAGE : `${unknownCommand(name)}\n\n${USAGE}`);
    return 2;
  }
  const { command } = await load();
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
