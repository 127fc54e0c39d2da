/** What is used of the SDK to ask the instance metadata service: see `sdkThroughRequire` in `tsup.config.ts`. */
export { getInstanceMetadataEndpoint } from "@smithy/credential-provider-imds";

/** `require` in a CommonJS build, and undefined in a bundle: see `commonJs` in `tsup.config.ts`. */
declare const __ROLECALL_REQUIRE__: NodeJS.Require | undefined;

/**
 * Whether anybody in this process has loaded the SDK's STS client: until then nobody can have put a mock into it. In a
 * bundle, where it cannot be told, `false`.
 */
export function isStsLoaded(): boolean {
  if (typeof __ROLECALL_REQUIRE__ === "undefined") return false;
  const { cache, resolve } = __ROLECALL_REQUIRE__;
  return cache[resolve("@aws-sdk/client-sts")] !== undefined;
}
