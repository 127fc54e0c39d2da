import type { BaseIdentity } from "./base-identity.js";
import { publishedHash, stableDigest } from "./canonical.js";
import type { Network } from "./network-settings.js";
import type { SessionLimits } from "./precedence.js";
import type { RoleArn } from "./role-arn.js";
import type { ParsedStsSettings } from "./sts-settings.js";

/**
 * One identity of a chain, and by `parent` the identities that it comes from: the source, perhaps a source role, the role.
 * Each has its own session. Immutable, and contains no secret.
 */
export type Link = SourceLink | RoleLink;

interface AnyLink {
  /** Identifies its session in this process's caches and events. Other processes use another key for the same session. */
  readonly key: string;
  /** Hash of everything that distinguishes sessions: the same in all processes, and never published. */
  readonly digest: string;
  /** The credentials that the chain begins with. */
  readonly base: BaseIdentity;
  /** The STS endpoint that the chain asks. */
  readonly sts: StsTarget;
}

/** The base identity itself. */
export interface SourceLink extends AnyLink {
  readonly step: "base-identity";
  readonly parent: undefined;
  readonly assumption: undefined;
}

/** A role that its parent assumes. */
export interface RoleLink extends AnyLink {
  readonly step: "source-role" | "assume-role";
  readonly parent: Link;
  readonly assumption: Assumption;
}

/** One AssumeRole call. */
export interface Assumption extends SessionLimits {
  readonly role: RoleArn;
  /** `undefined` for a generated name, which is not part of the key. */
  readonly roleSessionName: string | undefined;
  /** Seconds. */
  readonly durationSeconds: number;
  readonly externalId: string | undefined;
}

/** The STS endpoint of a chain, and how to reach it. */
export interface StsTarget extends ParsedStsSettings {
  /** The partition that the region must be in, or `undefined` without a role. */
  readonly partition: string | undefined;
  readonly network: Network | undefined;
  /** See {@link Network.trust}. */
  readonly trust: string | undefined;
  /** Whether STS may be called over plain http on another machine. */
  readonly plainHttp: true | undefined;
}

export function sourceLink(base: BaseIdentity, sts: StsTarget): SourceLink {
  const { key, digest } = base;
  Object.freeze(sts);
  return Object.freeze({ step: "base-identity", key, digest, base, sts, parent: undefined, assumption: undefined });
}

export function roleLink(step: RoleLink["step"], parent: Link, assumption: Assumption, given: StsGiven): RoleLink {
  const { base, sts } = parent;
  const digest = stableDigest(digestParts(parent, assumption, given));
  const key = publishedHash(digest);
  return Object.freeze({ step, key, digest, base, sts, parent, assumption: Object.freeze(assumption) });
}

/** What the instance says about STS. A region that is derived from something else is not part of the digest. */
export interface StsGiven {
  readonly sts: ParsedStsSettings;
  readonly trust: string | undefined;
  readonly plainHttp: true | undefined;
}

/**
 * What distinguishes a role's session. A session that an impostor of STS may have issued must not serve an instance that
 * verifies certificates. Contains the external id, so never show it as a whole.
 */
export function digestParts(parent: Link, { role, ...assumption }: Assumption, given: StsGiven) {
  return { parent: parent.digest, roleArn: role.arn, ...assumption, ...given };
}

/** All identities of a chain, the source first. */
export function linksOf(chain: Link): readonly Link[] {
  return chain.parent ? [...linksOf(chain.parent), chain] : [chain];
}
