import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export interface SdkPartition {
  id: string;
  outputs: { implicitGlobalRegion: string; dnsSuffix: string; dualStackDnsSuffix: string };
  regions: Record<string, unknown>;
}

const fromSts = createRequire(createRequire(import.meta.url).resolve("@aws-sdk/client-sts/package.json"));

/** The table with which the installed SDK resolves endpoints. It exports a lookup, but not the list itself. */
export function sdkPartitions(): SdkPartition[] {
  const core = dirname(fromSts.resolve("@aws-sdk/core/package.json"));
  const source = readFileSync(join(core, "dist-es/submodules/client/util-endpoints/lib/aws/partitions.js"), "utf8");
  return JSON.parse(source.slice(source.indexOf("{"), source.lastIndexOf("}") + 1)).partitions;
}

/** The SDK's own lookup. */
export const sdkPartitionOf: (region: string) => { name: string } = fromSts("@aws-sdk/core/client").partition;

/** Every region in the SDK, with its partition. Pseudo regions such as `aws-global` are left out. */
export function sdkRegions(): (readonly [region: string, partition: string])[] {
  return sdkPartitions().flatMap(({ id, regions }) =>
    Object.keys(regions)
      .filter((region) => !region.endsWith("-global"))
      .map((region) => [region, id] as const),
  );
}
