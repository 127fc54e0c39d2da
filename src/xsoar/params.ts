import { createMisspellingLookup } from "../request/similar-names.js";
import { assertNoMisspelling, conflict, invalidText, readRecord, readSetting } from "../request/validation.js";

/** A `credentials` parameter: an access key id and its secret, or `secret@@@token` for a temporary key. */
export interface XsoarCredentials {
  identifier?: string | null | undefined;
  password?: string | null | undefined;
}

/**
 * The supported parameters of a Cortex XSOAR integration instance. `""`, `null` and `undefined` mean not set. Some have
 * several names with the same meaning, because content packs differ.
 */
export interface XsoarParameters {
  /** Required under one of these three names. */
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
  /** The role's path and name in each of `accounts_to_access`, with or without `role/` before it. */
  access_role_name?: string | null | undefined;
  /** Account ids: a comma-separated string, or a list of strings. */
  accounts_to_access?: string | readonly string[] | null | undefined;
  /** The number of accounts to process at a time. See {@link accountOptionsFromParams}. */
  max_workers?: number | string | null | undefined;
  credentials?: XsoarCredentials | string | null | undefined;
  /** A separate key pair, used if `credentials` is empty. Each is a string or `{ password }`. */
  access_key?: XsoarCredentials | string | null | undefined;
  secret_key?: XsoarCredentials | string | null | undefined;
  /** The same pair under newer names. */
  access_key_id?: XsoarCredentials | string | null | undefined;
  secret_access_key?: XsoarCredentials | string | null | undefined;
  /** In seconds: the read timeout, or `"read,connect"`. Default `"60,10"`. */
  timeout?: number | string | null | undefined;
  /** The number of retries, at most 10. Default 5. */
  retries?: number | string | null | undefined;
  /** Use the server's proxy. */
  proxy?: boolean | string | null | undefined;
  /** Accept any TLS certificate. */
  insecure?: boolean | string | null | undefined;
  /** The endpoint of the service. See {@link clientConfigFromParams}. */
  endpoint_url?: string | null | undefined;
  sts_endpoint_url?: string | null | undefined;
  sts_region?: string | null | undefined;
  /** `legacy` or `regional`. Both use a regional STS endpoint. */
  sts_regional_endpoint?: string | null | undefined;
}

/** All parameters of an integration, as the platform passes them. May include parameters that do not concern AWS. */
export type XsoarParams = (XsoarParameters & { readonly [parameter: string]: unknown }) | (XsoarParameters & object); // an interface has no index signature

/** The value of a parameter and its name in errors. */
export interface Parameter {
  readonly field: string;
  readonly value: unknown;
}

/** Access to parameters by name. The platform passes an empty string for an empty field. */
export class Parameters {
  readonly #owner: string;
  readonly #values: object;

  constructor(owner: string, values: unknown, allowed = "an object of the platform's parameters") {
    this.#owner = owner;
    this.#values = readRecord(owner, values, allowed);
  }

  /** Checks only parameters that are set. */
  assertNoMisspelling(settings: readonly string[]): void {
    const findMeant = createMisspellingLookup(settings);
    assertNoMisspelling(this.#owner, this.#values, (name) => {
      const meant = findMeant(name);
      return meant !== undefined && this.get(name).value !== undefined ? meant : undefined;
    });
  }

  get(name: string): Parameter {
    const value = readSetting(this.#owner, this.#values, name);
    return { field: `${this.#owner}.${name}`, value: value === "" || value === null ? undefined : value };
  }

  /** Reads a parameter that has several names. If none is set, errors use the first name. */
  oneOf(names: readonly [string, ...string[]]): Parameter {
    const given = names.map((name) => this.get(name)).filter(({ value }) => value !== undefined);
    const [first = this.get(names[0]), ...others] = given;
    const other = others.find(({ value }) => !isSameText(first.value, value));
    if (other) throw conflict(other.field, `has a different value than ${first.field}`, "Set only one of them.");
    return first;
  }

  checkbox(name: string): boolean {
    const { field, value } = this.get(name);
    const word = typeof value === "string" ? value.toLowerCase() : value;
    if (word === undefined || word === false || word === "false" || word === "no") return false;
    if (word === true || word === "true" || word === "yes") return true;
    throw invalidText(field, value, "true or false, as a boolean or a string");
  }
}

/** The platform passes numbers as numbers or as strings. */
function isSameText(one: unknown, other: unknown): boolean {
  const isText = (value: unknown) => typeof value === "string" || typeof value === "number";
  return isText(one) && isText(other) && `${one}` === `${other}`;
}
