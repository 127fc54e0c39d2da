import { inspect } from "node:util";
import { holds } from "../request/validation.js";

/**
 * Temporary credentials of a role's session, or of the base identity if no role is assumed. An immutable SDK v3 credential
 * identity.
 *
 * The secret access key and the session token are accessors that are not enumerable. Logs, `console.dir`, assertions,
 * `JSON.stringify`, `structuredClone` and a spread (`{ ...session }`) leave them out.
 */
export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** As returned by the source, by its own clock. Absent for credentials that do not expire. */
  readonly expiration?: Date;
  readonly accountId?: string;
  /** `arn:<partition>:sts::<account>:assumed-role/<role>/<session>`. Absent if no role is assumed. */
  readonly assumedRoleArn?: string;
}

const REDACTED = "[redacted]";

class RedactedCredentials {
  readonly accessKeyId: string;
  readonly #secretAccessKey: string;
  readonly #sessionToken: string | undefined;
  declare readonly expiration?: Date;
  declare readonly accountId?: string;
  declare readonly assumedRoleArn?: string;

  /** Values that are absent become no properties. */
  constructor(credentials: SessionCredentials) {
    const given = <K extends keyof SessionCredentials>(key: K): SessionCredentials[K] | undefined =>
      holds(credentials, key) ? credentials[key] : undefined;
    const [expiration, accountId, assumedRoleArn] = [given("expiration"), given("accountId"), given("assumedRoleArn")];
    this.accessKeyId = credentials.accessKeyId;
    this.#secretAccessKey = credentials.secretAccessKey;
    this.#sessionToken = given("sessionToken");
    if (expiration !== undefined) this.expiration = expiration;
    if (accountId !== undefined) this.accountId = accountId;
    if (assumedRoleArn !== undefined) this.assumedRoleArn = assumedRoleArn;
    Object.freeze(this);
  }

  get secretAccessKey(): string {
    return this.#secretAccessKey;
  }

  get sessionToken(): string | undefined {
    return this.#sessionToken;
  }

  /** The SDK writes to this object if a client gets the credentials as an object. Each read returns a new one. */
  get $source(): object {
    return {};
  }

  toJSON(): Record<string, unknown> {
    const { accessKeyId, ...others } = this;
    const token = this.#sessionToken === undefined ? {} : { sessionToken: REDACTED };
    return { accessKeyId, secretAccessKey: REDACTED, ...token, ...others };
  }

  [inspect.custom](_depth: number, options: object): string {
    return `SessionCredentials ${inspect(this.toJSON(), options)}`;
  }
}

/** Wraps the credentials, so that nobody prints the secrets by accident. */
export function redacted(credentials: SessionCredentials): SessionCredentials {
  return new RedactedCredentials(credentials) as SessionCredentials;
}
