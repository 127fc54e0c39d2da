import { type CommandOverrides, pickCommandSettings } from "./command-overrides.js";
import { findDefinedInstance, type InstanceSettings } from "./integration-instance.js";
import { envTrust } from "./network-settings.js";
import { envRegion } from "./precedence.js";
import { createRoleRequest, type RoleRequest } from "./role-request.js";
import { isGiven } from "./validation.js";

/**
 * Caches requests, so that equal commands are validated and hashed only once. Only for defined instances: a plain object
 * may change between commands.
 */
export class KnownRequests {
  readonly #maxRequests: number;
  #byInstance = new WeakMap<InstanceSettings, Map<string, RoleRequest>>();
  #size = 0;

  constructor(maxRequests: number) {
    this.#maxRequests = maxRequests;
  }

  /** Like {@link createRoleRequest}. Every call must pass the same platform. */
  get(...[instance, command, session, env, platform]: Parameters<typeof createRoleRequest>): RoleRequest {
    const defined = findDefinedInstance(instance);
    if (!defined || isGiven(session)) return createRoleRequest(instance, command, session, env, platform);
    const overrides = pickCommandSettings(command);
    const name = toName(overrides, env);
    const known = name === undefined ? undefined : this.#byInstance.get(defined)?.get(name);
    if (known) return known;
    const request = createRoleRequest(instance, overrides as CommandOverrides, session, env, platform);
    // Keys in the environment may change.
    if (name !== undefined && request.chain.base.kind !== "environment") this.#remember(defined, name, request);
    return request;
  }

  /** Clears the cache when it is full. Requests in use are soon cached again. */
  #remember(instance: InstanceSettings, name: string, request: RoleRequest): void {
    if (this.#size++ >= this.#maxRequests) {
      this.#byInstance = new WeakMap();
      this.#size = 1;
    }
    const requests = this.#byInstance.get(instance) ?? new Map<string, RoleRequest>();
    this.#byInstance.set(instance, requests.set(name, request));
  }
}

/** The cache key within a defined instance: everything a request depends on. `undefined` if a setting may be invalid. */
function toName(
  { roleArn, roleSessionName, roleSessionDuration, region }: Record<string, unknown>,
  env: Record<string, string | undefined>,
): string | undefined {
  const parts = [roleArn, roleSessionName, roleSessionDuration, region, envRegion(env).region, envTrust(env)];
  return parts.every(isWordOrNumber) ? parts.join("\n") : undefined;
}

/** No valid setting is empty or contains a line feed, so two different commands never share a name. */
function isWordOrNumber(part: unknown): boolean {
  return (
    !isGiven(part) || typeof part === "number" || (typeof part === "string" && part !== "" && !part.includes("\n"))
  );
}
