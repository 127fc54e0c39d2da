import { type IamPolicy, readTrustPolicy, type Statement } from "./iam-policy.js";
import { reaches } from "./iam-principal.js";
import type { IssuedKeys, IssuedSessions } from "./issued-sessions.js";
import { readPermissions } from "./local-role.js";
import { shown } from "./read-options.js";
import { type RequestContext, serviceContext } from "./request-context.js";
import { assertRoleArn, roleSessionIdentity } from "./role-identity.js";
import { trusts } from "./trust.js";

/** The role that a platform gives to the program, such as the role of an instance profile or of an ECS task. */
export interface PlatformRole {
  /** `arn:<partition>:iam::<12 digits>:role/<path/name>`. */
  roleArn: string;
  /** The role's own policy, as a document. Replaces `allowAssumeRole`. */
  policy?: IamPolicy;
  /**
   * The role's trust policy, as a document. If it does not let the platform's service, such as `ec2.amazonaws.com`,
   * assume the role, the platform returns an error instead of credentials. On EC2, this is
   * AssumeRoleUnauthorizedAccess. Default: the service may assume the role.
   */
  trustPolicy?: IamPolicy;
  /** The `Resource` list of the role's `sts:AssumeRole` permission, with IAM's `*` and `?`. Default `["*"]`. */
  allowAssumeRole?: readonly string[];
  /** The lifetime of a credential set, in milliseconds. Default: 6 hours. */
  credentialLifetime?: number;
}

/** A credential set that a platform serves, without its secrets. */
export interface PlatformCredentials {
  accessKeyId: string;
  roleArn: string;
  /** Epoch ms. */
  expiration: number;
}

/**
 * Controls the role of a platform while the local AWS runs.
 *
 * The platform serves a credential set until one hour before it expires, then a new one. If the lifetime is less than
 * two hours, it serves the set until half of the lifetime has passed. Old sets stay valid until they expire.
 */
export interface LocalPlatformRole {
  /** Attaches a role, which replaces the current one, with a new credential set. */
  attach(role: PlatformRole): void;
  /** Detaches the role, so the platform serves no credentials. Sets that it served before stay valid. */
  detach(): void;
  /** Makes the next read return a new set. The old one stays valid until it expires; see `LocalAws.expireSession`. */
  rotate(): void;
  /**
   * Makes every read return the current set, even after it expires. This simulates an outage of the platform. With
   * `stillAccepted`, STS and the services accept the expired set, as AWS does during the outage (static stability).
   * Default: they reject it with ExpiredToken.
   */
  pin(options?: { stillAccepted?: boolean }): void;
  /** Ends `pin()`. */
  unpin(): void;
  /** The set that a read would return now; `undefined` if no role is attached. */
  current(): PlatformCredentials | undefined;
}

/** How a platform gives a program its role. */
export interface PlatformHost {
  /** The option that errors name. */
  readonly option: string;
  readonly kind: IssuedKeys["kind"];
  readonly roleSessionName: string;
  /** The service that assumes the role; `undefined` if it is not known for this partition. */
  findService(partition: string): string | undefined;
  /** The `aws:SourceArn` with which the service assumes the role. Absent if the service does not send one. */
  findSourceArn?(partition: string, accountId: string): string;
  /** Session tags that the platform sets. All of them are transitive. */
  readonly sessionTags?: ReadonlyMap<string, string>;
}

export interface PlatformRoleOptions {
  issued: IssuedSessions;
  now: () => number;
  requestContext: RequestContext;
}

const HOUR = 3_600_000;
const DEFAULT_LIFETIME = 6 * HOUR;

export class PlatformRoleState implements LocalPlatformRole {
  readonly #host: PlatformHost;
  readonly #options: PlatformRoleOptions;
  #role: PlatformRole | undefined;
  /** The permissions of every role that was ever attached. They stay in effect after it is detached. */
  readonly #known = new Map<string, readonly Statement[]>();
  /** The attached role's trust policy. */
  #trust: readonly Statement[] | undefined;
  #keys: { issued: IssuedKeys; issuedAt: number } | undefined;
  #pinned = false;

  constructor(host: PlatformHost, options: PlatformRoleOptions, role: PlatformRole | null) {
    this.#host = host;
    this.#options = options;
    if (role !== null) this.attach(role);
  }

  get kind(): IssuedKeys["kind"] {
    return this.#host.kind;
  }

  get attached(): Readonly<PlatformRole> | undefined {
    return this.#role;
  }

