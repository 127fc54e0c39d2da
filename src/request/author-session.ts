import { SOURCE_IDENTITY } from "./limits.js";
import { SESSION_POLICIES } from "./session-policy.js";
import { readTags, type SessionTags } from "./session-tags.js";
import { type ReadByTable, readByTable, type SettingsTable } from "./settings-table.js";
import { readText } from "./validation.js";

/**
 * How the author of a command narrows or labels its session. Trusted code, below the instance. `null` in `policy` and
 * `policyArns`, which limit the role, is an error; elsewhere it means not given.
 */
export interface AuthorSession {
  /** Session policy: a JSON object or its text, at most 2048 characters. Only if the instance sets neither policy nor policyArns. */
  policy?: object | string | undefined;
  /** Managed policies as session policies, 1 to 10 ARNs. Only if the instance sets neither policy nor policyArns. */
  policyArns?: readonly string[] | undefined;
  /** Session tags on top of the instance's. */
  tags?: SessionTags | null | undefined;
  /** 2 to 64 of `[\w+=,.@-]`, not beginning `aws:`. Only the instance's own value if that sets one. */
  sourceIdentity?: string | null | undefined;
}

/** Every setting of an author's session, and how it is read. */
const AUTHOR_SETTINGS = {
  ...SESSION_POLICIES,
  tags: readTags,
  sourceIdentity: (field, value) => readText(field, value, SOURCE_IDENTITY),
} satisfies SettingsTable<keyof AuthorSession>;

export function readAuthorSession(session: unknown): ReadByTable<typeof AUTHOR_SETTINGS> {
  return readByTable("options.session", session, AUTHOR_SETTINGS);
}
