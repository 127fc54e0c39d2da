import type { RolecallError } from "../../errors.js";
import type { Chosen } from "../../request/precedence.js";
import type { CallerIdentity } from "../../sources/caller-identity.js";
import type { MetadataProblem } from "../../sources/instance-profile.js";
import { denialOf } from "./denial.js";

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
  /** Sentences about variables that other tools would use and this library does not. */
  readonly notes: { readonly identities: string | undefined; readonly proxy: string | undefined };
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
  readonly problem: MetadataProblem | undefined;
  /** Whether no answer came to the question for a token. */
  readonly isSilent: boolean;
  /** Whether a token is refused with 403. */
  readonly isRefused: boolean;
  /** Whether the problem is in the variables that name the service's address, or in the lack of one. */
  readonly isOfAddress: boolean;
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
  /** The ARN of a session of 15 minutes under a name of the doctor's own. */
  readonly assumed?: Outcome<string>;
  /** After a denial, and only if the instance sets a session name: the same under that name. */
  readonly assumedByName?: Outcome<string>;
  /** The same without the external id that is set. */
  readonly withoutExternalId?: Outcome<string>;
  /** Where the settings ask for more than an hour. */
  readonly granted?: Outcome<GrantedDuration>;
}

export interface GrantedDuration {
  /** As asked for, else an hour in role chaining, else the longest of whole hours. */
  readonly seconds: number;
  /** In STS's words, why it is not what was asked for. */
  readonly refusal?: string;
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

/** Whether STS refuses a duration since the caller is a role's session itself, and not since the role grants less. */
export function isChainingLimit(refusal: string): boolean {
  return /role chaining/i.test(refusal);
}

/** Whether STS takes the base identity's keys, also where it is not allowed to say whose they are. */
export function isAccepted({ caller }: StsSeen): boolean {
  return !caller.error || caller.error.code === "ASSUME_ROLE_DENIED";
}

/** Who asks STS, also by a refusal that names it. */
export function callerArnOf({ caller }: StsSeen): string | undefined {
  return caller.error ? denialOf(caller.error).caller : caller.value.arn;
}
