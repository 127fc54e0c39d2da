import type { CredentialResolver, CredentialResolverOptions } from "../../src/index.js";
import type { ManualClock } from "../../src/testing/index.js";
import type { Witness } from "./witness.js";

export type StsFault = "500" | "throttling" | "denied" | "hang";

/** How a call to STS ends that brings no session, and the code by which a caller learns of it. */
export const FAILURES = {
  "500": "STS_UNAVAILABLE",
  throttling: "STS_UNAVAILABLE",
  denied: "ASSUME_ROLE_DENIED",
  "base refused": "BASE_IDENTITY_REJECTED",
  "given up": "TIMEOUT",
} as const;
export type CallFailure = keyof typeof FAILURES;

/** A session as AWS knows it. */
export interface IssuedSession {
  readonly accessKeyId: string;
  readonly life: number;
  /** By AWS's own clock, which nothing steps. */
  readonly expiration: number;
  /** The `Date` of the answer. */
  readonly date: number;
}

/** An AWS that can go wrong, and a resolver that uses it, on one clock. All that AWS does it tells the witness. */
export interface World {
  readonly clock: ManualClock;
  readonly resolver: CredentialResolver;
  /** AWS's own clock. */
  now(): number;
  faultSts(fault: StsFault | undefined): void;
  failProfile(fails: boolean): void;
  /** The code by which a caller learns of a failed read of the instance profile. */
  readonly profileFailure: string;
  /** The machine sleeps: its wall clock and AWS's go on, its monotonic clock and its timers stand still. */
  sleep(ms: number): void;
  rotateBase(refuseOld: boolean): void;
  /** The access key id that a read of the instance profile gives now. */
  baseKey(): string;
  /** What is open or under way after `resolver.close()`. */
  leftovers(): Promise<string[]>;
  end(): Promise<void>;
}

export type CreateResolver = (options: CredentialResolverOptions) => CredentialResolver;
export type CreateWorld = (witness: Witness, createResolver: CreateResolver, random: () => number) => Promise<World>;
