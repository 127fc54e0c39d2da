/** What is used of the SDK to ask the instance metadata service: see `sdkThroughRequire` in `tsup.config.ts`. */
export { getInstanceMetadataEndpoint } from "@smithy/credential-provider-imds";

/** `require` in a CommonJS build, and undefined elsewhere: see `commonJs` in `tsup.config.ts`. */
declare const __ROLECALL_REQUIRE__: { readonly cache?: object } | undefined;

const OF_STS_CLIENT = /[\\/]@aws-sdk[\\/]client-sts[\\/]/;
const STS_CLIENT = /[\\/]@aws-sdk[\\/]client-sts[\\/]dist-cjs[\\/]index\.js$/;
const CLIENT_MOCK = /[\\/]aws-sdk-client-mock[\\/]/;

/**
 * Whether anybody in this process has loaded the SDK's STS client: until then nobody can have put a mock into it. In a
 * bundle, where it cannot be told, `false`.
 */
export function isStsLoaded(): boolean {
  return loadedFiles().some((path) => OF_STS_CLIENT.test(path));
}

/** Whether the SDK's STS client is loaded from two places: a mock of the one class is no mock of the other. */
export function isAnotherStsLoaded(): boolean {
  return loadedFiles().filter((path) => STS_CLIENT.test(path)).length > 1;
}

export function isClientMockLoaded(): boolean {
  return loadedFiles().some((path) => CLIENT_MOCK.test(path));
}

/** None where it cannot be told. Nothing is resolved: where a bundle runs, nothing need be installed. */
function loadedFiles(): readonly string[] {
  return typeof __ROLECALL_REQUIRE__ === "undefined" ? [] : Object.keys(__ROLECALL_REQUIRE__.cache ?? {});
}
