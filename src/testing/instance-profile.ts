import { ec2ServicePrincipal } from "../policies/partition.js";
import { type IamPolicy, readTrustPolicy, type Statement } from "./iam-policy.js";
import { reachesService } from "./iam-principal.js";
import type { IssuedKeys, IssuedSessions } from "./issued-sessions.js";
import { readPermissions } from "./local-role.js";
import { shown } from "./read-options.js";
import { type RequestContext, serviceContext } from "./request-context.js";
import { assertRoleArn, roleSessionIdentity } from "./role-identity.js";

/** The role attached to the machine. */
export interface InstanceProfile {
  /** `arn:<partition>:iam::<12 digits>:role/<path/name>`. */
  roleArn: string;
  /** The role's own policy, as a document. Replaces `allowAssumeRole`. */
  policy?: IamPolicy;
  /**
   * The role's trust policy, as a document. If it does not let EC2 assume the role, IMDS returns the code
   * AssumeRoleUnauthorizedAccess instead of credentials. Default: EC2 may assume the role.
   */
  trustPolicy?: IamPolicy;
  /** The `Resource` list of the role's `sts:AssumeRole` permission, with IAM's `*` and `?`. Default `["*"]`. */
  allowAssumeRole?: readonly string[];
  /** The lifetime of a credential set, in milliseconds. Default: 6 hours, as on EC2. */
  credentialLifetime?: number;
}

/** The current credential set, without its secrets. */
export interface InstanceCredentials {
  accessKeyId: string;
  roleArn: string;
  /** Epoch ms. */
  expiration: number;
}

/**
 * Controls the instance profile while the local AWS runs.
 *
 * IMDS serves a credential set until one hour before it expires, or until half of its lifetime has passed if the
 * lifetime is less than two hours. Then it serves a new set. Old sets stay valid until they expire.
 */
export interface LocalInstanceProfile {
  /** Attaches a role in place of the current one, with a new credential set. */
  attach(profile: InstanceProfile): void;
  /** Detaches the role: IMDS responds with 404. Credential sets that were served stay valid. */
  detach(): void;
  /** Makes the next read return a new set. The old one stays valid until it expires; see `LocalAws.expireSession`. */
  rotate(): void;
  /**
   * Makes every read return the current set, even after it expires. This simulates an IMDS outage. With
   * `stillAccepted`, STS and the services accept the expired set, as AWS does during the outage (static stability).
   * Default: they reject it with ExpiredToken.
   */
  pin(options?: { stillAccepted?: boolean }): void;
  /** Ends `pin()`. */
  unpin(): void;
  /** The set that a read would return now; `undefined` if no role is attached. */
  current(): InstanceCredentials | undefined;
}

export const INSTANCE_ID = "i-0123456789abcdef0";

export const DEFAULT_INSTANCE_PROFILE: InstanceProfile = {
  roleArn: "arn:aws:iam::111122223333:role/rolecall-instance-profile",
};

const HOUR = 3_600_000;
const DEFAULT_LIFETIME = 6 * HOUR;

export class InstanceProfileState implements LocalInstanceProfile {
  readonly #issued: IssuedSessions;
  readonly #now: () => number;
  #profile: InstanceProfile | undefined;
  /** The permissions of every role that was ever attached. They stay in effect after it is detached. */
  readonly #known = new Map<string, readonly Statement[]>();
  /** The attached role's trust policy. */
  #trust: readonly Statement[] | undefined;
  readonly #requestContext: RequestContext;
  #keys: { issued: IssuedKeys; issuedAt: number } | undefined;
  #pinned = false;

  constructor(
    issued: IssuedSessions,
    now: () => number,
    profile: InstanceProfile | null,
    requestContext: RequestContext,
  ) {
    this.#issued = issued;
    this.#now = now;
    this.#requestContext = requestContext;
    if (profile !== null) this.attach(profile);
  }

  get profile(): Readonly<InstanceProfile> | undefined {
    return this.#profile;
  }

  /** The role's own policy; `undefined` for a role that was never attached. */
  findPermissions(roleArn: string): readonly Statement[] | undefined {
    return this.#known.get(roleArn);
  }

