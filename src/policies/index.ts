export type { CommandPermission, CommandPermissions } from "./command-permissions.js";
export { commandPolicy } from "./command-policy.js";
export { type Ec2TrustPolicyOptions, ec2TrustPolicy } from "./ec2-trust-policy.js";
export { formatPolicy, type PolicyFormat } from "./format-policy.js";
export { type IdentityPolicyOptions, type IdentityPolicyVariant, identityPolicy } from "./identity-policy.js";
export {
  type EcsMachineOptions,
  type IrsaMachineOptions,
  type MachineTrustPolicyOptions,
  machineTrustPolicy,
  type PodIdentityMachineOptions,
  type ServiceMachineOptions,
} from "./machine-trust-policy.js";
export { permissionsTable } from "./permissions-table.js";
export type {
  Machine,
  PolicyDocument,
  PolicyStatement,
  PolicyWarning,
  PolicyWarningCode,
  SetupPolicy,
} from "./policy-document.js";
export { type RolePermissionsOptions, rolePermissions } from "./role-permissions.js";
export type { RolesAndSettings } from "./roles-and-settings.js";
export { type TrustPolicyOptions, trustPolicy } from "./trust-policy.js";
