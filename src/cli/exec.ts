import { createCredentialResolver } from "../credential-resolver.js";
import type { Link } from "../request/chain.js";
import { decideRequest } from "../request/role-request.js";
import { defineCommand, UsageError } from "./command.js";
import { FAILURE_CODE } from "./exec/run-program.js";
import { warnOfUnknownRegions } from "./known-regions.js";
import { KEYS_HELP, REQUEST_OPTIONS, readRequestOptions, readStoreOptions, STORE_OPTIONS } from "./options.js";

export const command = defineCommand(
  {
    about: [
      "Runs a program as the role and in the region that a command would use, with no other AWS identity. <role ARN> is " +
        "the command argument roleArn. Default: the instance's role.",
      "The program gets its credentials from an endpoint on 127.0.0.1 that only it can use, so they stay fresh for as long " +
        "as it runs. Every AWS SDK and tool that supports container credentials works, such as the AWS CLI, boto3 and " +
        "Terraform.",
    ],
    arguments: { name: "<role ARN>", field: "roleArn", max: 1 },
    program: true,
    options: {
      ...REQUEST_OPTIONS,
      "base-identity": {
        help: "Runs the program as the base identity itself. Without this option, exec refuses to run if no role is set.",
        excludes: ["<role ARN>", "role-session-name", "role-session-duration"],
      },
      ...STORE_OPTIONS,
    },
    notes: [
      KEYS_HELP,
      "The program does not see this process's AWS keys, profiles and configuration files, and does not query the " +
        "instance metadata service. It shares this process's input, output and terminal, and receives its signals.",
    ],
    exitCodes: {
      2: "The command line, or a file that it names, is invalid.",
      125: "There are no credentials. The error message says why.",
      126: "The program can't be run.",
      127: "The program was not found.",
      other: "The program's own exit code, or 128 plus the signal number if a signal ended it.",
    },
    failureCode: FAILURE_CODE,
    examples: [
      "npx aws-rolecall exec --config /etc/integration.json -- aws sts get-caller-identity",
      "npx aws-rolecall exec arn:aws:iam::123456789012:role/Inventory --region eu-central-1 -- terraform plan",
    ],
  },
  async ({ values, arguments: [roleArn], program }, io) => {
    const { instance, overrides } = readRequestOptions(values, roleArn, io.stderr);
    const { request, chosen } = decideRequest(instance, overrides, undefined, io.env);
    assertIdentityChosen(request.chain, values["base-identity"] === true);
    warnOfUnknownRegions(chosen, io.stderr);
    // Imported here because it loads the SDK, which --help does not need.
    const { runAs } = await import("./exec/run-as.js");
    const store = readStoreOptions(values, io.env);
    const resolver = createCredentialResolver({ store, runtime: { env: io.env } });
    try {
      return await runAs(resolver, instance, overrides, program, io);
    } finally {
      await resolver.close();
    }
  },
);

/** The base identity may have more permissions than any role, so `exec` never falls back to it. */
function assertIdentityChosen({ assumption }: Link, asBase: boolean): void {
  if (assumption && asBase) {
    throw new UsageError(
      "--base-identity is for an instance without a role, but --config names one. To run the program as that role, remove --base-identity.",
    );
  }
  if (!assumption && !asBase) {
    throw new UsageError(
      "No role is set. Pass <role ARN>, or set roleArn in --config. To run the program as the base identity itself, add --base-identity.",
    );
  }
}
