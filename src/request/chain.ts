import type { BaseIdentity } from "./base-identity.js";
import { publishedHash, stableDigest } from "./canonical.js";
import type { Network } from "./network-settings.js";
import type { SessionLimits } from "./precedence.js";
import type { RoleArn } from "./role-arn.js";
import type { ParsedStsSettings } from "./sts-settings.js";

/**
 * One identity in a role chain. `parent` is the identity that assumes it. A chain starts with the base identity,
 * followed by the source role and the role, if there are any. Each has its own session. Immutable; contains no secret.
 */
export type Link = SourceLink | RoleLink;

/** The base identity itself. */
export class SourceLink {
  readonly step = "base-identity" as const;
  /** The credentials that the chain starts with. */
  readonly base: BaseIdentity;
  /** The STS endpoint that the chain calls. */
  readonly sts: StsTarget;
  readonly parent = undefined;
  readonly assumption = undefined;
  readonly roleArn = undefined;

  constructor(base: BaseIdentity, sts: StsTarget) {
    this.base = base;
    this.sts = Object.freeze(sts);
    Object.freeze(this);
  }

  /** Identifies its session in this process's caches and events. Other processes use different keys. */
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

/** The instance's STS settings. A region that is derived from another setting is not part of the digest. */
export interface StsGiven {
  readonly sts: ParsedStsSettings;
  readonly trust: string | undefined;
  readonly plainHttp: true | undefined;
}

/**
 * What distinguishes a role's session. Sessions fetched without TLS verification must not serve an instance that
 * verifies certificates. Contains the external id: never show the whole object.
 */
export function digestParts(parent: Link, { role, ...assumption }: Assumption, given: StsGiven) {
  return { parent: parent.digest, roleArn: role.arn, ...assumption, ...given };
}

/** All identities in a chain, starting with the base identity. */
export function linksOf(chain: Link): readonly Link[] {
  return chain.parent ? [...linksOf(chain.parent), chain] : [chain];
}
