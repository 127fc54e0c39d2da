import { createCredentialResolver } from "../credential-resolver.js";
import { explainRoleRequest } from "../request/explain-request.js";
import type { SessionCredentials } from "../session/session-credentials.js";
import { type CliCommand, parseCommandLine, UsageError } from "./command.js";
import { REQUEST_OPTIONS, REQUEST_OPTIONS_HELP, readRequestOptions } from "./request-options.js";
import { KEYS_HELP, openFileStore } from "./store-options.js";

const STORES = ["file", "none"];

/** Milliseconds. The AWS CLI and boto3 ask again 15 minutes before the end: with less they would ask at every call. */
const MIN_REMAINING = 15 * 60_000;
/** Milliseconds to wait for a session with more left, where there is a valid one. */
const TIME_FOR_MORE = 2000;
/** Milliseconds that the process lives on, at most, after its output. */
const TIME_TO_STORE = 1000;

export const credentialProcess: CliCommand = {
  help: `Usage: rolecall credential-process [--role-arn <arn>] [options]

Prints credentials for the AWS CLI, boto3, Terraform and every SDK that knows credential_process. The processes of one
user share a session through the file store, with each other and with Node.js processes that use it.

  --role-arn <arn>                    As a command's argument roleArn. Default: the instance's role.
${REQUEST_OPTIONS_HELP}
  --store <file|none>                 Where sessions are shared. Default: file.
  --directory <path>                  The file store's directory. Default: the user's own.
  --print-secrets-to-terminal         Without it a terminal is refused as the output.

${KEYS_HELP}

A session has at least 15 minutes left, or half of its duration if that is less; while AWS gives no new one, the stored
one is printed to its end. Exit code 1: no credentials, the reason is on stderr, and nothing on stdout.

Example: npx aws-rolecall credential-process --config instance.json --role-arn arn:aws:iam::123456789012:role/Inventory

In ~/.aws/config:
  [profile inventory]
  credential_process = rolecall credential-process --config /etc/integration.json
`,
  async run(args, { stdout, stderr, env }) {
    const { values } = parseCommandLine({
      args: [...args],
      options: {
        ...REQUEST_OPTIONS,
        "role-arn": { type: "string" },
        store: { type: "string", default: "file" },
        directory: { type: "string" },
        "print-secrets-to-terminal": { type: "boolean" },
      },
    });
    if (!STORES.includes(values.store)) throw new UsageError("--store takes file or none.");
    if (stdout.isTTY && !values["print-secrets-to-terminal"]) {
      throw new UsageError(
        "rolecall credential-process prints secrets, and its output is a terminal. Let an SDK run it, or add --print-secrets-to-terminal.",
      );
    }
    const { instance, command } = readRequestOptions(values, values["role-arn"], stderr);
    const { request } = explainRoleRequest(instance, command, env);
    const store = values.store === "file" ? openFileStore(values.directory, env) : undefined;
    const resolver = createCredentialResolver({ store, runtime: { env } });
    const minRemaining = request.assumption ? chooseMinRemaining(request.assumption.durationSeconds) : 0;
    const held = await resolver.resolve(instance, command);
    // While AWS fails, a session with less left is better than none.
    const signal = AbortSignal.timeout(TIME_FOR_MORE);
    const session = await resolver.resolve(instance, command, { minRemaining, signal }).catch(() => held);
    stdout.write(`${toProcessOutput(session)}\n`);
    // A refresh that was set off is stored before the process ends, if it can be had soon: the caller waits for the end.
    setTimeout(() => void resolver.close(), TIME_TO_STORE).unref();
    return 0;
  },
};

function chooseMinRemaining(durationSeconds: number): number {
  return Math.min(MIN_REMAINING, (durationSeconds * 1000) / 2);
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html */
function toProcessOutput({ accessKeyId, secretAccessKey, sessionToken, expiration }: SessionCredentials): string {
  return JSON.stringify({
    Version: 1,
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: expiration?.toISOString(),
  });
}
