import { createCredentialResolver } from "../credential-resolver.js";
import { createRoleRequest } from "../request/role-request.js";
import type { SessionCredentials } from "../session/session-credentials.js";
import { defineCommand, UsageError } from "./command.js";
import { KEYS_HELP, REQUEST_OPTIONS, readRequestOptions, readStoreOptions, STORE_OPTIONS } from "./options.js";

/** Milliseconds. With less, the AWS CLI and boto3 would refresh on every call. */
const MIN_REMAINING = 15 * 60_000;
/** Milliseconds to wait for a fresher session when a valid one is available. */
const TIME_FOR_MORE = 2000;
/** Milliseconds that the process may stay alive after printing, to store a refreshed session. */
const TIME_TO_STORE = 1000;

export const command = defineCommand(
  {
    about: [
      "Prints credentials for the AWS CLI, boto3, Terraform and any SDK that supports credential_process. Processes of " +
        "the same user share sessions through the file store, including Node.js processes that use fileStore().",
    ],
    options: {
      "role-arn": { value: "<arn>", help: "Same as the command argument roleArn. Default: the instance's role." },
      ...REQUEST_OPTIONS,
      ...STORE_OPTIONS,
      "print-secrets-to-terminal": { help: "Allows output to a terminal, which is refused by default." },
    },
    notes: [
      KEYS_HELP,
      "The printed session is valid for at least 15 minutes, or for half of its duration if that is less. If AWS " +
        "does not issue a new session, the command prints the stored one until it expires.",
      "To use it, add a line to a profile in ~/.aws/config: credential_process = rolecall credential-process --config " +
        "/etc/integration.json",
    ],
    exitCodes: {
      0: "The credentials are on stdout.",
      1: "There are no credentials. The error message on stderr says why. Stdout is empty.",
      2: "The command line, or a file that it names, is invalid.",
    },
    examples: [
      "npx aws-rolecall credential-process --config instance.json --role-arn arn:aws:iam::123456789012:role/Inventory",
    ],
  },
  async ({ values }, { stdout, stderr, env }) => {
    if (stdout.isTTY && !values["print-secrets-to-terminal"]) {
      throw new UsageError(
        "rolecall credential-process prints secrets, and its output is a terminal. Run it from an SDK, or add --print-secrets-to-terminal.",
      );
    }
    const { instance, overrides } = readRequestOptions(values, values["role-arn"], stderr);
    const { assumption } = createRoleRequest(instance, overrides, undefined, env).chain;
    const store = readStoreOptions(values, env);
    const resolver = createCredentialResolver({ store, runtime: { env } });
    const minRemaining = assumption ? Math.min(MIN_REMAINING, (assumption.durationSeconds * 1000) / 2) : 0;
    const held = await resolver.resolve(instance, overrides);
    // While AWS is failing, a session with less time left is better than none.
    const signal = AbortSignal.timeout(TIME_FOR_MORE);
    const session = await resolver.resolve(instance, overrides, { minRemaining, signal }).catch(() => held);
    stdout.write(`${toProcessOutput(session)}\n`);
    // Gives a background refresh a moment to reach the store. Must be short, because the caller waits for this process.
    setTimeout(() => void resolver.close(), TIME_TO_STORE).unref();
    return 0;
  },
);

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
