export { type AccountOptionsFromParams, accountOptionsFromParams } from "./account-options-from-params.js";
export { type ClientConfigFromParams, clientConfigFromParams } from "./client-config-from-params.js";
export { commandFromArgs, type XsoarArgs } from "./command-from-args.js";
export { instanceFromParams } from "./instance-from-params.js";
export type { XsoarCredentials, XsoarParameters, XsoarParams } from "./params.js";
