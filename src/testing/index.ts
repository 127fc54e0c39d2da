// Time

// What it saw
export type { CredentialFields, PatchCredentials, RecordedRequest, RequestFilter, RequestTarget } from "./exchange.js";
// What goes wrong
export type { Fault, FaultEffect } from "./faults.js";
export type { IamPolicy } from "./iam-policy.js";
export type { InstanceCredentials, InstanceProfile, LocalInstanceProfile } from "./instance-profile.js";
export type { SignerIdentity } from "./issued-sessions.js";
// A local AWS
export { type IssuedCredentials, type LocalAws, startLocalAws } from "./local-aws.js";
export type { LocalAwsOptions } from "./local-aws-options.js";
export type { LocalRole } from "./local-role.js";
export type { SocketCount } from "./loopback-server.js";
export { createManualClock, type ManualClock, type ManualClockOptions } from "./manual-clock.js";
// Stores
export { createMemoryStore, type MemoryStore, type MemoryStoreOptions } from "./memory-store.js";
export type { ConditionKeyValues } from "./request-context.js";
export { type StoreContractCase, type StoreUnderTest, storeContract } from "./store-contract.js";
