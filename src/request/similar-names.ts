import { closestMatch } from "leven";

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

/** Characters of the longest name that is compared letter by letter. */
const LONGEST = 64;
/** Letters in which two names may differ. */
const MOST_DIFFERENCES = 2;

/** A name as it looks: without case, marks, separators and what is invisible. Letters that look alike are one letter. */
export function toVisualForm(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\0-\x7f]/g, (letter) => LATIN.get(letter) ?? letter)
    .replace(/[^\p{L}\p{N}]|\p{Default_Ignorable_Code_Point}/gu, "")
    .replace(/[l1]/g, "i")
    .replaceAll("0", "o");
}

/** The known name that somebody most likely meant: one that looks the same, else the nearest with one or two other letters. */
export function similarName<K extends string>(name: string, known: readonly K[]): K | undefined {
  const look = toVisualForm(name);
  if (look.length > LONGEST) return undefined;
  const looks = known.map(toVisualForm);
  const maxDistance = Math.min(MOST_DIFFERENCES, Math.floor(look.length / 2));
  const nearest = closestMatch(look, looks, { maxDistance });
  return nearest === undefined ? undefined : known[looks.indexOf(nearest)];
}
