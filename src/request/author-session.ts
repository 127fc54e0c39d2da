import { readSourceIdentity } from "./limits.js";
import { SESSION_POLICIES } from "./session-policy.js";
import { readTags, type SessionTags } from "./session-tags.js";
import { createSettingsReader, type SettingsTable } from "./settings-table.js";

/**
 * How the author of a command restricts or labels the command's session, within the instance's limits. Only trusted
 * code sets it. `null` is an error in `policy` and `policyArns`, which limit the role; elsewhere it means not set.
 */
export interface AuthorSession {
  /**
   * Session policy: a JSON object or its text, at most 2048 characters. Allowed only if the instance sets neither
   * `policy` nor `policyArns`.
   */
  policy?: object | string | undefined;
  /**
   * Managed policies to use as session policies, 1 to 10 ARNs. Allowed only if the instance sets neither `policy` nor
   * `policyArns`.
   */
  policyArns?: readonly string[] | undefined;
  /** Session tags in addition to the instance's. */
  tags?: SessionTags | null | undefined;
  /** 2 to 64 characters of `[\w+=,.@-]`, not starting with `aws:`. If the instance sets one, it must match. */
  sourceIdentity?: string | null | undefined;
}

const AUTHOR_SETTINGS = {
  ...SESSION_POLICIES,
  tags: readTags,
  sourceIdentity: readSourceIdentity,
} satisfies SettingsTable<keyof AuthorSession>;

const readSettings = createSettingsReader(AUTHOR_SETTINGS);

export function readAuthorSession(session: unknown) {
  return readSettings("options.session", session);
}
