import type { ClientConfigOf, SdkClientConstructor } from "../clients/client-types.js";
import type { Place } from "./outcome.js";
import type { RunScope } from "./run-scope.js";
import type { Turn } from "./run-targets.js";

/** One account and region of a run. */
export interface Target extends Place {
  /** Aborts when the target times out or the run is aborted. Clients from {@link Target.client} use this signal. */
  readonly signal: AbortSignal;
  /**
   * Creates a client that acts as the account's role, in the target's region. See `getClientForCommand`. Its calls are
   * aborted when `signal` aborts, unless you pass them another signal.
   */
  client<K extends SdkClientConstructor>(Client: K, clientConfig?: ClientConfigOf<K>): InstanceType<K>;
}

export function createTarget(
  scope: RunScope,
  { account, signal }: Turn,
  region: string,
  common: object | undefined,
): Target {
  const { id, name, roleArn } = account;
  return {
    accountId: id,
    ...(name !== undefined && { accountName: name }),
    region,
    roleArn,
    signal,
    client: <K extends SdkClientConstructor>(Client: K, clientConfig?: ClientConfigOf<K>) => {
      const config = common || clientConfig ? { ...common, ...clientConfig } : undefined;
      return abortWith(signal, scope.client(Client, account, region, config));
    },
  };
}

type Send = (command: unknown, ...rest: readonly unknown[]) => unknown;

/** Overrides `send`. The client pool gives each caller its own view of a client, so other callers are not affected. */
function abortWith<C extends object>(signal: AbortSignal, client: C): C {
  const { send } = client as unknown as { send: Send };
  const sendUntilAborted: Send = (command, ...rest) => {
    const [first, ...others] = typeof rest[0] === "function" ? [undefined, ...rest] : rest;
    const options = (first ?? {}) as { abortSignal?: unknown };
    const abortSignal = options.abortSignal ?? signal;
    return Reflect.apply(send, client, [command, { ...options, abortSignal }, ...others]);
  };
  return Object.assign(client, { send: sendUntilAborted });
}
