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

/** The base identity itself. */
export class SourceLink {
  readonly step = "base-identity" as const;
  /** The credentials that the chain begins with. */
  readonly base: BaseIdentity;
  /** The STS endpoint that the chain asks. */
  readonly sts: StsTarget;
  readonly parent = undefined;
  readonly assumption = undefined;
  readonly roleArn = undefined;

  constructor(base: BaseIdentity, sts: StsTarget) {
    this.base = base;
    this.sts = Object.freeze(sts);
    Object.freeze(this);
  }

  /** Identifies its session in this process's caches and events. Other processes use another key for the same session. */
  get key(): string {
    return this.base.key;
  }

  /** Hash of everything that distinguishes sessions: the same in all processes, and never published. */
  get digest(): string {
    return this.base.digest;
  }
}

/** A role that its parent assumes. */
export class RoleLink {
  readonly step: "source-role" | "assume-role";
  readonly parent: Link;
  readonly assumption: Assumption;
  /** See {@link SourceLink.key}. */
  readonly key: string;
  /** See {@link SourceLink.digest}. */
  readonly digest: string;

  constructor(step: RoleLink["step"], parent: Link, assumption: Assumption, given: StsGiven) {
    this.step = step;
    this.parent = parent;
    this.assumption = Object.freeze(assumption);
    this.digest = stableDigest(digestParts(parent, assumption, given));
    this.key = publishedHash(this.digest);
    Object.freeze(this);
  }

  get roleArn(): string {
    return this.assumption.role.arn;
  }

  get base(): BaseIdentity {
    return this.parent.base;
  }

  get sts(): StsTarget {
    return this.parent.sts;
  }
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
