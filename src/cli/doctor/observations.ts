import type { RolecallError } from "../../errors.js";
import type { Chosen } from "../../request/precedence.js";
import type { VerifiedIdentity } from "../../resolver-types.js";
import type { CallerIdentity } from "../../sources/caller-identity.js";
import type { MetadataTrouble } from "../../sources/instance-profile.js";

/** How a question ended: with an answer, or with the error that a command would get. */
export type Outcome<T> =
  | { readonly value: T; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: RolecallError };

/** All that was seen, with no secret in it. What was not asked is absent. */
export interface Observations {
  /** Where the keys that call STS come from. */
  readonly source: "instance-profile" | "static";
  /** Of static keys. */
  readonly accessKeyId: string | undefined;
  /** Names of variables that other tools would take credentials from, and this library does not. */
  readonly otherCredentials: readonly string[];
  readonly metadata: Metadata | undefined;
  /** Whether there are keys at all. */
  readonly keys: Outcome<true> | undefined;
  readonly region: Outcome<Chosen<string>> | undefined;
  readonly sts: StsSeen | undefined;
  readonly roles: readonly RoleSeen[];
}

/** The instance metadata service. */
export interface Metadata {
  /** Why it gives no token; `undefined` if it does. */
  readonly trouble: MetadataTrouble | undefined;
  /** Whether no answer came to the question for a token. */
  readonly isSilent: boolean;
  /** The status that a read without a token got, or `undefined` for no answer. */
  readonly statusWithoutToken: number | undefined;
  readonly instanceProfileArn: string | undefined;
}

/** GetCallerIdentity as the base identity. */
export interface StsSeen {
  readonly region: string;
  readonly caller: Outcome<CallerIdentity>;
  /** The endpoint's name; `undefined` if nothing answered. */
  readonly host: string | undefined;
  /** Milliseconds by which AWS's clock is ahead of the machine's, give or take a second; `undefined` if unknown. */
  readonly clockOffset: number | undefined;
}

/** One configured role. */
export interface RoleSeen {
  readonly roleArn: string;
  /** What a command on this role would ask for, or why it would be refused before any call. */
  readonly settings: Outcome<RoleSettings>;
  /** With a session of 15 minutes under a name of the doctor's own. */
  readonly assumed?: Outcome<VerifiedIdentity>;
  /** After a denial, and only if the instance sets a session name: the same under that name. */
  readonly assumedByName?: Outcome<VerifiedIdentity>;
  /** The same without the external id that is set. */
  readonly withoutExternalId?: Outcome<VerifiedIdentity>;
  /** The longest session that was granted, in seconds, where more than an hour was asked for. */
  readonly longestGranted?: number;
}

export interface RoleSettings {
  readonly allowedBy: string | undefined;
  readonly externalId: Chosen<true> | undefined;
  readonly roleSessionName: string | undefined;
  readonly duration: Chosen<number>;
}

/** An error's message without the hint that ends it. */
export function whatFailed({ message, hint }: RolecallError): string {
  return message.slice(0, message.length - hint.length).trimEnd();
}

/** Whether an identity is itself a session of a role: what it assumes is role chaining. */
export function isRoleSession(arn: string): boolean {
  return arn.includes(":assumed-role/");
}
