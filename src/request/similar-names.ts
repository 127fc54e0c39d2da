import { closestMatch } from "leven";

/** Letters that look like a Latin letter but that Unicode normalization does not fold into it. */
const LOOKALIKES = {
  a: "аαɑᴀ",
  d: "ԁɗᴅđ",
  e: "еєεҽəᴇ℮",
  g: "ɡցɢ",
  i: "іιıɩӏǀłʟן", // also lookalikes of l, which looks like i
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

/** Longer names are not compared. */
const MAX_LENGTH = 64;
/** The maximum number of edits between two similar names. */
const MAX_EDITS = 2;

/** Drops case, marks, separators and invisible characters, and maps letters that look alike to one letter. */
function toVisualForm(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\0-\x7f]/g, (letter) => LATIN.get(letter) ?? letter)
    .replace(/[^\p{L}\p{N}]|\p{Default_Ignorable_Code_Point}/gu, "")
    .replace(/[l1]/g, "i")
    .replaceAll("0", "o");
}

/** Finds the known name that is most likely meant: one that looks the same, or one at most two edits away. */
export function similarName<K extends string>(name: string, known: readonly K[]): K | undefined {
  const look = toVisualForm(name);
  if (look.length > MAX_LENGTH) return undefined;
  const looks = known.map(toVisualForm);
  const maxDistance = Math.min(MAX_EDITS, Math.floor(look.length / 2));
  const nearest = closestMatch(look, looks, { maxDistance });
  return nearest === undefined ? undefined : known[looks.indexOf(nearest)];
}

/** The returned function finds the setting that a misspelled name, such as `role_arn`, most likely means. */
export function createMisspellingLookup(settings: readonly string[]): (name: string) => string | undefined {
  // Built at first use: the Unicode tables that it needs would add 10% to the library's load time.
  let byLook: ReadonlyMap<string, string> | undefined;
  return (name) => {
    if (settings.includes(name)) return undefined;
    byLook ??= new Map(settings.toReversed().map((setting) => [toVisualForm(setting), setting]));
    return byLook.get(toVisualForm(name));
  };
}
