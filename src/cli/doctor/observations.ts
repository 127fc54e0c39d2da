import { isRolecallError, type RolecallError } from "../../errors.js";
import type { BaseIdentity } from "../../request/base-identity.js";
import type { Chosen } from "../../request/settings-table.js";
import type { CallerIdentity } from "../../sources/caller-identity.js";
import type { MetadataProblem } from "../../sources/metadata-endpoint.js";
import type { NamedAccount } from "../accounts/account-label.js";
import { readDenial } from "./denial.js";

/** A result, or the error that a command would get. */
export type Outcome<T> =
  | { readonly value: T; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: RolecallError };

/** Turns an error of this library into a value. Rethrows any other error. */
export async function toOutcome<T>(promise: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await promise };
  } catch (error) {
    if (isRolecallError(error)) return { error };
    throw error;
  }
}

/** Everything observed, without secrets. Steps that were skipped are `undefined`. */
export interface Observations {
  /** Where the base identity's keys come from, or why the settings and the environment do not determine it. */
  readonly base: Outcome<BaseIdentity>;
  /** Notes about environment variables that other tools use but this library ignores. */
  readonly notes: { readonly identities: string | undefined; readonly proxy: string | undefined };
  readonly metadata: Metadata | undefined;
  /** Whether the base identity has keys. */
  readonly keys: Outcome<true> | undefined;
  readonly region: Outcome<Chosen<string>> | undefined;
  readonly sts: StsSeen | undefined;
  /** The role that assumes the others; `undefined` if the instance has none. */
  readonly sourceRole: RoleSeen | undefined;
  readonly roles: readonly RoleSeen[];
  /** Only with `--all-accounts`: `roles` are then the accounts' roles. */
  readonly accounts?: AccountsSeen | undefined;
}

/** How the accounts of the instance were found. */
export interface AccountsSeen {
  /** Whether AWS Organizations lists accounts, rather than the settings alone. */
  readonly asksOrganization: boolean;
  /** The role that lists the accounts; `undefined` if the base identity does. */
  readonly lister: Pick<RoleSeen, "roleArn" | "settings"> | undefined;
  /** The accounts that are not active, or why there is no plan. `undefined` if they were not listed. */
  readonly inactive: Outcome<readonly InactiveAccountSeen[]> | undefined;
}

export interface InactiveAccountSeen extends NamedAccount {
  /** As AWS Organizations spells it. */
  readonly state: string;
}

/** The instance metadata service. */
export interface Metadata {
  /** Why it issues no token; `undefined` if it does. */
  readonly problem: MetadataProblem | undefined;
  /** The problem before checking whether a wrong address in the environment is the cause. */
  readonly rawProblem: MetadataProblem | undefined;
  /** The HTTP status of a read without a token; `undefined` if there was no response. */
  readonly statusWithoutToken: number | undefined;
  readonly instanceProfileArn: string | undefined;
}

/** The result of GetCallerIdentity with the base identity. */
export interface StsSeen {
  readonly region: string;
  readonly caller: Outcome<CallerIdentity>;
  /** The endpoint's host name; `undefined` if nothing responded. */
  readonly host?: string | undefined;
  /** How far AWS's clock is ahead of the machine's, in milliseconds, accurate to a second; `undefined` if unknown. */
  readonly clockOffset?: number | undefined;
}

/** One configured role. */
export interface RoleSeen {
  readonly roleArn: string;
  /** What a command with this role would request, or why the library would refuse it before any call. */
  readonly settings: Outcome<RoleSettings>;
  /** The ARN of a 15-minute session with the doctor's own session name. */
  readonly assumed?: Outcome<string>;
  /** The same with the instance's session name. Only after a denial, and only if the instance sets one. */
  readonly assumedByName?: Outcome<string> | undefined;
  /** The same without the external id. */
  readonly withoutExternalId?: Outcome<string> | undefined;
  /** Only if the settings request more than one hour. */
  readonly granted?: Outcome<GrantedDuration> | undefined;
  /** The account, if it was found in `instance.accounts`. */
  readonly account?: NamedAccount;
  /** Whether the role may list the regions of its account. Only if the settings ask for the enabled regions. */
  readonly regions?: Outcome<true> | undefined;
}

export interface GrantedDuration {
  /** The requested duration, one hour with role chaining, or else the longest whole number of hours. */
  readonly seconds: number;
  /** The message from STS if it rejected the requested duration. */
  readonly refusal?: string;
}

export interface RoleSettings {
  readonly allowedBy: string | undefined;
  readonly externalId: Chosen<true> | undefined;
  readonly roleSessionName: string | undefined;
  readonly duration: Chosen<number>;
  /** Whether the AssumeRole call sets these. If not, the session can only inherit them from its caller. */
  readonly sets: { readonly tags: boolean; readonly sourceIdentity: boolean };
}

/** The error's message without its hint. */
export function describeFailure({ message, hint }: RolecallError): string {
  return message.slice(0, message.length - hint.length).trimEnd();
}

/** Whether STS rejected a duration because the caller is a role session, not because of the role's own limit. */
export function isChainingLimit(refusal: string): boolean {
  return /role chaining/i.test(refusal);
}

/** Whether STS accepts the base identity's keys, even if it denies GetCallerIdentity. */
export function isAccepted({ caller }: StsSeen): boolean {
  return !caller.error || caller.error.code === "ASSUME_ROLE_DENIED";
}

/** Whether STS issues sessions of the role, under any session name. */
export function isAssumable({ assumed, assumedByName }: RoleSeen): boolean {
  return assumed?.value !== undefined || assumedByName?.value !== undefined;
}

/** The caller's ARN, from the response or from a denial that names it. */
export function findCallerArn({ caller }: StsSeen): string | undefined {
  return caller.error ? readDenial(caller.error).caller : caller.value.arn;
}
