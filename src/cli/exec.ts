import { createCredentialResolver } from "../credential-resolver.js";
import { isRolecallError } from "../errors.js";
import type { CommandSettings } from "../request/command-overrides.js";
import type { IntegrationInstance } from "../request/integration-instance.js";
import { createRoleRequest } from "../request/role-request.js";
import { conflict, escapeInvisible } from "../request/validation.js";
import type { CredentialResolver } from "../resolver-types.js";
import { STSClient } from "../sdk/sts.js";
import type { SessionCredentials } from "../session/session-credentials.js";
import { type CliIo, defineCommand, UsageError } from "./command.js";
import { toChildEnvironment } from "./exec/child-environment.js";
import { startCredentialEndpoint } from "./exec/credential-endpoint.js";
import { REQUEST_OPTIONS, readRequestOptions, readStoreOptions, STORE_OPTIONS } from "./options.js";

/** As `env` and `timeout` do, so that a script can tell it from an exit code of the program. */
const FAILURE_CODE = 125;

export const command = defineCommand(
  {
    about: [
      "Runs a program that acts as a command would: as the role, in the region, and with no other AWS identity. <role ARN> " +
        "is the command argument roleArn. Default: the instance's role.",
      "The program gets its credentials from an endpoint on 127.0.0.1 that only it can use, so they stay fresh for as long " +
        "as it runs. Every AWS SDK and tool that supports container credentials works: the AWS CLI, boto3, Terraform.",
    ],
    arguments: { name: "<role ARN>", max: 1 },
    program: true,
    options: {
      ...REQUEST_OPTIONS,
      "base-identity": {
        help: "Acts as the base identity itself, which is refused by default if nothing names a role.",
        excludes: ["<role ARN>", "role-session-name", "role-session-duration"],
      },
      ...STORE_OPTIONS,
    },
    notes: [
      "The program does not see the keys, profiles and configuration files of AWS that this process has, and does not ask " +
        "the instance metadata service. Its input, output and terminal are those of this process, and signals reach it.",
    ],
    exitCodes: {
      2: "The command line, or a file that it names, is invalid.",
      125: "There are no credentials, for the reason shown.",
      126: "The program can't be run.",
      127: "The program was not found.",
      other: "The program's own exit code; 128 plus the number of the signal, if one ended it.",
    },
    failureCode: FAILURE_CODE,
    examples: [
      "npx aws-rolecall exec --config /etc/integration.json -- aws sts get-caller-identity",
      "npx aws-rolecall exec arn:aws:iam::123456789012:role/Inventory --region eu-central-1 -- terraform plan",
    ],
  },
  async ({ values, arguments: [roleArn], program }, io) => {
    const { instance, overrides } = readRequestOptions(values, roleArn, io.stderr);
    assertIdentityChosen(instance, overrides, values["base-identity"] === true, io.env);
    const store = readStoreOptions(values, io.env);
    const resolver = createCredentialResolver({ store, runtime: { env: io.env } });
    try {
      return await runAs(resolver, instance, overrides, program, io);
    } finally {
      await resolver.close();
    }
  },
);

/** The base identity may do more than any role, so it is never what a missing setting leads to. */
function assertIdentityChosen(
  instance: IntegrationInstance,
  overrides: CommandSettings,
  asBase: boolean,
  env: CliIo["env"],
) {
  const { assumption } = createRoleRequest(instance, overrides, undefined, env).chain;
  if (assumption && asBase) {
    throw new UsageError("--base-identity is for an instance without a role, but --config names one.");
  }
  if (!assumption && !asBase) {
    throw new UsageError(
      "Nothing names a role. Name it as <role ARN> or in --config; to run the program as the base identity itself, add --base-identity.",
    );
  }
}

/**
 * Runs the program with the identity of these settings. Returns its exit code.
 * @throws RolecallError if there are no credentials, before the program starts
 */
export async function runAs(
  resolver: CredentialResolver,
  instance: IntegrationInstance,
  overrides: CommandSettings,
  program: readonly string[],
  io: Pick<CliIo, "stderr" | "env" | "runProgram">,
  now: () => number = Date.now,
): Promise<number> {
  const client = resolver.getClientForCommand(STSClient, instance, overrides);
  const provide = resolver.provider(instance, overrides);
  const [region, session] = await Promise.all([readRegion(client), provide()]);
  assertTemporary(session);
  const endpoint = await startCredentialEndpoint(provide, { now }).catch((error: NodeJS.ErrnoException) => {
    io.stderr.write(`Can't serve credentials on 127.0.0.1: ${error.code}.\n`);
  });
  if (!endpoint) return FAILURE_CODE;
  try {
    const end = await io.runProgram(program, toChildEnvironment(io.env, { ...endpoint, region }));
    if (end.kind === "not-started") {
      io.stderr.write(`Can't run ${escapeInvisible(JSON.stringify(program[0]))}: ${end.reason}.\n`);
    }
    return end.exitCode;
  } finally {
    await endpoint.close();
  }
}

/** On a machine without a region, the program may still name one for each of its calls. */
async function readRegion(client: STSClient): Promise<string | undefined> {
  try {
    return await client.config.region();
  } catch (error) {
    if (isRolecallError(error) && error.code === "IMDS_UNREACHABLE") return undefined;
    throw error;
  }
}

/** SDKs accept no others from an endpoint. */
function assertTemporary({ sessionToken, expiration }: SessionCredentials): void {
  if (sessionToken !== undefined && expiration !== undefined) return;
  throw conflict(
    "instance.credentials",
    "gives keys that do not expire, which a program can't get from an endpoint",
    "Name a role, or pass the keys to the program yourself.",
  );
}
