import type { Network } from "../request/network-settings.js";
import { conflict, isGiven, namesIn, readRecord, readSetting } from "../request/validation.js";
import { VERSION } from "../version.js";
import { MANAGED_KEYS } from "./client-types.js";
import { customHandlerError } from "./shared-handlers.js";

/** The caller's configuration without `undefined` values, which would override the library's defaults. */
export function readClientConfig(value: unknown): Record<string, unknown> | undefined {
  if (!isGiven(value)) return undefined;
  const settings = readRecord("options.clientConfig", value, "an object with the client's configuration");
  const config: Record<string, unknown> = {};
  for (const name of namesIn("options.clientConfig", settings)) {
    const setting = readSetting("options.clientConfig", settings, name);
    if (setting !== undefined) config[name] = setting;
  }
  if (Object.keys(config).length === 0) return undefined;
  const managed = MANAGED_KEYS.find((key) => Object.hasOwn(config, key) && config[key] !== null);
  if (managed) {
    throw conflict(
      `options.clientConfig.${managed}`,
      "is set by the library",
      "Set the region in the command or the instance, and the identity with roleArn or instance.credentials.",
    );
  }
  return config;
}

/** The author's configuration may tighten the administrator's network settings, never bypass them. */
export function assertWithinNetwork({ maxAttempts }: Network, clientConfig: Record<string, unknown>): void {
  if (isGiven(clientConfig.requestHandler)) throw customHandlerError("options.clientConfig");
  if (maxAttempts === undefined) return;
  const { maxAttempts: wanted, retryStrategy } = clientConfig;
  const isWithin = !isGiven(wanted) || (typeof wanted === "number" && wanted <= maxAttempts);
  if (isWithin && !isGiven(retryStrategy)) return;
  throw conflict(
    `options.clientConfig.${isWithin ? "retryStrategy" : "maxAttempts"}`,
    `conflicts with instance.network.maxAttempts, which is ${maxAttempts}`,
    `Remove the setting. clientConfig.maxAttempts can be ${maxAttempts} or lower.`,
  );
}

/** Whether the configuration can be part of a pool key. Functions and objects cannot be compared by value. */
export function isComparable(config: Record<string, unknown>): boolean {
  return Object.values(config).every(
    (value) => value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value),
  );
}

/** Builds the SDK's `customUserAgent` from name and version pairs: the library, the integration, then `custom`. */
export function buildUserAgent(integration?: string, custom?: unknown): [name: string, version?: string][] {
  const pairs: [string, string?][] = [["aws-rolecall", VERSION]];
  if (integration !== undefined) pairs.push(["md/integration", integration]);
  if (Array.isArray(custom)) return [...pairs, ...custom];
  return isGiven(custom) ? [...pairs, [custom as string]] : pairs;
}
