/** What is used of the SDK to ask the instance metadata service: see `sdkThroughRequire` in `tsup.config.ts`. */
export { getInstanceMetadataEndpoint } from "@smithy/credential-provider-imds";

/** `require` in a CommonJS build, and undefined in a bundle: see `commonJs` in `tsup.config.ts`. */
declare const __ROLECALL_REQUIRE__: { readonly cache?: object } | undefined;

const OF_STS_CLIENT = /[\\/]@aws-sdk[\\/]client-sts[\\/]/;

/**
 * Whether anybody in this process has loaded the SDK's STS client: until then nobody can have put a mock into it. In a
 * bundle, where it cannot be told, `false`. Nothing is resolved: where a bundle runs, nothing need be installed.
 */
export function isStsLoaded(): boolean {
  const cache = typeof __ROLECALL_REQUIRE__ === "undefined" ? undefined : __ROLECALL_REQUIRE__.cache;
  return cache !== undefined && Object.keys(cache).some((file) => OF_STS_CLIENT.test(file));
}
