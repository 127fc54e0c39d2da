import { expect, it } from "vitest";
import { KNOWN_REGIONS } from "../../src/cli/known-regions.js";
import { sdkRegions } from "../support/sdk-partitions.js";

it("the CLI has exactly the SDK's regions", () => {
  expect([...KNOWN_REGIONS].sort()).toEqual(
    sdkRegions()
      .map(([region]) => region)
      .sort(),
  );
});
