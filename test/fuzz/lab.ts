import { subscribe } from "node:diagnostics_channel";
import { mkdirSync } from "node:fs";
import { devNull } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import { type CredentialResolver, createCredentialResolver, type Runtime } from "../../src/index.js";
import { systemRuntime } from "../../src/runtime.js";
import { createMemoryStore, type LocalAws, startLocalAws } from "../../src/testing/index.js";
import { CHINESE_ROLE, EVIL_ROLE, EXTERNAL_ID, GUARDED_ROLE, HUB_ROLE, ROLE } from "./cast.js";
import { guardNetwork } from "./network-guard.js";

const EVENTS = [
  "hit",
  "miss",
  "joined",
  "refreshed",
  "refresh-failed",
  "denied",
  "invalidated",
  "evicted",
  "store-error",
  "duration-clamped",
];
/** A ten-second deadline ends after one second. */
const HASTE = 10;

const hasty: Partial<Runtime> = {
  monotonic: () => performance.now() * HASTE,
  sleep: (ms, signal) => systemRuntime.sleep(ms / HASTE, signal),
  schedule: (ms, task) => systemRuntime.schedule(ms / HASTE, task),
};

/** The environment of a fuzzed call: an AWS on loopback, and the objects that recipes of kind `lab` name. */
export interface Lab {
  readonly aws: LocalAws;
  /** A private temporary directory. */
  readonly folder: string;
  /** What the library has published since {@link Lab.clear}. */
  readonly events: readonly unknown[];
  things(name: string): unknown;
  /** A resolver with a tenth of the usual timeouts, which is closed after the call. */
  resolver(options?: object): CredentialResolver;
  /** The same with only the given options. */
  resolverAsGiven(options: unknown): CredentialResolver;
  /** Closes everything that the last call opened. */
  clear(): Promise<void>;
}

export async function openLab(): Promise<Lab> {
  guardNetwork();
  const folder = fileURLToPath(new URL(`home-${process.pid}`, import.meta.url)); // removed together with the build
  mkdirSync(folder, { mode: 0o700 });
  const aws = await startLocalAws({
    region: "eu-central-1",
    roles: [
      { roleArn: ROLE, maxSessionDuration: 43_200, trustedPrincipals: ["*"] },
      { roleArn: GUARDED_ROLE, externalId: EXTERNAL_ID, trustedPrincipals: ["*"] },
      { roleArn: EVIL_ROLE, trustedPrincipals: ["*"] },
      { roleArn: CHINESE_ROLE, trustedPrincipals: ["*"] },
      { roleArn: HUB_ROLE, trustedPrincipals: ["*"], allowAssumeRole: ["*"] },
    ],
  });
  isolateEnvironment(aws.env, folder);
  const keys = aws.issueUserKeys({ userArn: "arn:aws:iam::123456789012:user/machine" });
  const events: unknown[] = [];
  for (const event of EVENTS) subscribe(`aws-rolecall:${event}`, (payload) => events.push({ event, payload }));
  let resolvers: CredentialResolver[] = [];

  const resolverAsGiven = (options: unknown) => {
    const made = createCredentialResolver(options as object);
    resolvers.push(made);
    return made;
  };
  const resolver = (options: object = {}) => resolverAsGiven({ runtime: hasty, ...options });
  const things: Readonly<Record<string, () => unknown>> = {
    "user keys": () => ({ ...keys }),
    endpoint: () => aws.endpoint,
    folder: () => join(folder, "sessions"),
    EC2Client: () => EC2Client,
    DynamoDBClient: () => DynamoDBClient,
    resolver: () => resolver(),
    "closed resolver": () => {
      const made = resolver();
      made.close().catch(() => {});
      return made;
    },
    "memory store": () => createMemoryStore(),
    "hasty runtime": () => hasty,
  };

  return {
    aws,
    folder,
    events,
    things(name) {
      const make = things[name];
      if (!make) throw new Error(`The lab has no ${name}`);
      return make();
    },
    resolver,
    resolverAsGiven,
    async clear() {
      await Promise.all(resolvers.map((made) => made.close()));
      resolvers = [];
      aws.clearRequests();
      events.length = 0;
    },
  };
}

function isolateEnvironment(localAws: Readonly<Record<string, string>>, home: string): void {
  for (const name of Object.keys(process.env)) {
    if (/^AWS_|proxy$/i.test(name)) delete process.env[name];
  }
  Object.assign(process.env, localAws, {
    AWS_REGION: "eu-central-1",
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    HOME: home,
    XDG_CACHE_HOME: home,
  });
}