  /** Whether the attached role's trust policy lets EC2 assume it. */
  get isTrusting(): boolean {
    const roleArn = this.#profile?.roleArn;
    if (roleArn === undefined || this.#trust === undefined) return true;
    const context = serviceContext(findEc2Principal(roleArn), this.#now(), this.#requestContext);
    const reaching = this.#trust.filter(
      ({ principals, covers }) =>
        reachesService(principals, findEc2Principal(roleArn)) && covers({ action: "sts:AssumeRole", roleArn, context }),
    );
    return reaching.length > 0 && reaching.every(({ effect }) => effect === "Allow");
  }

  /** Every role that was ever attached. */
  get roleArns(): readonly string[] {
    return [...this.#known.keys()];
  }

  attach(profile: InstanceProfile): void {
    assertRoleArn("instanceProfile.roleArn", profile.roleArn);
    const { credentialLifetime: lifetime } = profile;
    if (lifetime !== undefined && !(Number.isFinite(lifetime) && lifetime > 0)) {
      throw new RangeError(`instanceProfile.credentialLifetime must be above 0 ms, got ${shown(lifetime)}`);
    }
    const permissions = readPermissions("instanceProfile", profile, ["*"]);
    const trust = profile.trustPolicy === undefined ? undefined : readEc2Trust(profile.roleArn, profile.trustPolicy);
    const copy = copyProfile(profile);
    this.detach();
    this.#profile = copy;
    this.#trust = trust;
    this.#known.set(profile.roleArn, permissions);
  }

  detach(): void {
    this.#profile = undefined;
    this.#keys = undefined;
    this.#pinned = false;
  }

  rotate(): void {
    this.#keys = undefined;
  }

  pin({ stillAccepted = false }: { stillAccepted?: boolean } = {}): void {
    const keys = this.keys();
    this.#pinned = keys !== undefined;
    if (keys !== undefined && stillAccepted) this.#issued.outliveExpiration(keys.issued.identity.accessKeyId);
  }

  unpin(): void {
    this.#pinned = false;
  }

  current(): InstanceCredentials | undefined {
    const issued = this.keys()?.issued;
    if (issued?.expiration === undefined || this.#profile === undefined) return undefined;
    return {
      accessKeyId: issued.identity.accessKeyId,
      roleArn: this.#profile.roleArn,
      expiration: issued.expiration,
    };
  }

  /** The set that IMDS serves now. Issues a new one if it is due. */
  keys(): { issued: IssuedKeys; issuedAt: number } | undefined {
    if (this.#profile === undefined) return undefined;
    const { roleArn, credentialLifetime = DEFAULT_LIFETIME } = this.#profile;
    const now = this.#now();
    const renewAt = (this.#keys?.issued.expiration ?? 0) - Math.min(HOUR, credentialLifetime / 2);
    if (this.#keys === undefined || (now >= renewAt && !this.#pinned)) {
      this.#keys = { issued: this.#issue(roleArn, now, credentialLifetime), issuedAt: now };
    }
    return this.#keys;
  }

  #issue(roleArn: string, issuedAt: number, lifetime: number): IssuedKeys {
    return this.#issued.issue({
      kind: "instance-profile",
      identity: roleSessionIdentity("instanceProfile.roleArn", roleArn, INSTANCE_ID),
      expiration: issuedAt + lifetime,
      issuedAt,
    });
  }
}

function findEc2Principal(roleArn: string): string | undefined {
  return ec2ServicePrincipal(roleArn.split(":")[1] ?? "");
}

function readEc2Trust(roleArn: string, trustPolicy: IamPolicy): readonly Statement[] {
  return readTrustPolicy("instanceProfile.trustPolicy", trustPolicy, (principal) =>
    reachesService({ named: [principal], isException: false }, findEc2Principal(roleArn)),
  );
}

function copyProfile(profile: InstanceProfile): InstanceProfile {
  try {
    return structuredClone(profile);
  } catch (cause) {
    throw new TypeError("instanceProfile must be plain data", { cause });
  }
}
