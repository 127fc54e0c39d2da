import { raceAbort } from "../abort.js";
import type { SdkClientConstructor } from "../clients/client-types.js";
import { isRolecallError, RolecallError } from "../errors.js";
import { foreignLabel } from "../foreign-text.js";
import { conflict } from "../request/validation.js";
import { safeCause } from "../sources/safe-cause.js";

/** The number of attempts for a list call: more than for a command, because a run depends on its lists. */
export const LIST_ATTEMPTS = 8;

/** A list call, as its errors describe it. */
export interface Listing {
  /** The IAM action, such as `organizations:ListAccounts`. */
  readonly action: string;
  /** The role that makes the call; `undefined` for the base identity. */
  readonly roleArn: string | undefined;
  readonly signal: AbortSignal | undefined;
}

interface Page {
  readonly NextToken?: string | undefined;
}

/**
 * Reads all pages of a list. An empty page may have a next page.
 * @throws RolecallError `ACCOUNTS_UNAVAILABLE`, `ABORTED`, or the identity's own error
 */
export async function readPages<P extends Page, Item>(
  listing: Listing,
  askForPage: (NextToken: string | undefined, options: { abortSignal?: AbortSignal }) => Promise<P>,
  itemsOf: (page: P) => readonly Item[],
): Promise<readonly Item[]> {
  const { signal } = listing;
  const items: Item[] = [];
  const tokens = new Set<string>();
  try {
    for (let token: string | undefined; ; ) {
      const page: P = await raceAbort(askForPage(token, signal ? { abortSignal: signal } : {}), signal);
      items.push(...itemsOf(page));
      token = page.NextToken || undefined;
      if (token === undefined) return items;
      if (tokens.has(token)) throw unusableAnswer(listing, "its pages repeat");
      tokens.add(token);
    }
  } catch (error) {
    throw signal?.aborted ? abortedBeforeStart(listing.action, signal, listing.roleArn) : translate(listing, error);
  }
}

function translate(listing: Listing, error: unknown): RolecallError {
  if (isRolecallError(error)) return error;
  const cause: Error & { $metadata?: { httpStatusCode?: number; requestId?: string } } = safeCause(error);
  const awsCode = foreignLabel(cause.name);
  const { httpStatusCode: status = 0, requestId } = cause.$metadata ?? {};
  const isDenied = status === 403 || /^AccessDenied/.test(awsCode ?? "");
  const what = `${awsCode ?? "unknown error"}, ${cause.message.replace(/\.$/, "")}`;
  return unavailable(listing, what, {
    awsCode,
    requestId,
    cause,
    retryable: !isDenied && (status === 0 || status === 429 || status >= 500 || /Throttl|TooMany/.test(awsCode ?? "")),
    hint: isDenied
      ? toPermissionHint(listing)
      : "Check the error's cause. The library never treats a failed call as an empty list.",
  });
}

function toPermissionHint({ action, roleArn }: Listing): string {
  return roleArn
    ? `Allow ${action} for ${roleArn}, in its permissions and in the session policy.`
    : `Allow ${action} for the base identity, in its permissions.`;
}

/** @param what the problem with the response */
export function unusableAnswer(
  listing: Listing,
  what: string,
  hint = "Check which server answers at the endpoint.",
): RolecallError {
  return unavailable(listing, what, { hint });
}

function unavailable(
  { action, roleArn }: Listing,
  what: string,
  details: {
    hint: string;
    retryable?: boolean;
    awsCode?: string | undefined;
    requestId?: string | undefined;
    cause?: unknown;
  },
): RolecallError {
  const message = `${action} as ${roleArn ?? "the base identity"} failed: ${what}.`;
  return new RolecallError("ACCOUNTS_UNAVAILABLE", message, { step: "accounts", roleArn, ...details });
}

/** @param what the operation that the signal aborted */
export function abortedBeforeStart(what: string, signal: AbortSignal, roleArn?: string): RolecallError {
  return new RolecallError("ABORTED", `The signal aborted ${what}.`, {
    step: "accounts",
    roleArn,
    cause: signal.reason,
    hint: "Nothing was started.",
  });
}

/** @param load contains a literal `import("…")`, so that bundlers find the package */
export async function loadPeer<M>(field: string, packageName: string, load: () => Promise<M>): Promise<M> {
  try {
    return await load();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw error;
    throw conflict(field, `needs ${packageName}, which is not installed`, `Run npm install ${packageName}.`);
  }
}

/** Creates a client of a class that is known only at run time. */
export type MakeClient = <K extends SdkClientConstructor>(Client: K) => InstanceType<K>;
