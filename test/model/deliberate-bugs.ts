import { AsyncResource } from "node:async_hooks";
import { isDeepStrictEqual } from "node:util";
import {
  type CredentialResolver,
  type CredentialResolverOptions,
  createCredentialResolver,
  isRolecallError,
  type SessionCredentials,
} from "../../src/index.js";
import { wrapResolver } from "../support/wrapped-resolver.js";
import type { Invariant } from "./invariants.js";
import { EXPIRY_MARGIN } from "./reference-model.js";
import type { CreateResolver } from "./world.js";

/** A plausible mistake, wrapped around the resolver or its inputs. */
export interface DeliberateBug {
  readonly createResolver: CreateResolver;
  /** The invariants that it breaks. Which one is found first is random. */
  readonly breaks: readonly Invariant[];
}

type Resolve = CredentialResolver["resolve"];
type Asked = Parameters<Resolve>;

/** The bug is in `resolve`. */
function inResolve(
  make: (resolver: CredentialResolver, options: CredentialResolverOptions) => Resolve,
): CreateResolver {
  return (options) => {
    const resolver = createCredentialResolver(options);
    return wrapResolver(resolver, { resolve: make(resolver, options) });
  };
}

/** The bug is in the resolver's reaction when a service rejects a session. */
function inRefusals(react: (resolver: CredentialResolver, ...asked: Asked) => void): CreateResolver {
  return (options) => {
    const resolver = createCredentialResolver(options);
    const getClientForCommand: CredentialResolver["getClientForCommand"] = (Client, instance, command, given) => {
      const { requestHandler, ...clientConfig } = (given?.clientConfig ?? {}) as { requestHandler: Handler };
      const handle: Handler["handle"] = async (request) => {
        const answer = await requestHandler.handle(request);
        if (answer.response.statusCode === 400) react(resolver, instance, command, sessionOf(given));
        return answer;
      };
      const watched: object = { ...given, clientConfig: { ...clientConfig, requestHandler: { handle } } };
      return resolver.getClientForCommand(Client, instance, command, watched as typeof given);
    };
    return wrapResolver(resolver, { getClientForCommand });
  };
}

interface Handler {
  handle(request: unknown): Promise<{ response: { statusCode: number } }>;
}

/** One object that all callers of the same request share. */
function oneForEach<T>(make: () => T): (...asked: Asked) => T {
  const made: { key: unknown; value: T }[] = [];
  return (instance, command, options) => {
    const key = [instance, command, options?.session];
    const known = made.find((one) => isDeepStrictEqual(one.key, key));
    if (known) return known.value;
    const value = make();
    made.push({ key, value });
    return value;
  };
}

const sessionOf = (options: Pick<NonNullable<Asked[2]>, "session"> | undefined) =>
  options?.session ? { session: options.session } : {};
const wishes = (options: Asked[2]) => options?.forceRefresh === true || options?.minRemaining !== undefined;
const lifeLeft = (session: SessionCredentials, { runtime }: CredentialResolverOptions) =>
  (session.expiration?.getTime() ?? 0) - (runtime?.now?.() ?? Date.now());

