import { onTestFinished, vi } from "vitest";
import { type CredentialResolver, type CredentialResolverOptions, createCredentialResolver } from "../../src/index.js";
import {
  createManualClock,
  type LocalAws,
  type LocalAwsOptions,
  type ManualClock,
  startLocalAws,
} from "../../src/testing/index.js";

export const ACCOUNT = "123456789012";
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/integrations/Inventory`;
export const OTHER_ROLE = `arn:aws:iam::444455556666:role/Audit`;

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export interface LocalSetup {
  aws: LocalAws;
  clock: ManualClock;
  resolver: CredentialResolver;
}

/**
 * A local AWS that the process's environment points to, and a resolver, both on one manual clock. `awsClock` is AWS's
 * own time, if it differs from the machine's.
 */
export async function setUpLocal(
  options: LocalAwsOptions & {
    resolver?: CredentialResolverOptions;
    clock?: ManualClock;
    awsClock?: LocalAwsOptions["clock"];
  } = {},
): Promise<LocalSetup> {
  const { resolver: resolverOptions, clock = createManualClock({ now: Date.now() }), ...others } = options;
  const { awsClock = clock, ...awsOptions } = others;
  const aws = await startLocalAws({
    clock: awsClock,
    roles: [{ roleArn: ROLE }, { roleArn: OTHER_ROLE }],
    ...awsOptions,
  });
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  const resolver = createCredentialResolver({ runtime: clock, ...resolverOptions });
  onTestFinished(async () => {
    await resolver.close();
    await aws.close();
  });
  return { aws, clock, resolver };
}

export function assumeRoleCalls(aws: LocalAws): number {
  return aws.count({ target: "sts", operation: "AssumeRole" });
}
