import type { SdkClientConstructor } from "./clients/client-types.js";
import { createCredentialResolver } from "./credential-resolver.js";
import type { CommandOverrides } from "./request/command-overrides.js";
import type { ExactInstance, IntegrationInstance } from "./request/integration-instance.js";
import { invalid, isGiven, readSetting, readSettings } from "./request/validation.js";
import type { ClientOptions, CredentialResolver } from "./resolver-types.js";

/** Options for one client, and the resolver that creates it. */
export interface GetClientOptions<K extends SdkClientConstructor> extends ClientOptions<K> {
  /** The resolver to use. Default: the one set with {@link setDefaultResolver}, or one that is created on first use. */
  resolver?: CredentialResolver | undefined;
}

const OPTIONS = ["resolver", "session", "clientConfig", "fresh", "minRemaining"] as const;

let defaultResolver: CredentialResolver | undefined;

/**
 * Sets the resolver that {@link getClientForCommand} uses in this process. With `undefined`, the next call creates a new
 * one with default options. The previous resolver is not closed.
 */
export function setDefaultResolver(resolver: CredentialResolver | undefined): void {
  assertResolver("resolver", resolver);
  defaultResolver = resolver;
}

/**
 * Returns a ready AWS SDK v3 client for one command. It acts as the command's role; without one, as the instance's role;
 * without either, as the base identity. It works in the command's region and always has valid credentials.
 *
 * The call is synchronous: invalid settings throw here, and the client gets its credentials on the first `send`. Clients
 * with the same settings share their session and their sockets. Changes that you make to one client don't affect the
 * others, and neither does its `destroy()`.
 *
 * @param Client the class of the client, such as `EC2Client`
 * @param instance what the administrator configured
 * @param command the command's arguments; only `roleArn`, `roleSessionName`, `roleSessionDuration` and `region` are read
 * @example
 * ```ts
 * const ec2 = getClientForCommand(EC2Client, instance, command.args);
 * const { Reservations } = await ec2.send(new DescribeInstancesCommand({}));
 * ```
 * @throws {@link RolecallError} `INVALID_REQUEST`, `ROLE_NOT_ALLOWED` or `RESOLVER_CLOSED`, before any network call
 */
export function getClientForCommand<
  K extends SdkClientConstructor,
  I extends IntegrationInstance = IntegrationInstance,
>(
  Client: K,
  instance: ExactInstance<I>,
  command?: CommandOverrides | null,
  options?: GetClientOptions<K>,
): InstanceType<K> {
  if (!isGiven(options)) return currentResolver().getClientForCommand(Client, instance, command);
  const given = readSettings("options", options, OPTIONS) as GetClientOptions<K>;
  const { resolver, ...clientOptions } = given;
  assertResolver("options.resolver", resolver);
  return (resolver ?? currentResolver()).getClientForCommand(Client, instance, command, clientOptions);
}

export function assertResolver(
  field: string,
  resolver: unknown,
): asserts resolver is CredentialResolver | null | undefined {
  if (!isGiven(resolver)) return;
  const usable =
    typeof resolver === "object" &&
    resolver !== null &&
    typeof readSetting(field, resolver, "getClientForCommand") === "function";
  if (!usable) throw invalid(field, resolver, "what createCredentialResolver() returns, or undefined");
}

/** The resolver for calls that don't name one. */
export function currentResolver(): CredentialResolver {
  defaultResolver ??= createCredentialResolver();
  return defaultResolver;
}
