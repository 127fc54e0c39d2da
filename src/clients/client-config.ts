import type { Network } from "../request/network-settings.js";
import { conflict, isGiven, namesIn, readRecord, readSetting } from "../request/validation.js";
import { MANAGED_KEYS } from "./client-types.js";
import { customHandlerError } from "./shared-handlers.js";

/** The caller's configuration without what is not given: `undefined` must not undo a default of ours. */
export function readClientConfig(value: unknown): Record<string, unknown> | undefined {
  if (!isGiven(value)) return undefined;
  const settings = readRecord("options.clientConfig", value, "an object, the client's own configuration");
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
      "Set the region in the command or the instance, and the identity by roleArn or instance.credentials.",
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
    `is set, and instance.network.maxAttempts is ${maxAttempts}`,
    `Set maxAttempts to a number of at most ${maxAttempts}, or leave it out.`,
  );
}

/** Only configuration that can be compared is shared: two functions may differ in all that they do. */
export function isPlain(config: Record<string, unknown>): boolean {
  return Object.values(config).every(
    (value) => value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value),
  );
}

export function readUserAgent(value: unknown): readonly unknown[] {
  if (!isGiven(value)) return [];
  return Array.isArray(value) ? value : [[value]];
}
