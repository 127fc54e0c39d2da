/** The part of the SDK that calls the instance metadata service. See `sdkThroughRequire` in `tsup.config.ts`. */
export { getInstanceMetadataEndpoint } from "@smithy/credential-provider-imds";

/** `require` in a CommonJS build, and undefined in a bundle: see `commonJs` in `tsup.config.ts`. */
declare const __ROLECALL_REQUIRE__: { readonly cache?: object } | undefined;

const MAIN_FILE_OF_STS_CLIENT = /[\\/]@aws-sdk[\\/]client-sts[\\/]dist-cjs[\\/]index\.js$/;
const OF_CLIENT_MOCK = /[\\/]aws-sdk-client-mock[\\/]/;

/** Whether two copies of the SDK's STS client are loaded: a mock of one class does not replace the other. */
export function isStsLoadedTwice(): boolean {
  return loadedFiles().filter((file) => MAIN_FILE_OF_STS_CLIENT.test(file)).length > 1;
}

export function isClientMockLoaded(): boolean {
  return loadedFiles().some((file) => OF_CLIENT_MOCK.test(file));
}

/** Empty in a bundle, where they are unknown. */
function loadedFiles(): readonly string[] {
  return typeof __ROLECALL_REQUIRE__ === "undefined" ? [] : Object.keys(__ROLECALL_REQUIRE__.cache ?? {});
}
