// Compiled as an ES module, as CommonJS and for a bundler, by several versions of TypeScript; never run.
import { KinesisClient, type KinesisClientConfig } from "@aws-sdk/client-kinesis";
import { STSClient } from "@aws-sdk/client-sts";
import {
  type ClientConfigOf,
  type CommandOverrides,
  type CredentialResolver,
  type CredentialStore,
  createCredentialResolver,
  getClientForCommand,
  type IntegrationInstance,
  isRolecallError,
  type ResolverStats,
  RolecallError,
  type RolecallErrorCode,
  type Runtime,
  type SdkClientConstructor,
  type SessionCredentials,
  setDefaultResolver,
  type VerifiedIdentity,
} from "aws-rolecall";
import { fileStore } from "aws-rolecall/file-store";
import {
  type CommandPermissions,
  commandPolicy,
  formatPolicy,
  identityPolicy,
  type PolicyWarning,
  permissionsTable,
  rolePermissions,
  trustPolicy,
} from "aws-rolecall/policies";
import { redisStore } from "aws-rolecall/redis-store";
import { createManualClock, createMemoryStore, startLocalAws, storeContract } from "aws-rolecall/testing";
import { clientConfigFromParams, commandFromArgs, instanceFromParams } from "aws-rolecall/xsoar";

const instance: IntegrationInstance = {
  roleArn: "arn:aws:iam::123456789012:role/Auditor",
  region: "eu-west-1",
  allowedRoles: ["arn:aws:iam::123456789012:role/*", { roleArn: "arn:aws:iam::*:role/Reader", externalId: "partner" }],
  tags: { team: "blue" },
  network: { proxy: "http://proxy.example.com:3128", connectionTimeout: 5_000, extraCa: "PEM" },
};
const command: CommandOverrides = { roleSessionName: "nightly", roleSessionDuration: "900" };

const kinesis: KinesisClient = getClientForCommand(KinesisClient, instance, command);
const tuned: KinesisClient = getClientForCommand(
  KinesisClient,
  instance,
  { StreamName: "audit" },
  { clientConfig: { maxAttempts: 5 } },
);

/** A consumer's own helper function. */
export function auditorOf<K extends SdkClientConstructor>(Client: K, clientConfig?: ClientConfigOf<K>) {
  const client: InstanceType<K> = getClientForCommand(Client, instance, command, { clientConfig });
  return client;
}
const byHelper: KinesisClient = auditorOf(KinesisClient, { maxAttempts: 5 });

// @ts-expect-error: the region comes from the instance and the command
getClientForCommand(KinesisClient, instance, command, { clientConfig: { region: "eu-west-1" } });
const config: KinesisClientConfig = { credentials: { accessKeyId: "id", secretAccessKey: "key" } };
// @ts-expect-error: nor may a variable bring credentials of its own
getClientForCommand(KinesisClient, instance, command, { clientConfig: config });
// @ts-expect-error: not a client
getClientForCommand(Date, instance);
const params: Record<string, unknown> = { defaultRegion: "eu-west-1", timeout: "60,10", fetch_limit: 50 };
const onXsoar: KinesisClient = getClientForCommand(
  KinesisClient,
  instanceFromParams(params),
  commandFromArgs({ roleArn: "", filters: "Name=tag:team" }),
  { clientConfig: clientConfigFromParams(params) },
);
// @ts-expect-error: the network's settings are known
const unknownSetting: IntegrationInstance = { network: { timeout: 5 } };
// @ts-expect-error: an instance's settings are known
const misspelt: IntegrationInstance = { roleARN: "arn:aws:iam::123456789012:role/Auditor" };

export async function useAResolver(): Promise<SessionCredentials> {
  const resolver: CredentialResolver = createCredentialResolver({ stsClient: new STSClient({ region: "eu-west-1" }) });
  setDefaultResolver(resolver);
  createCredentialResolver({ stsClient: (context) => new STSClient(context) });
  const bound: KinesisClient = resolver.getClientForCommand(KinesisClient, instance);
  const presigner = new KinesisClient({ region: "eu-west-1", credentials: resolver.provider(instance, command) });
  const { account, seconds }: { account: string | undefined; seconds: number } = await verified(resolver);
  const stats: ResolverStats = resolver.stats();
  await resolver.invalidate(instance);
  await resolver.close();
  void [bound, presigner, account, seconds, stats.hits];
  return resolver.resolve(instance, command, { minRemaining: 60_000, signal: AbortSignal.timeout(1_000) });
}

async function verified(resolver: CredentialResolver) {
  const identity: VerifiedIdentity = await resolver.verify(instance);
  return { account: identity.accountId, seconds: identity.base.accountId.length };
}

export function codeOf(error: unknown): RolecallErrorCode | undefined {
  if (error instanceof RolecallError) return error.code;
  return isRolecallError(error) && error.code === "ROLE_NOT_ALLOWED" ? error.code : undefined;
}

export async function useTheTestingTools(): Promise<void> {
  const clock = createManualClock();
  const runtime: Partial<Runtime> = { now: () => 0 };
  const aws = await startLocalAws();
  await aws.close();
  void [clock, runtime, kinesis, tuned, byHelper, misspelt, onXsoar, unknownSetting];
}

declare const nodeRedis: { sendCommand(args: readonly string[], options?: object): Promise<unknown> };
declare const ioredis: { call(command: string, ...args: (string | number)[]): Promise<unknown> };
const stores: CredentialStore[] = [
  fileStore({ directory: "/var/cache/app" }),
  redisStore(nodeRedis, { scope: "fleet", encryptionKeys: ["key"] }),
  redisStore(ioredis, { scope: "fleet", encryptionKeys: ["key"], prefix: "app:" }),
  createMemoryStore(),
];
// @ts-expect-error: Redis requires a scope
redisStore(nodeRedis, { encryptionKeys: ["key"] });
// @ts-expect-error: Redis requires keys
redisStore(ioredis, { scope: "fleet" });
for (const store of stores) {
  createCredentialResolver({ store });
  void storeContract({ open: () => store }).map(({ run }) => run());
}

const principal = "arn:aws:iam::111122223333:role/host";
const warnings: readonly PolicyWarning[] = identityPolicy({ variant: "listed-roles", instance, principal }).warnings;
const hcl: string = formatPolicy(trustPolicy({ principal, roles: ["arn:aws:iam::*:role/Reader"] }), "terraform");
// @ts-expect-error: one of three variants
identityPolicy({ variant: "some-roles" });
const commands = { list: ["ec2:DescribeInstances"], whoami: [] } satisfies CommandPermissions;
const narrow = getClientForCommand(
  KinesisClient,
  instance,
  {},
  { session: { policy: commandPolicy(commands, "list") } },
);
// @ts-expect-error: not one of the commands
commandPolicy(commands, "lst");
void [warnings, hcl, narrow, rolePermissions(commands, { role: principal }), permissionsTable(commands)];
