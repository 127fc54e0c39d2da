/** What is used of the SDK to read a profile: see `sdkThroughRequire` in `tsup.config.ts`. */
export { fromIni } from "@aws-sdk/credential-provider-ini";
