import { similarName } from "../request/similar-names.js";

/** A copy of the SDK's regions, because `rolecall explain` does not load the SDK. A test compares the two. */
export const KNOWN_REGIONS: readonly string[] = `
  af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2
  ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7
  ca-central-1 ca-west-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2
  eu-west-3 il-central-1 me-central-1 me-south-1 me-west-1 mx-central-1 sa-east-1 sa-west-1 us-east-1 us-east-2
  us-west-1 us-west-2 cn-north-1 cn-northwest-1 eusc-de-east-1 us-iso-east-1 us-iso-west-1 us-isob-east-1
  us-isob-west-1 eu-isoe-west-1 us-isof-east-1 us-isof-south-1 us-gov-east-1 us-gov-west-1
`
  .trim()
  .split(/\s+/);

export const NEWER_REGION = "A region newer than this release still works.";

export function isKnownRegion(region: string): boolean {
  return KNOWN_REGIONS.includes(region);
}

/** A suggestion; `undefined` if no known region is similar. */
export function didYouMean(region: string): string | undefined {
  const meant = similarName(region, KNOWN_REGIONS);
  return meant === undefined ? undefined : `Did you mean ${meant}?`;
}

/**
 * A warning about a region that may be misspelled; `undefined` for a known region.
 * @param from the setting or variable that names it
 */
export function misspeltRegion(region: string, from?: string): string | undefined {
  if (isKnownRegion(region)) return undefined;
  const named = from === undefined ? region : `${region} (${from})`;
  return [`This release does not know the region ${named}.`, didYouMean(region), NEWER_REGION]
    .filter(Boolean)
    .join(" ");
}
