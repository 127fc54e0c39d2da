/** The part of the SDK that reads profiles. See `sdkThroughRequire` in `tsup.config.ts`. */
export { fromIni } from "@aws-sdk/credential-provider-ini";
