import type { CredentialResolver, CredentialResolverOptions } from "../../src/index.js";
import type { ManualClock } from "../../src/testing/index.js";
import type { Witness } from "./witness.js";

export type StsFault = "500" | "throttling" | "denied" | "hang";

/** How an STS call ends without a session, and the error code that a caller gets. */
export const FAILURES = {
  "500": "STS_UNAVAILABLE",
  throttling: "STS_UNAVAILABLE",
  denied: "ASSUME_ROLE_DENIED",
  "base refused": "BASE_IDENTITY_REJECTED",
  "given up": "TIMEOUT",
} as const;
export type CallFailure = keyof typeof FAILURES;

/** A session from AWS's point of view. */
export interface IssuedSession {
  readonly accessKeyId: string;
  readonly life: number;
  /** By AWS's own clock, which is never stepped. */
  readonly expiration: number;
  /** The `Date` of the response. */
  readonly date: number;
}

/** An AWS that can fail, and a resolver that uses it, on one clock. The witness observes everything that AWS does. */
export interface World {
  readonly clock: ManualClock;
  readonly resolver: CredentialResolver;
  /** AWS's own clock. */
  now(): number;
  /** @param roleArn the role whose calls fail; all fail by default */
  faultSts(fault: StsFault | undefined, roleArn?: string): void;
  /** From now on, STS refuses what this key signs, though it has not expired. */
  revoke(accessKeyId: string): void;
  failProfile(fails: boolean): void;
  /** The error code that a caller gets after a failed read of the instance profile. */
  readonly profileFailure: string;
  /** The machine sleeps: its wall clock and AWS's clock advance, its monotonic clock and its timers stop. */
  sleep(ms: number): void;
  rotateBase(refuseOld: boolean): void;
  /** The machine gets another role, with keys of its own. The keys of the one before stay valid. */
  replaceBase(): void;
  /** The access key id that a read of the instance profile returns now. */
  baseKey(): string;
  /** What is open or running after `resolver.close()`. */
  leftovers(): Promise<string[]>;
  end(): Promise<void>;
}

export type CreateResolver = (options: CredentialResolverOptions) => CredentialResolver;
export type CreateWorld = (witness: Witness, createResolver: CreateResolver, random: () => number) => Promise<World>;
