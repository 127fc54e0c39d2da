import { conflict, findName, pathOf } from "./validation.js";

/** What a command may set. */
export const COMMAND_KEYS = ["roleArn", "roleSessionName", "roleSessionDuration", "region"] as const;

/** For each letter of these names, the letters of other scripts that look like it and that Unicode does not fold into it. */
const LOOKALIKES = {
  a: "аαɑᴀ",
  d: "ԁɗᴅđ",
  e: "еєεҽəᴇ℮",
  g: "ɡցɢ",
  i: "іιıɩӏǀłʟן", // and l, which looks like an i
  m: "мμᴍ",
  n: "пոηνɴ",
  o: "оοօᴏჿøσ",
  r: "гᴦʀ",
  s: "ѕꜱƽտ",
  t: "тτᴛ",
  u: "υսʋᴜ",
};
const LATIN = new Map(
  Object.entries(LOOKALIKES).flatMap(([latin, others]) => [...others].map((other): [string, string] => [other, latin])),
);

const SETTING_BY_LOOK = new Map<string, string>(COMMAND_KEYS.map((key) => [lookOf(key), key]));

/** All settings begin with an r, and most keys are plain ASCII and do not: one test is all that they cost. */
const MAY_BE_MISSPELT = /^[^a-z0-9]*r|[^\0-\x7f]/i;

/** A key as it looks: without case, marks, separators and what is invisible. Letters that look alike are one letter. */
function lookOf(key: string): string {
  return key
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\0-\x7f]/g, (letter) => LATIN.get(letter) ?? letter)
    .replace(/[^\p{L}\p{N}]|\p{Default_Ignorable_Code_Point}/gu, "")
    .replace(/[l1]/g, "i")
    .replaceAll("0", "o");
}

/** The setting that a key looks like and is not, as `role_arn` does. */
function settingLike(key: string, settings: readonly string[]): string | undefined {
  if (!MAY_BE_MISSPELT.test(key) || settings.includes(key)) return undefined;
  const right = SETTING_BY_LOOK.get(lookOf(key));
  return right !== undefined && settings.includes(right) ? right : undefined;
}

/** Made once: every command asks it of each of its arguments. */
const isLikeASetting = (key: string) => settingLike(key, COMMAND_KEYS) !== undefined;

/**
 * A misspelt setting would run the command as another identity than the one that it names.
 * @param counts whether a key counts at all; without it all do, and `settings` are all of a command's
 */
export function assertNoMisspelling(
  owner: string,
  record: object,
  settings: readonly string[] = COMMAND_KEYS,
  counts?: (key: string) => boolean,
): void {
  const matches = counts ? (name: string) => settingLike(name, settings) !== undefined && counts(name) : isLikeASetting;
  const key = findName(owner, record, matches);
  if (key === undefined) return;
  const right = settingLike(key, settings);
  throw conflict(pathOf(owner, key), `is not a setting, and reads like ${right}`, `Write it as ${right}.`);
}
