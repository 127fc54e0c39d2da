import type { ChosenSettings } from "../request/precedence.js";
import { similarName } from "../request/similar-names.js";
import type { ReportOutput } from "./report.js";

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

/** Advice for a region that may be misspelled; `undefined` for a known region. */
export function adviseOnRegion(region: string): string | undefined {
  if (KNOWN_REGIONS.includes(region)) return undefined;
  const meant = similarName(region, KNOWN_REGIONS);
  return `${meant === undefined ? "" : `Did you mean ${meant}? `}A region newer than this release still works.`;
}

/** Warns about each unknown region that a request uses, because it may be misspelled. */
export function warnOfUnknownRegions(
  { region, stsRegion }: Pick<ChosenSettings, "region" | "stsRegion">,
  stderr: ReportOutput,
): void {
  for (const chosen of region?.value === stsRegion?.value ? [region] : [region, stsRegion]) {
    const advice = chosen && adviseOnRegion(chosen.value);
    if (!advice) continue;
    stderr.write(`warning: the region ${chosen.value} (${chosen.from}) is unknown to this release. ${advice}\n`);
  }
}
