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
      "Runs a program that acts as a command would: as the role, in the region, and with no other AWS identity. <role ARN> " +
        "is the command argument roleArn. Default: the instance's role.",
      "The program gets its credentials from an endpoint on 127.0.0.1 that only it can use, so they stay fresh for as long " +
        "as it runs. Every AWS SDK and tool that supports container credentials works: the AWS CLI, boto3, Terraform.",
    ],
    arguments: { name: "<role ARN>", field: "roleArn", max: 1 },
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
      KEYS_HELP,
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

/** The base identity may do more than any role, so it is never what a missing setting leads to. */
function assertIdentityChosen({ assumption }: Link, asBase: boolean): void {
  if (assumption && asBase) {
    throw new UsageError(
      "--base-identity is for an instance without a role, but --config names one. To run the program as that role, remove --base-identity.",
    );
  }
  if (!assumption && !asBase) {
    throw new UsageError(
      "Nothing names a role. Name it as <role ARN> or in --config; to run the program as the base identity itself, add --base-identity.",
    );
  }
}
