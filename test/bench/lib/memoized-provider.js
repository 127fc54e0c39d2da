import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import { doesIdentityRequireRefresh, isIdentityExpired, memoizeIdentityProvider } from "@smithy/core";

/** `fromTemporaryCredentials` in the memoizer that the SDK puts around the credentials of each client. */
export function memoizedProvider(RoleArn) {
  const provider = fromTemporaryCredentials({ params: { RoleArn, RoleSessionName: "benchmark" } });
  return memoizeIdentityProvider(provider, isIdentityExpired, doesIdentityRequireRefresh);
}
