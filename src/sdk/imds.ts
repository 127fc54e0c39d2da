/** What is used of the SDK to ask the instance metadata service: see `sdkThroughRequire` in `tsup.config.ts`. */
export { fromInstanceMetadata, getInstanceMetadataEndpoint, httpRequest } from "@smithy/credential-provider-imds";
