import type { BaseIdentity } from "./base-identity.js";
import type { CommandOverrides } from "./command-overrides.js";
import type { IntegrationInstance } from "./integration-instance.js";
import type { ChosenSettings } from "./precedence.js";
import { decideRequest, type RoleRequest, sessionKeyParts } from "./role-request.js";

/** A request as people want to see it: what it is, where each setting comes from, and what its key is made of. */
export interface ExplainedRequest {
  readonly request: RoleRequest;
  readonly chosen: ChosenSettings;
  /** What the key is the hash of. It holds the external id: never to be shown whole. */
  readonly keyParts: Readonly<Record<string, unknown>>;
}

/**
 * The request that `createRoleRequest` makes of the same arguments, explained.
 * @throws RolecallError the same
 */
export function explainRoleRequest(
  instance: IntegrationInstance,
  command: CommandOverrides | null | undefined,
  env: Record<string, string | undefined>,
): ExplainedRequest {
  const { request, chosen, instance: settings } = decideRequest(instance, command, undefined, env);
  const { assumption, base } = request;
  const keyParts = assumption ? sessionKeyParts(settings, assumption, chosen.trust) : { base: base.keyPart };
  return { request, chosen, keyParts };
}

/** Of static keys. Of another base identity nobody knows it before it is read. */
export function accessKeyIdOf({ kind, keyPart }: BaseIdentity): string | undefined {
  return kind === "static" ? keyPart.split(":")[1] : undefined;
}
