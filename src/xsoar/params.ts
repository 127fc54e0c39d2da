import { assertNoMisspelling } from "../request/misspelt-settings.js";
import { conflict, invalidText, readRecord, readSetting } from "../request/validation.js";

/** A `credentials` parameter: the key's id and its secret, or `secret@@@token` for a temporary key. */
export interface XsoarCredentials {
  identifier?: string | null | undefined;
  password?: string | null | undefined;
}

/**
 * The parameters of an integration instance in Cortex XSOAR that are read. `""`, `null` and `undefined`: not given. Packs
 * spell some of them in several ways, which all mean the same.
 */
export interface XsoarParameters {
  /** Required, in one of the three. */
  defaultRegion?: string | null | undefined;
  region?: string | null | undefined;
  default_region?: string | null | undefined;
  roleArn?: string | null | undefined;
  role_arn?: string | null | undefined;
  roleSessionName?: string | null | undefined;
  role_session_name?: string | null | undefined;
  /** Seconds. */
  sessionDuration?: number | string | null | undefined;
  roleSessionDuration?: number | string | null | undefined;
  session_duration?: number | string | null | undefined;
  role_session_duration?: number | string | null | undefined;
  credentials?: XsoarCredentials | string | null | undefined;
  /** A pair of its own, read if `credentials` is empty: texts, or `{ password }`. */
  access_key?: XsoarCredentials | string | null | undefined;
  secret_key?: XsoarCredentials | string | null | undefined;
  /** The same pair under its newer names. */
  access_key_id?: XsoarCredentials | string | null | undefined;
  secret_access_key?: XsoarCredentials | string | null | undefined;
  /** Seconds, read or `"read,connect"`. Default `"60,10"`. */
  timeout?: number | string | null | undefined;
  /** Tries after the first one, at most 10. Default 5. */
  retries?: number | string | null | undefined;
  /** Use the server's proxy. */
  proxy?: boolean | string | null | undefined;
  /** Take any certificate. */
  insecure?: boolean | string | null | undefined;
  /** The service's endpoint: see {@link clientConfigFromParams}. */
  endpoint_url?: string | null | undefined;
  sts_endpoint_url?: string | null | undefined;
  sts_region?: string | null | undefined;
  /** `legacy` or `regional`: STS is asked at a regional endpoint in either case. */
  sts_regional_endpoint?: string | null | undefined;
}

/** An integration's parameters as the platform hands them over. Those that are not AWS's are the integration's own. */
export type XsoarParams = (XsoarParameters & { readonly [parameter: string]: unknown }) | (XsoarParameters & object); // an interface has no index signature

/** One parameter, and what an error calls it. */
export interface Parameter {
  readonly field: string;
  readonly value: unknown;
}

/** Parameters by their names. A field that nobody filled in holds an empty text. */
export class Parameters {
  readonly #owner: string;
  readonly #values: object;

  constructor(owner: string, values: unknown, allowed = "an object of the platform's parameters") {
    this.#owner = owner;
    this.#values = readRecord(owner, values, allowed);
  }

  /** Of those that somebody filled in. */
  assertNoMisspelling(settings: readonly string[]): void {
    assertNoMisspelling(settings, this.#owner, this.#values, (name) => this.get(name).value !== undefined);
  }

  get(name: string): Parameter {
    const value = readSetting(this.#owner, this.#values, name);
    return { field: `${this.#owner}.${name}`, value: value === "" || value === null ? undefined : value };
  }

  /** A parameter that packs spell in several ways, the first of them if nobody filled in any. */
  oneOf(names: readonly [string, ...string[]]): Parameter {
    const given = names.map((name) => this.get(name)).filter(({ value }) => value !== undefined);
    const [first = this.get(names[0]), ...others] = given;
    const other = others.find(({ value }) => !isSameText(first.value, value));
    if (other) throw conflict(other.field, `is set, and ${first.field} says something else`, "Set one of them.");
    return first;
  }

  checkbox(name: string): boolean {
    const { field, value } = this.get(name);
    const word = typeof value === "string" ? value.toLowerCase() : value;
    if (word === undefined || word === false || word === "false" || word === "no") return false;
    if (word === true || word === "true" || word === "yes") return true;
    throw invalidText(field, value, "true or false, as a checkbox or as a text");
  }
}

/** The platform hands over a number as a number or as digits. */
function isSameText(one: unknown, other: unknown): boolean {
  const isText = (value: unknown) => typeof value === "string" || typeof value === "number";
  return isText(one) && isText(other) && `${one}` === `${other}`;
}
