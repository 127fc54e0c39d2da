import { isRolecallError } from "../../errors.js";
import type { CommandSettings } from "../../request/command-overrides.js";
import type { IntegrationInstance } from "../../request/integration-instance.js";
import { conflict, escapeInvisible } from "../../request/validation.js";
import type { CredentialResolver } from "../../resolver-types.js";
import { STSClient } from "../../sdk/sts.js";
import type { SessionCredentials } from "../../session/session-credentials.js";
import type { CliIo } from "../command.js";
import { toChildEnvironment } from "./child-environment.js";
import { startCredentialEndpoint } from "./credential-endpoint.js";
import { FAILURE_CODE } from "./run-program.js";

/**
 * Runs the program with the identity that these settings choose. Returns its exit code.
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

/** `undefined` if the machine has no region: the program can still set one for each of its calls. */
async function readRegion(client: STSClient): Promise<string | undefined> {
  try {
    return await client.config.region();
  } catch (error) {
    if (isRolecallError(error) && error.code === "IMDS_UNREACHABLE") return undefined;
    throw error;
  }
}

/** SDKs accept only temporary credentials from an endpoint. */
function assertTemporary({ sessionToken, expiration }: SessionCredentials): void {
  if (sessionToken !== undefined && expiration !== undefined) return;
  throw conflict(
    "instance.credentials",
    "provides keys that do not expire, but SDKs accept only temporary credentials from an endpoint",
    "Set a role, or pass the keys to the program yourself.",
  );
}
