import { MAX_TAG_KEY_CHARACTERS, MAX_TAG_VALUE_CHARACTERS, MAX_TAGS } from "./limits.js";
import {
  conflict,
  invalid,
  invalidText,
  isGiven,
  namesIn,
  pathOf,
  quoted,
  readList,
  readRecord,
  readSetting,
} from "./validation.js";

/** Session tags by key. */
export type SessionTags = Readonly<Record<string, string>>;

/** Characters that IAM allows in tags. */
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const KEY_ALLOWED = `tag keys of 1 to ${MAX_TAG_KEY_CHARACTERS} letters, digits, spaces and _.:/=+-@`;
const VALUE_ALLOWED = `a tag value of 0 to ${MAX_TAG_VALUE_CHARACTERS} letters, digits, spaces and _.:/=+-@`;

/** Shared, because most requests have no tags. */
const NO_TAGS: SessionTags = Object.freeze(Object.create(null));
const NO_KEYS: readonly string[] = Object.freeze([]);

export function readTags(field: string, value: unknown): SessionTags | undefined {
  if (!isGiven(value)) return undefined;
  const given = readRecord(field, value, "an object of tag keys to tag values");
  const tags: Record<string, string> = Object.create(null);
  for (const key of namesIn(field, given)) {
    const text = readSetting(field, given, key);
    if (!isTagText(key, 1, MAX_TAG_KEY_CHARACTERS)) throw invalidText(field, key, KEY_ALLOWED);
    if (!isTagText(text, 0, MAX_TAG_VALUE_CHARACTERS)) throw invalidText(pathOf(field, key), text, VALUE_ALLOWED);
    addTag(field, tags, key, text);
  }
  return Object.freeze(tags);
}

function isTagText(text: unknown, min: number, max: number): text is string {
  if (typeof text !== "string" || text.length > 2 * max || !TAG_TEXT.test(text)) return false;
  const characters = [...text].length;
  return characters >= min && characters <= max;
}

/** Adds the author's tags to the instance's. The author may repeat a tag of the instance, but not change its value. */
export function mergeTags(field: string, fixed: SessionTags | undefined, added: SessionTags | undefined): SessionTags {
  const more = Object.entries(added ?? {});
  if (more.length === 0) return fixed ?? NO_TAGS;
  const tags: Record<string, string> = Object.assign(Object.create(null), fixed);
  for (const [key, value] of more) {
    if (tags[key] !== value) addTag(field, tags, key, value);
  }
  return Object.freeze(tags);
}

function addTag(field: string, tags: Record<string, string>, key: string, value: string): void {
  const known = Object.keys(tags);
  const same = known.find((other) => other.toLowerCase() === key.toLowerCase());
  if (same !== undefined) {
    throw conflict(
      pathOf(field, key),
      `conflicts with the tag ${quoted(same)}, which is already set`,
      "Use another key: tag keys are case-insensitive, and an instance's tags cannot be changed.",
    );
  }
  if (known.length === MAX_TAGS) {
    throw conflict(
      field,
      `has more than ${MAX_TAGS} tags`,
      "Remove some: the limit includes the instance's tags and the author's tags.",
    );
  }
  tags[key] = value;
}

/** Keys of tags that a session passes on to roles assumed from it. */
export function readTransitiveTagKeys(field: string, value: unknown): readonly string[] {
  const keys = readList(field, value, "tag keys");
  if (!keys) return NO_KEYS;
  for (const [index, key] of keys.entries()) {
    if (typeof key !== "string") throw invalid(`${field}[${index}]`, key, "a tag key");
  }
  return keys as readonly string[];
}

/** Requires each key to be the key of a tag in `tags`. @returns the keys, sorted and unique */
export function checkTransitiveTagKeys(field: string, keys: readonly string[], tags: SessionTags): readonly string[] {
  for (const [index, key] of keys.entries()) {
    if (!Object.hasOwn(tags, key)) {
      throw conflict(
        `${field}[${index}]`,
        `is ${quoted(key)}, which is not a tag of the session`,
        "Set that tag too, or leave the key out.",
      );
    }
  }
  return keys.length === 0 ? NO_KEYS : Object.freeze([...new Set(keys)].sort());
}
