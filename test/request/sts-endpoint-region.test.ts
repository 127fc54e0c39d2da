import { expect, it } from "vitest";
import { readStsHostRegion } from "../../src/request/sts-endpoint-region.js";
import { sdkPartitions } from "../support/sdk-partitions.js";

const hosts = sdkPartitions().flatMap(({ regions, outputs: { dnsSuffix, dualStackDnsSuffix } }) =>
  Object.keys(regions)
    .filter((region) => !region.endsWith("-global"))
    .flatMap((region) => [
      [`sts.${region}.${dnsSuffix}`, region],
      [`sts-fips.${region}.${dnsSuffix}`, region],
      [`sts.${region}.${dualStackDnsSuffix}`, region],
      [`vpce-0a1b-c2d3.sts.${region}.vpce.${dnsSuffix}`, region],
    ]),
);

it("is tested with every region in the SDK", () => expect(hosts.length).toBeGreaterThan(140));

it.each(hosts)("%s is in %s", (host, region) => {
  expect(readStsHostRegion(String(host))).toBe(region);
});
