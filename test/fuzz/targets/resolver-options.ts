import fc from "fast-check";
import type { CredentialStore } from "../../../src/index.js";
import { createMemoryStore } from "../../../src/testing/index.js";
import {
  anyOf,
  callWith,
  functionOf,
  garbage,
  mostly,
  type RecipeArbitrary,
  settings,
  settlingFunction,
} from "../arbitraries.js";
import { EXTERNAL_ID, GUARDED_ROLE, ROLE } from "../cast.js";
import { judgeRole } from "../expected-role.js";
import { lab, odd } from "../recipe.js";
import { credentialProvider, encryptionKeys } from "../settings.js";
import type { Target } from "../target.js";

/** An AWS client's response to AssumeRole, or an invalid one. */
const stsAnswer = settings({
  Credentials: settings({
    AccessKeyId: anyOf("ASIAIOSFODNN7EXAMPLE"),
    SecretAccessKey: anyOf("secret"),
    SessionToken: anyOf("token"),
    Expiration: fc.constantFrom(odd("date"), odd("invalid date"), odd("Infinity")),
  }),
  AssumedRoleUser: settings({
    Arn: anyOf("arn:aws:sts::123456789012:assumed-role/Inventory/x"),
    AssumedRoleId: anyOf("x"),
  }),
  $metadata: settings({}),
});
const stsClient = settings({ send: settlingFunction(mostly(stsAnswer)) }, { required: ["send"] });
const handler = settings(
  { handle: settlingFunction(garbage), destroy: settlingFunction(garbage) },
  { required: ["handle"] },
);

const method = fc.oneof(settlingFunction(garbage), functionOf(garbage));
const store: RecipeArbitrary = fc.oneof(
  fc.constant(lab("memory store")),
  settings(
    { scope: anyOf("here"), get: method, set: method, delete: method, lock: method, encryptionKeys },
    { required: ["scope", "get", "set", "delete"], garbageFor: { encryptionKeys } },
  ),
);

const resolverOptions = settings(
  {
    stsClient: fc.oneof(stsClient, settlingFunction(stsClient)),
    instanceProfile: credentialProvider,
    requestHandler: handler,
    store,
    maxSessions: anyOf(1, 10),
    maxClients: anyOf(1),
    refresh: settings({ advisoryWindow: anyOf(1000), ahead: anyOf(true, false) }),
    assumeRole: settings({
      maxConcurrent: anyOf(1, 25),
      attempts: anyOf(1, 2),
      attemptTimeout: anyOf(3000),
      timeout: anyOf(10_000),
    }),
    runtime: fc.constant(lab("hasty runtime")),
  },
  { required: ["runtime"] },
);

const INSTANCE = { roleArn: ROLE };
const OTHER_INSTANCE = { roleArn: GUARDED_ROLE, externalId: EXTERNAL_ID };

/**
 * How a hostile store responds: correctly, or with its own function. `"record of another"` returns another key's
 * record.
 */
type StoreAnswer =
  | "works"
  | "record of another"
  | "record cut short"
  | "huge record"
  | "changed record"
  | ((...args: unknown[]) => unknown);

const ownAnswer = fc.oneof(anyOf("works"), anyOf("works"), method);
const recordAnswer = fc.oneof(
  anyOf("record of another", "record cut short", "huge record", "changed record"),
  ownAnswer,
);
const lockAnswer = fc.oneof(
  ownAnswer,
  settlingFunction(fc.oneof(anyOf(false, 0, "", null, true), garbage)),
  settlingFunction(settings({ release: method }, { required: ["release"] })),
);

const MiB = 2 ** 20;

function hostileStore(
  good: ReturnType<typeof createMemoryStore>,
  [get, set, remove, lock]: StoreAnswer[],
): CredentialStore {
  const records = () => [...good.records().values()];
  const reader = async (key: string): Promise<string | undefined> => {
    const record = await good.get(key);
    if (get === "record of another") return records().find((other) => other !== record);
    if (get === "record cut short") return record?.slice(0, record.length / 2);
    if (get === "changed record") return record?.replace(/[a-z0-9](?=[^a-z0-9]*$)/i, "x");
    return get === "huge record" ? `${record ?? "["}${"[".repeat(8 * MiB)}` : record;
  };
  const orGood = <F>(answer: StoreAnswer | undefined, own: F): F =>
    typeof answer === "function" ? (answer as F) : own;
  return {
    scope: good.scope,
    get: orGood(get, reader),
    set: orGood(set, good.set),
    delete: orGood(remove, good.delete),
    lock: orGood(lock, good.lock),
  };
}

export const resolverOptionTargets: readonly Target[] = [
  {
    name: "createCredentialResolver",
    input: callWith(resolverOptions),
    async attempt(lab, [options]) {
      const resolver = lab.resolverAsGiven(options);
      await resolver.resolve(INSTANCE);
      return resolver.stats().sessions > 0;
    },
  },
  {
    name: "hostile stores",
    input: callWith(recordAnswer, ownAnswer, ownAnswer, lockAnswer),
    /** Whatever the store does, each of the two roles gets its own session. */
    async attempt(lab, answers) {
      const good = createMemoryStore(Object.assign(Object.create(null), { scope: "fuzz" })); // inherits nothing
      const store = hostileStore(good, answers as StoreAnswer[]);
      const credentials = lab.things("user keys") as never;
      const arns: (string | undefined)[] = [];
      for (const instance of [INSTANCE, OTHER_INSTANCE, INSTANCE]) {
        const resolver = lab.resolver({ store });
        const session = await resolver.resolve({ ...instance, credentials });
        arns.push(session.assumedRoleArn);
        await resolver.invalidate({ ...instance, credentials });
      }
      return arns.map((arn) => arn?.split("/")[1]).join();
    },
    judge: ({ aws }, _args, roles) => [
      ...(roles === "Inventory,Guarded,Inventory" ? [] : [`sessions of other roles: ${String(roles)}`]),
      ...aws.requests
        .filter(({ operation }) => operation === "AssumeRole")
        .flatMap(({ roleArn }) => judgeRole(roleArn, { instance: roleArn === ROLE ? INSTANCE : OTHER_INSTANCE })),
    ],
  },
];
