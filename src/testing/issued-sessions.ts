import { randomBytes } from "node:crypto";
import { toBase32 } from "./role-identity.js";
import type { SessionPolicies } from "./session-policies.js";

/** The identity behind a set of keys. Contains no secrets. */
export interface SignerIdentity {
  /** `ASIA…` for a session, `AKIA…` for a user. */
  accessKeyId: string;
  /** `arn:aws:sts::<account>:assumed-role/<role>/<session>`, or the user's own ARN. */
  arn: string;
  accountId: string;
  /** `AROA…:<session name>`, or `AIDA…` for a user. */
  userId: string;
  /** The role of the session. Absent for a user. */
  roleArn?: string;
  /** The session name; for the instance profile, the instance id. Absent for a user. */
  roleSessionName?: string;
}

/** A set of issued keys, with what AWS remembers about it. */
export interface IssuedKeys {
  readonly identity: Readonly<SignerIdentity>;
  readonly kind: "instance-profile" | "ecs-task" | "eks-pod" | "lambda" | "role" | "user";
  readonly secretAccessKey: string;
  /** Absent for a user's long-term keys, which do not expire. */
  readonly sessionToken?: string;
  /** Epoch milliseconds, rounded down to whole seconds. */
  readonly expiration?: number;
  /** Epoch ms. Absent for long-term keys. */
  readonly issuedAt?: number;
  /** The session's tags, from the call or inherited. */
  readonly sessionTags: ReadonlyMap<string, string>;
  /** Session tags that the next role in a chain inherits. */
  readonly transitiveTags: ReadonlyMap<string, string>;
  /** Always an own property; see `AssumeRoleInput`. */
  readonly sessionPolicies: SessionPolicies | undefined;
  /** Always an own property; see `AssumeRoleInput`. */
  readonly sourceIdentity: string | undefined;
}

export interface IssueOptions {
  kind: IssuedKeys["kind"];
  identity: Omit<SignerIdentity, "accessKeyId">;
  /** Epoch ms; absent for long-term keys. */
  expiration?: number;
  /** Epoch ms; absent for long-term keys. */
  issuedAt?: number;
  sessionTags?: ReadonlyMap<string, string>;
  transitiveTags?: ReadonlyMap<string, string>;
  sessionPolicies?: SessionPolicies | undefined;
  sourceIdentity?: string | undefined;
}

/** Every set of keys that a local AWS issued. Private fields keep the secrets out of `util.inspect`. */
export class IssuedSessions {
  readonly #byAccessKeyId = new Map<string, IssuedKeys>();
  readonly #expired = new Set<string>();
  readonly #outliving = new Set<string>();
  readonly #secrets = new Set<string>();

  issue(options: IssueOptions): IssuedKeys {
    const given: IssueOptions = Object.assign(Object.create(null), options);
    const { kind, identity, expiration, issuedAt, sessionPolicies, sourceIdentity, ...tags } = given;
    const { sessionTags = new Map(), transitiveTags = new Map() } = tags;
    const accessKeyId = (kind === "user" ? "AKIA" : "ASIA") + toBase32(randomBytes(16));
    const keys: IssuedKeys = {
      kind,
      identity: { accessKeyId, ...identity },
      secretAccessKey: randomBytes(30).toString("base64"),
      sessionTags,
      transitiveTags,
      ...(issuedAt !== undefined && { issuedAt }),
      ...(expiration !== undefined && {
        expiration: Math.floor(expiration / 1000) * 1000,
        sessionToken: randomBytes(270).toString("base64"),
      }),
      sessionPolicies,
      sourceIdentity,
    };
    this.#byAccessKeyId.set(accessKeyId, keys);
    this.addSecrets(keys.secretAccessKey, keys.sessionToken);
    return keys;
  }

  find(accessKeyId: string): IssuedKeys | undefined {
    return this.#byAccessKeyId.get(accessKeyId);
  }

  /** Whether AWS rejects these keys as expired at `now`. */
  isExpired({ identity: { accessKeyId }, expiration }: IssuedKeys, now: number): boolean {
    if (this.#expired.has(accessKeyId)) return true;
    return expiration !== undefined && expiration <= now && !this.#outliving.has(accessKeyId);
  }

  expire(accessKeyId: string): void {
    this.#expired.add(accessKeyId);
  }

  /** Makes AWS accept these keys after they expire, as it does during an IMDS outage. */
  outliveExpiration(accessKeyId: string): void {
    this.#outliving.add(accessKeyId);
  }

  addSecrets(...values: (string | undefined)[]): void {
    for (const value of values) if (value) this.#secrets.add(value);
  }

  secrets(): string[] {
    return [...this.#secrets];
  }
}
