import type { AuthorSession } from "./author-session.js";
import { type CommandOverrides, type CommandSettings, pickCommandSettings } from "./command-overrides.js";
import {
  INSTANCE_KEYS,
  type InstanceSettings,
  type IntegrationInstance,
  readInstance,
} from "./integration-instance.js";
import { envTrust } from "./network-settings.js";
import { copyPlain, isAsCopied, NOT_PLAIN } from "./plain-copy.js";
import { envRegion } from "./precedence.js";
import { mayBeInPartition } from "./regions.js";
import { createRoleRequest, mergeRequest, type RoleRequest } from "./role-request.js";
import { isGiven, isRecord, readSetting } from "./validation.js";

const KNOWN_KEYS: ReadonlySet<string> = new Set(INSTANCE_KEYS);

/** An instance as it was when the requests were made from it. */
interface KnownInstance {
  readonly copied: IntegrationInstance;
  /** What was read of the copy, by the first request that was right so far. */
  settings: InstanceSettings | undefined;
  /** The region that the environment named then; `undefined` also where the instance names one. */
  readonly envRegion: string | undefined;
  readonly envTrust: string | undefined;
  readonly requests: Map<string, RoleRequest>;
  latest: RoleRequest | undefined;
}

/**
 * Role requests that were made before, so that a command which differs in nothing that matters is not validated and
 * hashed again. An instance is compared with what it was, value by value and in depth: whatever changes in it, the next
 * command sees. What a request is made from is the copy, so that both can never disagree.
 */
export class RequestMemo {
  readonly #maxRequests: number;
  #instances = new WeakMap<object, KnownInstance>();
  #size = 0;

  constructor(maxRequests: number) {
    this.#maxRequests = maxRequests;
  }

  /** The request that {@link createRoleRequest} makes of the same arguments. It throws the same errors. */
  get(
    instance: IntegrationInstance,
    command: CommandOverrides | null | undefined,
    session: AuthorSession | null | undefined,
    env: Record<string, string | undefined>,
  ): RoleRequest {
    const known = isGiven(session) ? undefined : this.#tryKnown(instance, env);
    if (!known) return createRoleRequest(instance, command, session, env);
    const settings = pickCommandSettings(command);
    const key = keyOf(settings);
    const before = key !== undefined && known.requests.get(key);
    if (before) return before;
    known.settings ??= readInstance(known.copied);
    const request = mergeRequest(known.settings, settings, session, env, known.latest);
    known.latest = request;
    if (key !== undefined && !mayTakeRegionOfEnv(known, request)) this.#remember(known, key, request);
    return request;
  }

  /** What cannot be read is read again where the error names it. */
  #tryKnown(instance: IntegrationInstance, env: Record<string, string | undefined>): KnownInstance | undefined {
    try {
      return this.#known(instance, env);
    } catch {
      return undefined;
    }
  }

  /** `undefined` for what has to be read anew each time: a value that could change unseen, or a wrong one. */
  #known(instance: IntegrationInstance, env: Record<string, string | undefined>): KnownInstance | undefined {
    for (const key in instance) if (!KNOWN_KEYS.has(key)) return undefined;
    const known = this.#instances.get(instance);
    const region = isGiven(instance.region) ? undefined : envRegion(env).region; // reading the environment is slow
    const trust = envTrust(env);
    const isSameEnv = known?.envRegion === region && known?.envTrust === trust;
    if (known && isSameEnv && isUnchanged(instance, known.copied)) return known;
    if (!isRecord(instance)) return undefined;
    const copied: Record<string, unknown> = {};
    for (const key of INSTANCE_KEYS) {
      const value = copyPlain(readSetting("instance", instance, key));
      if (value === NOT_PLAIN) return undefined;
      copied[key] = value;
    }
    const fresh: KnownInstance = {
      copied,
      settings: undefined,
      envRegion: region,
      envTrust: trust,
      requests: new Map(),
      latest: undefined,
    };
    this.#instances.set(instance, fresh);
    return fresh;
  }

  /** A full memo forgets everything: what is in use comes back at once. */
  #remember({ requests }: KnownInstance, key: string, request: RoleRequest): void {
    requests.set(key, request);
    if (++this.#size < this.#maxRequests) return;
    this.#instances = new WeakMap();
    this.#size = 0;
  }
}

/** Whether an instance's own region lies outside the role's partition, so that STS may be asked in the environment's. */
function mayTakeRegionOfEnv({ copied }: KnownInstance, { sts: { partition } }: RoleRequest): boolean {
  return isGiven(copied.region) && partition !== undefined && !mayBeInPartition(copied.region, partition);
}

/** Each setting by its name: in a loop over the names, every command would pay ten times as much. */
function isUnchanged(now: IntegrationInstance, then: IntegrationInstance): boolean {
  return (
    isAsCopied(now.roleArn, then.roleArn) &&
    isAsCopied(now.roleSessionName, then.roleSessionName) &&
    isAsCopied(now.roleSessionDuration, then.roleSessionDuration) &&
    isAsCopied(now.region, then.region) &&
    isAsCopied(now.policy, then.policy) &&
    isAsCopied(now.policyArns, then.policyArns) &&
    isAsCopied(now.tags, then.tags) &&
    isAsCopied(now.sourceIdentity, then.sourceIdentity) &&
    isAsCopied(now.externalId, then.externalId) &&
    isAsCopied(now.transitiveTagKeys, then.transitiveTagKeys) &&
    isAsCopied(now.allowedRoles, then.allowedRoles) &&
    isAsCopied(now.credentials, then.credentials) &&
    isAsCopied(now.credentialsName, then.credentialsName) &&
    isAsCopied(now.sts, then.sts) &&
    isAsCopied(now.network, then.network) &&
    isAsCopied(now.dangerouslyAllowPlainHttp, then.dangerouslyAllowPlainHttp) &&
    isAsCopied(now.integration, then.integration)
  );
}

/** No valid setting holds a space, so that two different commands never share a key. `undefined`: one may be wrong. */
function keyOf({ roleArn, roleSessionName, roleSessionDuration, region }: CommandSettings): string | undefined {
  const isUsable = isWordOrAbsent(roleArn) && isWordOrAbsent(roleSessionName) && isWordOrAbsent(region);
  if (!isUsable || !(typeof roleSessionDuration === "number" || isWordOrAbsent(roleSessionDuration))) return undefined;
  let key = roleArn ?? "";
  if (isGiven(region)) key += ` region ${region}`;
  if (isGiven(roleSessionName)) key += ` name ${roleSessionName}`;
  if (isGiven(roleSessionDuration)) key += ` duration ${roleSessionDuration}`;
  return key;
}

function isWordOrAbsent(value: unknown): boolean {
  return !isGiven(value) || (typeof value === "string" && value !== "" && !value.includes(" "));
}
