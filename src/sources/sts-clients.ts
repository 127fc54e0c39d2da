import { boundedCache } from "../bounded-cache.js";
import { buildUserAgent } from "../clients/client-config.js";
import { findMiddlewareStack } from "../clients/sdk-middleware.js";
import type { SharedHandlers } from "../clients/shared-handlers.js";
import { RolecallError } from "../errors.js";
import { once } from "../once.js";
import { canonicalJson } from "../request/canonical.js";
import type { StsTarget } from "../request/chain.js";
import { ANYBODY } from "../request/network-settings.js";
import { findDefaultRegion, mayBeInPartition } from "../request/regions.js";
import { hasMethods, invalid } from "../request/validation.js";
import { STSClient } from "../sdk/sts.js";
import type { SessionCredentials } from "../session/session-credentials.js";
import { checkedEndpoint } from "./checked-endpoint.js";
import type { Machine } from "./machine.js";
import { makeOfSts, unusableSts } from "./make-of-sts.js";
import type { StsCaller } from "./sts-caller.js";

/** The part of an STS client that the library uses. The SDK's `STSClient` fits, and so does a mock of it. */
export interface StsLike {
  send(command: object, options?: { abortSignal?: AbortSignal }): Promise<unknown>;
}

/** The settings that your own STS client must use. */
export interface StsClientContext {
  /** The identity that makes the call. Read it only when you sign a request, not earlier. */
  readonly credentials: (() => Promise<SessionCredentials>) & { readonly memoized: true };
  /** The region of the endpoint. */
  readonly region: () => Promise<string>;
  readonly endpoint?: string;
  readonly useFipsEndpoint?: boolean;
  readonly useDualstackEndpoint?: boolean;
  /** An SDK request handler with the settings of `instance.network`. It is shared: do not destroy it. */
  readonly requestHandler?: Readonly<Record<string, unknown>>;
}

export type StsClientOption = StsLike | ((context: StsClientContext) => StsLike);

/** An STS client, and the region that it calls. */
export interface StsEndpoint {
  readonly client: StsLike;
  readonly region: () => Promise<string>;
  /** The machine's region, once it is known to be outside the role's partition. */
  foreignRegion?: string | undefined;
}

export interface StsClientsOptions {
  stsClient: StsClientOption | undefined;
  requestHandler: object | undefined;
  handlers: SharedHandlers;
  machine: Pick<Machine, "region">;
}

const MAX_STS_CLIENTS = 1000;

/** STS clients by caller and endpoint. Each remembers AWS's time, so a wrong clock costs each client only one call. */
export class StsClients {
  readonly #clients = boundedCache<StsEndpoint>(MAX_STS_CLIENTS);
  readonly #options: StsClientsOptions;

  constructor(options: StsClientsOptions) {
    this.#options = options;
  }

  /** Whether the option `stsClient` is set. */
  get injected(): boolean {
    return this.#options.stsClient !== undefined;
  }

  /** Whether a client or request handler from the options makes the connections. */
  get customTransport(): boolean {
    return this.#options.stsClient !== undefined || this.#options.requestHandler !== undefined;
  }

  for(caller: StsCaller, target: StsTarget): StsEndpoint {
    const key = `${caller.key} ${canonicalJson(target)}`;
    const known = this.#clients.get(key);
    if (known) return known;
    const region = once(async () => {
      const ask = () =>
        this.#options.machine.region().catch((error) => {
          // A client keeps its region, so the next call must create another and read the machine's region again.
          if (this.#clients.get(key) === made) this.#clients.delete(key);
          throw error;
        });
      const found = await regionOf(target, ask);
      made.foreignRegion = found.foreignRegion;
      return found.region;
    });
    const made: StsEndpoint = { client: this.#create(caller, target, region), region };
    this.#clients.set(key, made);
    return made;
  }

  #create(
    caller: StsCaller,
    { endpoint, useFipsEndpoint, useDualstackEndpoint, network, trust, plainHttp }: StsTarget,
    region: () => Promise<string>,
  ): StsLike {
    const { stsClient, requestHandler, handlers } = this.#options;
    const context: StsClientContext = {
      credentials: caller.credentials,
      region,
      ...(endpoint !== undefined && { endpoint }),
      ...(useFipsEndpoint !== undefined && { useFipsEndpoint }),
      ...(useDualstackEndpoint !== undefined && { useDualstackEndpoint }),
      ...(network && {
        requestHandler: { ...makeOfSts("STSClient", () => handlers.find(STSClient)?.shared(network, false)) },
      }),
    };
    if (typeof stsClient === "function") return readMadeClient(stsClient(context));
    if (stsClient) return stsClient;
    const config = {
      ...(endpoint !== undefined && { useFipsEndpoint: false, useDualstackEndpoint: false }), // not the environment's
      ...context,
      maxAttempts: 1, // p-retry is the only retry loop
      customUserAgent: buildUserAgent(),
    };
    const client: object = makeOfSts("STSClient", () =>
      requestHandler
        ? new STSClient({ ...config, requestHandler: requestHandler as never })
        : handlers.create(STSClient, config, {}, network, trust !== ANYBODY),
    );
    if (!hasMethods("STSClient", client, "send")) throw unusableSts("STSClient");
    const check = checkedEndpoint(region, plainHttp ?? false);
    const options = { step: "finalizeRequest", name: "rolecallCheckedEndpoint", priority: "high" } as const;
    findMiddlewareStack(client)?.add(check, options);
    return client as StsLike;
  }
}

/** @throws RolecallError `INVALID_REQUEST` for anything but a client, such as the promise of an async function */
function readMadeClient(made: unknown): StsLike {
  if (hasMethods("options.stsClient()", made, "send")) return made as StsLike;
  if (made instanceof Promise) made.catch(() => {}); // avoids an unhandled rejection
  throw invalid("options.stsClient()", made, "an object with send, not a promise that resolves to one");
}

/**
 * The region in the settings. If none is set: the machine's region if it is in the role's partition, otherwise the
 * partition's default.
 */
async function regionOf(
  { region, partition }: StsTarget,
  instanceRegion: () => Promise<string>,
): Promise<{ region: string; foreignRegion?: string }> {
  if (region !== undefined) return { region };
  const fallback = partition && findDefaultRegion(partition);
  try {
    const own = await instanceRegion();
    if (!partition || mayBeInPartition(own, partition)) return { region: own };
    if (fallback) return { region: fallback, foreignRegion: own };
  } catch (error) {
    if (!fallback) throw error;
    return { region: fallback };
  }
  throw new RolecallError("INVALID_REQUEST", `The library has no default STS region for the partition ${partition}.`, {
    step: "request",
    field: "instance.sts.region",
    hint: "Set instance.sts.region.",
  });
}
