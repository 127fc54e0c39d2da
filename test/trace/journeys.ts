import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import * as library from "aws-rolecall";
import { fileStore } from "aws-rolecall/file-store";
import { createManualClock, type LocalAws, startLocalAws } from "aws-rolecall/testing";
import { type Run, trace } from "./call-trace.js";

const { createCredentialResolver, getClientForCommand, isRolecallError, setDefaultResolver } = library;

const ROLE = "arn:aws:iam::123456789012:role/Inventory";
const instance = { roleArn: ROLE, region: "eu-central-1", allowedRoles: [ROLE] };

export interface Journey {
  readonly name: string;
  readonly root: Run;
}

/**
 * A command creates the client and sends one request. A first command and the file store's command also create their
 * resolver.
 */
export async function traceJourneys(): Promise<Journey[]> {
  return [
    ...(await withAws(firstCredentials)),
    ...(await withAws(firstAndWarmCommand)),
    ...(await withAws(refusals)),
    ...(await expiredSession()),
    ...(await withAws(endedSession)),
    ...(await withAws(sessionFromFileStore)),
  ];
}

async function command(overrides = {}, settings = instance): Promise<void> {
  const ec2 = getClientForCommand(EC2Client, settings, overrides);
  await ec2.send(new DescribeInstancesCommand({}));
}

/** From `getClientForCommand` to STS and back, without creating the resolver and without the service's own call. */
async function firstCredentials(): Promise<Journey[]> {
  setDefaultResolver(createCredentialResolver());
  const root = await trace(async () => {
    await getClientForCommand(EC2Client, instance).config.credentials();
  });
  return [{ name: "first credentials", root }];
}

async function firstAndWarmCommand(): Promise<Journey[]> {
  const journeys = [
    { name: "first command", root: await trace(() => command()) },
    { name: "warm command", root: await trace(() => command()) },
  ];
  if (!("defineInstance" in library)) return journeys; // an older ref
  const defined = library.defineInstance(instance);
  await command({}, defined);
  return [...journeys, { name: "warm, defined instance", root: await trace(() => command({}, defined)) }];
}

async function refusals(aws: LocalAws): Promise<Journey[]> {
  const other = "arn:aws:iam::123456789012:role/Admin";
  const byList = await trace(() => refused("ROLE_NOT_ALLOWED", { roleArn: other }));
  aws.removeRole(ROLE);
  setDefaultResolver(undefined);
  const bySts = await trace(() => refused("ASSUME_ROLE_DENIED"));
  return [
    { name: "refused by allowedRoles", root: byList },
    { name: "refused by STS", root: bySts },
  ];
}

async function refused(code: string, overrides = {}): Promise<void> {
  const error = await command(overrides).catch((error: unknown) => error);
  assert(isRolecallError(error) && error.code === code, `expected ${code}, got ${error}`);
}

/** The session ends while the process is suspended, so there is no refresh before. */
async function expiredSession(): Promise<Journey[]> {
  const clock = createManualClock();
  return await withAws(
    async (aws) => {
      await using resolver = createCredentialResolver({ runtime: { ...clock, env: aws.env } });
      setDefaultResolver(resolver);
      await command();
      clock.freeze(2 * 3_600_000);
      return [{ name: "expired session", root: await trace(() => command()) }];
    },
    { clock },
  );
}

/** AWS ends the session early: the service responds with `ExpiredToken`. */
async function endedSession(aws: LocalAws): Promise<Journey[]> {
  const ec2 = getClientForCommand(EC2Client, instance);
  aws.expireSession((await ec2.config.credentials()).accessKeyId);
  return [{ name: "session that AWS ended", root: await trace(() => command()) }];
}

/** The session was stored by another resolver, as by another process. */
async function sessionFromFileStore(aws: LocalAws): Promise<Journey[]> {
  const directory = await mkdtemp(join(tmpdir(), "rolecall-trace-"));
  const useNewStore = () => setDefaultResolver(createCredentialResolver({ store: fileStore({ directory }) }));
  try {
    useNewStore();
    await command();
    aws.clearRequests();
    const root = await trace(async () => {
      useNewStore();
      await command();
    });
    assert.equal(aws.count({ operation: "AssumeRole" }), 0);
    return [{ name: "session from the file store", root }];
  } finally {
    await rm(directory, { recursive: true });
  }
}

type AwsOptions = Parameters<typeof startLocalAws>[0];

async function withAws(run: (aws: LocalAws) => Promise<Journey[]>, options?: AwsOptions): Promise<Journey[]> {
  await using aws = await startLocalAws({ processEnv: true, roles: [{ roleArn: ROLE }], ...options });
  try {
    return await run(aws);
  } finally {
    setDefaultResolver(undefined);
  }
}
