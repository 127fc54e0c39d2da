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

const STS_CLIENT = /[\\/]@aws-sdk[\\/]client-sts[\\/]dist-cjs[\\/]index\.js$/;

/** Whether another copy of the SDK's STS client than the library's is loaded: a mock of its class is no mock of ours. */
export function isAnotherStsLoaded(): boolean {
  return loadedFiles().some((path) => STS_CLIENT.test(path) && path !== pathOfSts());
}

function pathOfSts(): string | undefined {
  try {
    const { resolve } = __ROLECALL_REQUIRE__ as NodeJS.Require;
    return resolve("@aws-sdk/client-sts");
  } catch {
    return undefined; // a bundle holds it
  }
}

export function isClientMockLoaded(): boolean {
  return loadedFiles().some((path) => /[\\/]aws-sdk-client-mock[\\/]/.test(path));
}

/** None where it cannot be told. */
function loadedFiles(): readonly string[] {
  return typeof __ROLECALL_REQUIRE__ === "undefined" ? [] : Object.keys(__ROLECALL_REQUIRE__.cache ?? {});
}
