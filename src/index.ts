export type { ClientConfigOf, SdkClient, SdkClientConstructor } from "./clients/client-types.js";
export { createCredentialResolver } from "./credential-resolver.js";
export { defineInstance } from "./define-instance.js";
export type { RolecallEventName, RolecallEvents, SessionEvent } from "./diagnostics.js";
export {
  isRolecallError,
  RolecallError,
  type RolecallErrorCode,
  type RolecallErrorDetails,
  type RolecallErrorStep,
} from "./errors.js";
export { type GetClientOptions, getClientForCommand, setDefaultResolver } from "./get-client-for-command.js";
export type { AllowedRole } from "./request/allowed-roles.js";
export type { AuthorSession } from "./request/author-session.js";
export type { CommandOverrides, CommandSettings } from "./request/command-overrides.js";
export type { CredentialSource, ProfileSource, SourceName } from "./request/credential-source.js";
export type { ExactInstance, IntegrationInstance } from "./request/integration-instance.js";
export type { NetworkSettings } from "./request/network-settings.js";
export type { SessionTags } from "./request/session-tags.js";
export type { SourceRoleSettings } from "./request/source-role.js";
export type { StsSettings } from "./request/sts-settings.js";
export type { WebIdentitySource } from "./request/web-identity.js";
export type { CredentialResolverOptions } from "./resolver-options.js";
export type {
  ClientOptions,
  CredentialResolver,
  ProviderOptions,
  ResolveOptions,
  ResolverStats,
  SessionOptions,
  VerifiedIdentity,
  VerifyOptions,
  WaitOptions,
} from "./resolver-types.js";
export type { Runtime } from "./runtime.js";
export type { AwsCredentialIdentity, CredentialProvider } from "./sdk-types.js";
export type { SessionCredentials } from "./session/session-credentials.js";
export type { CallerIdentity } from "./sources/caller-identity.js";
export type { StsClientContext, StsClientOption, StsLike } from "./sources/sts-clients.js";
export { type CredentialStore, StoreError, type StoreLock } from "./store/credential-store.js";
export type { EncryptionKey } from "./store/encryption-keys.js";
export type { RecordFault } from "./store/sealed-record.js";