  /** The role's own policy; `undefined` for a role that was never attached. */
  findPermissions(roleArn: string): readonly Statement[] | undefined {
    return this.#known.get(roleArn);
  }

  /** Whether the attached role's trust policy lets the platform's service assume it. */
  get isTrusting(): boolean {
    const roleArn = this.#role?.roleArn;
    if (roleArn === undefined || this.#trust === undefined) return true;
    const service = this.#findService(roleArn);
    const trust = this.#trust;
    const { now, requestContext } = this.#options;
    const { sessionTags } = this.#host;
    const [, partition = "", , , accountId = ""] = roleArn.split(":");
    const sourceArn = this.#host.findSourceArn?.(partition, accountId);
    const context = serviceContext({ service, sourceArn, time: now(), given: requestContext, tags: sessionTags });
    const actions = ["sts:AssumeRole", ...(sessionTags ? ["sts:TagSession"] : [])];
    return actions.every((action) => trusts(trust, "Service", service, { action, roleArn, context }));
  }

  /** Every role that was ever attached. */
  get roleArns(): readonly string[] {
    return [...this.#known.keys()];
  }

  attach(role: PlatformRole): void {
    const { option } = this.#host;
    assertRoleArn(`${option}.roleArn`, role.roleArn);
    const { credentialLifetime: lifetime, trustPolicy } = role;
    if (lifetime !== undefined && !(Number.isFinite(lifetime) && lifetime > 0)) {
      throw new RangeError(`${option}.credentialLifetime must be above 0 ms, got ${shown(lifetime)}`);
    }
    const permissions = readPermissions(option, role, ["*"]);
    const trust = trustPolicy === undefined ? undefined : this.#readTrust(role.roleArn, trustPolicy);
    const copy = copyRole(option, role);
    this.detach();
    this.#role = copy;
    this.#trust = trust;
    this.#known.set(role.roleArn, permissions);
  }

  detach(): void {
    this.#role = undefined;
    this.#keys = undefined;
    this.#pinned = false;
  }

  rotate(): void {
    this.#keys = undefined;
  }

  pin({ stillAccepted = false }: { stillAccepted?: boolean } = {}): void {
    const keys = this.keys();
    this.#pinned = keys !== undefined;
    if (keys !== undefined && stillAccepted) this.#options.issued.outliveExpiration(keys.issued.identity.accessKeyId);
  }

  unpin(): void {
    this.#pinned = false;
  }

  current(): PlatformCredentials | undefined {
    const issued = this.keys()?.issued;
    if (issued?.expiration === undefined || this.#role === undefined) return undefined;
    return {
      accessKeyId: issued.identity.accessKeyId,
      roleArn: this.#role.roleArn,
      expiration: issued.expiration,
    };
  }

  /** The set that the platform serves now. Issues a new one if it is due. */
  keys(): { issued: IssuedKeys; issuedAt: number } | undefined {
    if (this.#role === undefined) return undefined;
    const { roleArn, credentialLifetime = DEFAULT_LIFETIME } = this.#role;
    const now = this.#options.now();
    const renewAt = (this.#keys?.issued.expiration ?? 0) - Math.min(HOUR, credentialLifetime / 2);
    if (this.#keys === undefined || (now >= renewAt && !this.#pinned)) {
      this.#keys = { issued: this.#issue(roleArn, now, credentialLifetime), issuedAt: now };
    }
    return this.#keys;
  }

  #issue(roleArn: string, issuedAt: number, lifetime: number): IssuedKeys {
    const { option, kind, roleSessionName, sessionTags = new Map() } = this.#host;
    return this.#options.issued.issue({
      kind,
      identity: roleSessionIdentity(`${option}.roleArn`, roleArn, roleSessionName),
      expiration: issuedAt + lifetime,
      issuedAt,
      sessionTags,
      transitiveTags: sessionTags,
    });
  }

  #findService(roleArn: string): string | undefined {
    return this.#host.findService(roleArn.split(":")[1] ?? "");
  }

  #readTrust(roleArn: string, trustPolicy: IamPolicy): readonly Statement[] {
    const service = this.#findService(roleArn);
    return readTrustPolicy(`${this.#host.option}.trustPolicy`, trustPolicy, (principal) =>
      reaches({ named: [principal], isException: false }, "Service", service),
    );
  }
}

function copyRole(option: string, role: PlatformRole): PlatformRole {
  try {
    return structuredClone(role);
  } catch (cause) {
    throw new TypeError(`${option} must be plain data`, { cause });
  }
}