export const BUGS: Readonly<Record<string, DeliberateBug>> = {
  "a session is shared with callers who ask for another session name": {
    createResolver: inResolve((resolver, options) => {
      const sessions = new Map<string, { name: unknown; session: SessionCredentials }>();
      return async (instance, command, wish) => {
        const session = await resolver.resolve(instance, command, wish);
        const { roleSessionName: name, ...others } = command ?? {};
        const key = JSON.stringify([instance, others, wish?.session]);
        const known = sessions.get(key);
        sessions.set(key, { name, session });
        const isShared = known && known.name !== name && lifeLeft(known.session, options) > 60_000;
        return isShared && !wishes(wish) ? known.session : session;
      };
    }),
    breaks: ["no other key's session"],
  },
  "a role has one session, whichever hub assumes it": {
    createResolver: inResolve((resolver, options) => {
      const lastOf = oneForEach<{ session?: SessionCredentials }>(() => ({}));
      return async (instance, command, wish) => {
        const last = lastOf({ ...instance, sourceRole: undefined }, command, wish);
        const known = last.session && lifeLeft(last.session, options) > 60_000 ? last.session : undefined;
        last.session = await resolver.resolve(instance, command, wish);
        return known && !wishes(wish) ? known : last.session;
      };
    }),
    breaks: ["no other key's session"],
  },
  "the base identity assumes a role whose hub fails": {
    createResolver: inResolve(
      (resolver) => (instance, command, wish) =>
        resolver.resolve(instance, command, wish).catch((error) => {
          if (error.step !== "source-role") throw error;
          return resolver.resolve({ ...instance, sourceRole: undefined }, command, wish);
        }),
    ),
    breaks: ["no other key's session", "a key's work runs in the context of its own callers"],
  },
  "the sessions of a machine that gets another role are kept": {
    createResolver({ instanceProfile, ...options }) {
      const read = instanceProfile as NonNullable<CredentialResolverOptions["instanceProfile"]>;
      return createCredentialResolver({
        ...options,
        instanceProfile: async () => ({ ...(await read()), accountId: "111122223333" }),
      });
    },
    breaks: ["no other key's session", "nothing dropped comes back", "the newest session is served"],
  },
  "a caller who must wait starts a load of its own": {
    createResolver(options) {
      const resolver = createCredentialResolver(options);
      const another = createCredentialResolver(options);
      const waitingFor = oneForEach(() => ({ callers: 0 }));
      return wrapResolver(resolver, {
        async resolve(...asked) {
          const waiting = waitingFor(...asked);
          const isLoading = waiting.callers > 0 && resolver.stats().assumeRoleInFlight > 0;
          waiting.callers++;
          try {
            return await (isLoading ? another : resolver).resolve(...asked);
          } finally {
            waiting.callers--;
          }
        },
        async close() {
          await Promise.all([resolver.close(), another.close()]);
        },
      });
    },
    breaks: ["one flight per key"],
  },
  "an expired session is served to callers who ask for no minimum of life": {
    createResolver: inResolve((resolver, options) => {
      const lastOf = oneForEach<{ session?: SessionCredentials }>(() => ({}));
      return async (...asked) => {
        const last = lastOf(...asked);
        const isExpired = last.session && lifeLeft(last.session, options) <= EXPIRY_MARGIN;
        if (last.session && isExpired && asked[0].roleArn && !wishes(asked[2])) return last.session;
        last.session = await resolver.resolve(...asked);
        return last.session;
      };
    }),
    breaks: ["no expired session"],
  },
  "an invalidated session is served again": {
    createResolver(options) {
      const resolver = createCredentialResolver(options);
      const keyOf = oneForEach<{ session?: SessionCredentials; dropped?: SessionCredentials | undefined }>(() => ({}));
      return wrapResolver(resolver, {
        async resolve(...asked) {
          const key = keyOf(...asked);
          if (key.dropped && lifeLeft(key.dropped, options) > 0 && !wishes(asked[2])) return key.dropped;
          key.session = await resolver.resolve(...asked);
          return key.session;
        },
        async invalidate(instance, command, given) {
          const key = keyOf(instance, command, sessionOf(given));
          key.dropped = key.session;
          await resolver.invalidate(instance, command, given);
        },
      });
    },
    breaks: ["nothing dropped comes back", "the newest session is served", "no expired session"],
  },
  "a caller's abort ends the wait of all": {
    createResolver: inResolve((resolver) => {
      const waitingFor = oneForEach(() => new Set<(error: unknown) => void>());
      return (...asked) => {
        const waiting = waitingFor(...asked);
        return new Promise((resolve, reject) => {
          waiting.add(reject);
          resolver.resolve(...asked).then(resolve, (error) => {
            const ended = isRolecallError(error) && error.code === "ABORTED" ? waiting : [reject];
            for (const end of ended) end(error);
          });
        });
      };
    }),
    breaks: ["an abort frees one caller at once"],
  },
  "the base keys that STS refused are kept": {
    createResolver({ instanceProfile, ...options }) {
      const read = instanceProfile as () => Promise<{ expiration: Date }>;
      let kept: { expiration: Date } | undefined;
      return createCredentialResolver({
        ...options,
        async instanceProfile() {
          const now = options.runtime?.now?.() ?? 0;
          if (!kept || kept.expiration.getTime() - now < 3_600_000) kept = await read();
          return kept;
        },
      } as CredentialResolverOptions);
    },
    breaks: ["keys that were refused are replaced"],
  },
  "a session is refreshed ahead if it was ever asked for": {
    createResolver(options) {
      const resolver = createCredentialResolver(options);
      const timers = new Map<string, () => void>();
      return wrapResolver(resolver, {
        async resolve(instance, command, wish) {
          const session = await resolver.resolve(instance, command, wish);
          if (timers.has(session.accessKeyId) || !instance.roleArn) return session;
          const ask = () => void resolver.resolve(instance, command, sessionOf(wish)).catch(() => {});
          const inItsLastMinute = lifeLeft(session, options) - 60_000;
          const cancel = options.runtime?.schedule?.(inItsLastMinute, AsyncResource.bind(ask));
          if (cancel) timers.set(session.accessKeyId, cancel);
          return session;
        },
        async close() {
          for (const cancel of timers.values()) cancel();
          await resolver.close();
        },
      });
    },
    breaks: ["an idle session is left to expire"],
  },
  "a session that a service refuses is dropped at once": {
    createResolver: inRefusals((resolver, instance, command, session) => {
      void resolver.invalidate(instance, command, session);
    }),
    breaks: ["nobody waits while a session is valid", "one call per key and lifetime"],
  },
  "each refusal by a service calls STS again": {
    createResolver: inRefusals((resolver, instance, command, session) => {
      resolver.resolve(instance, command, { ...session, forceRefresh: true }).catch(() => {});
    }),
    breaks: ["one call per key and lifetime"],
  },
  "the wall clock measures how long a session has lived and a caller has waited": {
    createResolver: ({ runtime, ...options }) =>
      createCredentialResolver({ ...options, runtime: { ...runtime, monotonic: () => runtime?.now?.() ?? 0 } }),
    breaks: ["nobody waits while a session is valid", "no error while a source could answer", "nobody waits forever"],
  },
  "STS is called in the async context of whoever called it first": {
    createResolver({ stsClient, ...options }) {
      const make = stsClient as Extract<typeof stsClient, (...context: never[]) => unknown>;
      return createCredentialResolver({
        ...options,
        stsClient(context) {
          const client = make(context);
          const first = new AsyncResource("the first caller");
          return { send: (...call) => first.runInAsyncScope(() => client.send(...call)) };
        },
      });
    },
    breaks: ["a key's work runs in the context of its own callers"],
  },
  "loads go on after close": {
    createResolver(options) {
      const resolver = createCredentialResolver(options);
      return wrapResolver(resolver, { close: async () => {} });
    },
    breaks: ["nothing is left after close", "an error says what failed"],
  },
};
