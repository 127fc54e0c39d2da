import { closestMatch } from "leven";

/** The candidate that a misspelt word is close to: one wrong letter in three at most. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  return closestMatch(word.toLowerCase(), candidates, { maxDistance: Math.ceil(word.length / 3) });
}
