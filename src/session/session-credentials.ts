import { inspect } from "node:util";
import { holds } from "../request/validation.js";

/**
 * Temporary credentials of one role's session, or the base identity's own where no role is assumed. An SDK v3 credential
 * identity that cannot be changed.
 *
 * The secret key and the session token are accessors and not enumerable: logs, `console.dir`, assertions,
 * `JSON.stringify`, `structuredClone` and a spread (`{ ...session }`) leave them out.
 */
export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** As the source said it, by its own clock. Absent for credentials that do not expire. */
  readonly expiration?: Date;
  readonly accountId?: string;
  /** `arn:<partition>:sts::<account>:assumed-role/<role>/<session>`. Absent where no role is assumed. */
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

  /** An absent value gets no property. */
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

  /** The SDK notes here that a client was given credentials as an object. It may, and nobody else sees it. */
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

/** The same credentials as a value that cannot be printed by accident. */
export function redacted(credentials: SessionCredentials): SessionCredentials {
  return new RedactedCredentials(credentials) as SessionCredentials;
}
