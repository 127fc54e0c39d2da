import type { SdkClientConstructor } from "./clients/client-types.js";
import { createCredentialResolver } from "./credential-resolver.js";
import type { CommandOverrides } from "./request/command-overrides.js";
import type { ExactInstance, IntegrationInstance } from "./request/integration-instance.js";
import { invalid, isGiven, readSetting, readSettings } from "./request/validation.js";
import type { ClientOptions, CredentialResolver } from "./resolver-types.js";

/** What the author of a command may say about its client, and who makes it. */
export interface GetClientOptions<K extends SdkClientConstructor> extends ClientOptions<K> {
  /** The resolver to use. Default: the one set by {@link setDefaultResolver}, else one that is made on first use. */
  resolver?: CredentialResolver | undefined;
}

const OPTIONS = ["resolver", "session", "clientConfig", "fresh", "minRemaining"] as const;

let defaultResolver: CredentialResolver | undefined;

/**
 * Sets the resolver that {@link getClientForCommand} uses, for all of the process. `undefined`: the next call makes a
 * new one with default options. The one that was set before is not closed.
 */
export function setDefaultResolver(resolver: CredentialResolver | undefined): void {
  assertResolver("resolver", resolver);
  defaultResolver = resolver;
}

/**
 * A ready AWS SDK v3 client for one command: it acts as the command's role, else the instance's, else as the base
 * identity itself, in the command's region, with credentials that are never stale. Synchronous: wrong settings throw
 * here, credentials resolve at the first `send`. Clients of the same settings share their session and their sockets; what
 * you change in yours stays there, and its `destroy()` is harmless.
 *
 * @param Client the class of the client, such as `EC2Client`
 * @param instance what the administrator configured
 * @param command the command's arguments, of which `roleArn`, `roleSessionName`, `roleSessionDuration` and `region` are read
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

/** The resolver of callers who name none. */
export function currentResolver(): CredentialResolver {
  defaultResolver ??= createCredentialResolver();
  return defaultResolver;
}
