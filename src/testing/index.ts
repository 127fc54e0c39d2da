export type { CredentialFields, PatchCredentials, RecordedRequest, RequestFilter, RequestTarget } from "./exchange.js";
export type { Fault, FaultEffect } from "./faults.js";
export type { IamPolicy } from "./iam-policy.js";
export type { SignerIdentity } from "./issued-sessions.js";
export { type IssuedCredentials, type LocalAws, startLocalAws } from "./local-aws.js";
export type { LocalAwsOptions } from "./local-aws-options.js";
export type {
  LocalAccount,
  LocalAccountState,
  LocalMemberRole,
  LocalOrganization,
} from "./local-organization.js";
export type { LocalRole } from "./local-role.js";
export type { SocketCount } from "./loopback-server.js";
export { createManualClock, type ManualClock, type ManualClockOptions } from "./manual-clock.js";
export { createMemoryStore, type MemoryStore, type MemoryStoreOptions } from "./memory-store.js";
export type { LocalOidcIssuer, OidcIssuerOptions, WebIdentityClaims } from "./oidc-issuer.js";
export type { LocalPlatformRole, PlatformCredentials, PlatformRole } from "./platform-role.js";
export type {
  LocalPlatform,
  LocalPlatformName,
  LocalPlatforms,
  LocalRolePlatform,
  LocalTokenPlatform,
} from "./platforms.js";
export type { ConditionKeyValues } from "./request-context.js";
export { type StoreContractCase, type StoreUnderTest, storeContract } from "./store-contract.js";
