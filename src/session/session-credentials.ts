import { inspect } from "node:util";

/**
 * Temporary credentials of one role's session, or the base identity's own where no role is assumed.
 * An SDK v3 credential identity; `util.inspect`, `console.log` and `JSON.stringify` show no secret.
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

class RedactedCredentials implements SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  declare readonly sessionToken?: string;
  declare readonly expiration?: Date;
  declare readonly accountId?: string;
  declare readonly assumedRoleArn?: string;

  /** What is not given is no property at all. */
  constructor(credentials: SessionCredentials) {
    const { accessKeyId, secretAccessKey, sessionToken, expiration, accountId, assumedRoleArn } = credentials;
    this.accessKeyId = accessKeyId;
    this.secretAccessKey = secretAccessKey;
    if (sessionToken !== undefined) this.sessionToken = sessionToken;
    if (expiration !== undefined) this.expiration = expiration;
    if (accountId !== undefined) this.accountId = accountId;
    if (assumedRoleArn !== undefined) this.assumedRoleArn = assumedRoleArn;
  }

  toJSON(): Record<string, unknown> {
    const printable: Record<string, unknown> = { ...(this as SessionCredentials), secretAccessKey: REDACTED };
    if (this.sessionToken !== undefined) printable.sessionToken = REDACTED;
    return printable;
  }

  [inspect.custom](_depth: number, options: object): string {
    return `SessionCredentials ${inspect(this.toJSON(), options)}`;
  }
}

/** The same credentials as a value that cannot be printed by accident. */
export function redacted(credentials: SessionCredentials): SessionCredentials {
  return new RedactedCredentials(credentials);
}
