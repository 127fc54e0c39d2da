import { inspect, isDeepStrictEqual } from "node:util";
import { STSClient } from "@aws-sdk/client-sts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isRolecallError } from "../../src/errors.js";
import { type CredentialResolver, createCredentialResolver } from "../../src/index.js";
import { INSTANCE_KEYS } from "../../src/request/integration-instance.js";
import type { RoleRequest } from "../../src/request/role-request.js";
import { type Input, OTHER_ROLE, ROLE, requestOf } from "./support.js";
import { anything, COMMAND_KEYS, SESSION_KEYS, wild, wildInput } from "./wild-input.js";

/** A request, or one of the library's errors that names the wrong setting. Any other throw fails the property. */
function outcomeOf(act: () => RoleRequest): RoleRequest | undefined {
  try {
    return act();
  } catch (error) {
    assertOurs(error);
    return undefined;
  }
}

function assertOurs(error: unknown): void {
  if (!isRolecallError(error)) throw error;
  expect(["INVALID_REQUEST", "ROLE_NOT_ALLOWED"]).toContain(error.code);
  expect(error.step).toBe("request");
  expect(error.hint).not.toBe("");
  if (error.code === "INVALID_REQUEST") {
    expect(error.field).toMatch(/^(instance|command|options\.session|AWS_(DEFAULT_)?REGION)/);
    expect(error.message.startsWith(`${error.field} `)).toBe(true);
    expect(error.message.length).toBeLessThan(1200);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be in a message
  expect(error.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
}

describe("invalid input leads to a request or to one of the library's errors", () => {
  const places = [
    ...INSTANCE_KEYS.map((key) => ["instance", key] as const),
    ...COMMAND_KEYS.map((key) => ["command", key] as const),
    ...SESSION_KEYS.map((key) => ["session", key] as const),
  ];

  it.each(places)("for %s.%s", (owner, key) => {
    fc.assert(
      fc.property(wild(key), fc.boolean(), (value, withRole) => {
        const input: Input = { instance: withRole ? { roleArn: ROLE } : {} };
        input[owner] = { ...(input[owner] as object), [key]: value };
        const request = outcomeOf(() => requestOf(input));
        if (request) expect(request.chain.key).toMatch(/^[\w-]{43}$/);
      }),
      { numRuns: 150 },
    );
  });

  it("for all settings at once", () => {
    fc.assert(
      fc.property(wildInput, (input) => {
        outcomeOf(() => requestOf(input));
      }),
      { numRuns: 300 },
    );
  });

  it.each(["instance", "command", "session"])("for %s as a whole", (owner) => {
    fc.assert(
      fc.property(anything, (value) => {
        outcomeOf(() => requestOf({ [owner]: value }));
      }),
    );
  });

  it("without any call to STS or to the base identity", async () => {
    const calls: string[] = [];
    const never = (what: string) => () => {
      calls.push(what);
      throw new Error(what);
    };
    const resolver = createCredentialResolver({
      instanceProfile: never("instanceProfile"),
      stsClient: { send: never("send") },
    });
    type Arguments = Parameters<CredentialResolver["provider"]>;
    await fc.assert(
      fc.asyncProperty(wildInput, async ({ instance, command, session }) => {
        const given = [{ ...instance, credentials: undefined }, command, { session }] as unknown as Arguments;
        let refused = false;
        for (const act of [
          () => resolver.provider(...given),
          () => resolver.getClientForCommand(STSClient, ...given),
        ]) {
          try {
            act();
          } catch (error) {
            assertOurs(error);
            refused = true;
          }
        }
        if (refused && !isAccepted(() => resolver.provider(...given))) {
          await resolver.resolve(...given).then(never("resolve"), assertOurs);
          await resolver.verify(...given).then(never("verify"), assertOurs);
          await resolver.invalidate(...given).then(never("invalidate"), assertOurs);
        }
      }),
      { numRuns: 150 },
    );
    await resolver.close();
    expect(calls).toEqual([]);
  });
});

function isAccepted(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}

// Valid requests from small pools, so that two of them often differ in only one thing.

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const providers = [async () => KEYS, async () => KEYS];
const KEYS = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "s1" };
const tagKeys = ["a", "b", "__proto__", "constructor"];
const names = ["ab", "abc", "a,b"];
const policyArns = ["arn:aws:iam::aws:policy/a", "arn:aws:iam::aws:policy/b", "arn:aws:iam::aws:policy/a,b"];
const policy = fc
  .dictionary(
    fc.constantFrom("a", "b", "__proto__", '"', "1", "10", "é", "\ud800"),
    fc.jsonValue({ maxDepth: 2, stringUnit: "binary" }),
    { maxKeys: 3 },
  )
  .map((others): object =>
    Object.defineProperty(others, "Statement", { value: [], enumerable: true, configurable: true, writable: true }),
  )
  .filter((value) => lengthAsSent(value) < 2000 && !hasUnsafeNumber(value));

/** Each character above U+00FF is sent as six characters. */
function lengthAsSent(value: unknown): number {
  return JSON.stringify(value).replace(/[\u0100-\uffff]/g, "\\uffff").length;
}

function hasUnsafeNumber(value: unknown): boolean {
  if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value);
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnsafeNumber);
}

const ceiling = fc.record({
  policy: optional(policy),
  policyArns: optional(fc.subarray(policyArns, { minLength: 1 })),
});
const seeds = fc.record({
  instanceRole: fc.constantFrom(ROLE, OTHER_ROLE),
  commandRole: fc.constantFrom(undefined, undefined, ROLE, `${ROLE}2`),
  instanceName: fc.constantFrom(undefined, ...names),
  commandName: fc.constantFrom(undefined, ...names),
  duration: fc.constantFrom(undefined, 900, "900", 3600, "43200"),
  ceiling,
  ceilingOwner: fc.constantFrom("instance", "session"),
  policyAsText: fc.boolean(),
  tags: fc.dictionary(fc.constantFrom(...tagKeys), fc.constantFrom("", "1", "a=1"), { noNullPrototype: true }),
  tagsOwner: fc.constantFrom("instance", "session"),
  transitive: fc.subarray(tagKeys),
  sourceIdentity: fc.constantFrom(undefined, ...names),
  externalId: fc.constantFrom(undefined, ...names),
  boundId: fc.constantFrom(undefined, undefined, ...names),
  sts: optional(
    fc.record(
      {
        region: fc.constantFrom("us-east-1", "eu-west-1"),
        useFipsEndpoint: fc.boolean(),
        useDualstackEndpoint: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
  ),
  endpoint: fc.constantFrom(undefined, undefined, "https://sts.example", "https://sts.example/"),
  credentials: fc.constantFrom(
    undefined,
    KEYS,
    { ...KEYS },
    { ...KEYS, secretAccessKey: "s2" },
    { ...KEYS, sessionToken: "t" },
    ...providers,
  ),
  credentialsName: fc.constantFrom(undefined, "vault", "other"),
  region: fc.constantFrom(undefined, "us-east-1", "eu-west-1"),
  integration: fc.constantFrom(undefined, "a", "b"),
});
type Seed = typeof seeds extends fc.Arbitrary<infer T> ? T : never;

function requestFrom(seed: Seed) {
  const ownCeiling = {
    ...seed.ceiling,
    policy:
      seed.policyAsText && seed.ceiling.policy ? JSON.stringify(seed.ceiling.policy, null, 1) : seed.ceiling.policy,
  };
  const role = seed.commandRole ?? seed.instanceRole;
  const transitiveTagKeys = seed.transitive.filter((key) => Object.hasOwn(seed.tags, key));
  const sts = seed.endpoint ? { region: seed.sts?.region, endpoint: seed.endpoint } : seed.sts;
  const credentialsName = typeof seed.credentials === "function" ? seed.credentialsName : undefined;
  const input = {
    instance: {
      roleArn: seed.instanceRole,
      roleSessionName: seed.instanceName,
      roleSessionDuration: seed.duration,
      ...(seed.ceilingOwner === "instance" && ownCeiling),
      ...(seed.tagsOwner === "instance" && { tags: seed.tags }),
      transitiveTagKeys,
      sourceIdentity: seed.sourceIdentity,
      externalId: seed.externalId,
      ...(seed.boundId && { allowedRoles: [{ roleArn: "arn:*:iam::*:role/*", externalId: seed.boundId }] }),
      sts,
      credentials: seed.credentials,
      credentialsName,
      integration: seed.integration,
    },
    session: {
      ...(seed.ceilingOwner === "session" && ownCeiling),
      ...(seed.tagsOwner === "session" && { tags: seed.tags }),
    },
    command: { roleArn: seed.commandRole, roleSessionName: seed.commandName, region: seed.region },
    env: {},
  };
  /** What distinguishes one session from another, calculated a second time without the code under test. */
  const meaning = {
    role,
    name: seed.commandName ?? seed.instanceName,
    duration: Number(seed.duration ?? 3600),
    policy: seed.ceiling.policy === undefined ? undefined : JSON.parse(JSON.stringify(seed.ceiling.policy)),
    policyArns: seed.ceiling.policyArns && new Set(seed.ceiling.policyArns),
    tags: new Map(Object.entries(seed.tags)),
    transitive: new Set(transitiveTagKeys),
    sourceIdentity: seed.sourceIdentity,
    externalId: seed.boundId ?? seed.externalId,
    sts: [
      sts?.region,
      seed.endpoint && "https://sts.example/",
      ...(seed.endpoint ? [] : [seed.sts?.useFipsEndpoint === true, seed.sts?.useDualstackEndpoint === true]),
    ],
    base: credentialsName
      ? ["named", credentialsName]
      : typeof seed.credentials === "function"
        ? providers.indexOf(seed.credentials)
        : seed.credentials,
  };
  return { input, meaning };
}
const valid = seeds.map(requestFrom);

describe("the session key", () => {
  it("is equal exactly for requests that mean the same session", () => {
    const seen = { equal: 0, different: 0 };
    fc.assert(
      fc.property(
        seeds,
        fc.array(seeds, { minLength: 4, maxLength: 8 }),
        fc.infiniteStream(fc.nat()),
        (first, others, numbers) => {
          const settings = Object.keys(first) as (keyof Seed)[];
          const nextSetting = () => settings[numbers.next().value % settings.length]!;
          // Each differs from the first in at most two settings.
          const near = others.map((other) => {
            const [one, two] = [nextSetting(), nextSetting()];
            return { ...first, [one]: other[one], [two]: other[two] } as Seed;
          });
          const made = [first, ...near].map((seed) => {
            const { input, meaning } = requestFrom(seed);
            return { meaning, key: requestOf(input).chain.key };
          });
          for (const [index, one] of made.entries()) {
            for (const other of made.slice(index + 1)) {
              const same = isDeepStrictEqual(one.meaning, other.meaning);
              expect(one.key === other.key).toBe(same);
              seen[same ? "equal" : "different"]++;
            }
          }
        },
      ),
      { numRuns: 200 },
    );
    expect(seen.equal).toBeGreaterThan(200);
    expect(seen.different).toBeGreaterThan(200);
  });

  it("changes with every single input", () => {
    const changes: [string, Input][] = [
      ["roleArn", { instance: { roleArn: OTHER_ROLE } }],
      ["command.roleArn", { command: { roleArn: `${ROLE}2` } }],
      ["roleSessionName", { instance: { roleSessionName: "name" } }],
      ["command.roleSessionName", { command: { roleSessionName: "other" } }],
      ["roleSessionDuration", { instance: { roleSessionDuration: 901 } }],
      ["command.roleSessionDuration", { command: { roleSessionDuration: 902 } }],
      ["policy", { instance: { policy: { Statement: [] } } }],
      ["policy value", { instance: { policy: { Statement: 1 } } }],
      ["policy type", { instance: { policy: { Statement: "1" } } }],
      ["policy order of a list", { instance: { policy: { Statement: [1, 2] } } }],
      ["policy order of a list", { instance: { policy: { Statement: [2, 1] } } }],
      ["policyArns", { instance: { policyArns: ["arn:aws:iam::aws:policy/a"] } }],
      ["policyArns", { instance: { policyArns: ["arn:aws:iam::aws:policy/a", "arn:aws:iam::aws:policy/b"] } }],
      ["policyArns", { instance: { policyArns: ["arn:aws:iam::aws:policy/a,b"] } }],
      ["tags", { instance: { tags: { a: "b" } } }],
      ["tags", { instance: { tags: { a: "" } } }],
      ["tags", { instance: { tags: { "a=b": "" } } }],
      ["tags", { instance: { tags: { A: "b" } } }],
      ["session.tags", { session: { tags: { c: "d" } } }],
      ["transitiveTagKeys", { instance: { tags: { a: "b" }, transitiveTagKeys: ["a"] } }],
      ["sourceIdentity", { instance: { sourceIdentity: "name" } }],
      ["externalId", { instance: { externalId: "name" } }],
      ["sts.region", { instance: { sts: { region: "us-east-1" } } }],
      ["sts.endpoint", { instance: { sts: { endpoint: "https://sts.example" } } }],
      ["sts.useFipsEndpoint", { instance: { sts: { useFipsEndpoint: true } } }],
      ["sts.useDualstackEndpoint", { instance: { sts: { useDualstackEndpoint: true } } }],
      ["credentials", { instance: { credentials: KEYS } }],
      ["credentials", { instance: { credentials: { ...KEYS, secretAccessKey: "s2" } } }],
      ["credentials", { instance: { credentials: { ...KEYS, sessionToken: "t" } } }],
      ["credentials", { instance: { credentials: providers[0] } }],
      ["credentials", { instance: { credentials: providers[1] } }],
      ["nothing", {}],
    ];
    const keys = changes.map(
      ([, { instance, ...input }]) =>
        requestOf({ ...input, instance: { roleArn: ROLE, ...(instance as object | undefined) } }).chain.key,
    );
    expect(new Set(keys).size).toBe(changes.length);
    for (const key of keys) expect(key).toMatch(/^[\w-]{43}$/);
  });

  it("does not depend on the order of tags, policy keys, policyArns or transitive keys", () => {
    fc.assert(
      fc.property(valid, fc.infiniteStream(fc.nat()), ({ input }, numbers) => {
        const shuffled = {
          ...input,
          instance: shuffle(input.instance, numbers),
          session: shuffle(input.session, numbers),
        };
        const one = requestOf(input);
        const other = requestOf(shuffled);
        expect(other.chain.key).toBe(one.chain.key);
        expect(other.chain.assumption?.policy).toBe(one.chain.assumption?.policy);
        expect(other).toEqual(one);
      }),
      { numRuns: 200 },
    );
  });

  it("does not depend on the command's own arguments", () => {
    const reads = (key: string) =>
      [...COMMAND_KEYS, "sourceRole"].some((known) => known.toLowerCase() === key.replace(/[-_]/g, "").toLowerCase());
    const bag = fc.dictionary(
      fc
        .oneof(fc.string(), fc.constantFrom(...INSTANCE_KEYS, "session", "then", "toString", "role", "name"))
        .filter((key) => !reads(key)),
      anything,
    );
    fc.assert(
      fc.property(valid, bag, fc.boolean(), ({ input }, own, first) => {
        const command = first ? { ...own, ...input.command } : { ...input.command, ...own };
        const one = requestOf(input);
        const other = requestOf({ ...input, command });
        expect(other.chain.key).toBe(one.chain.key);
        expect(other).toEqual(one);
      }),
      { numRuns: 200 },
    );
  });
});

/** The same settings with the keys of every object, and the arrays without a meaningful order, in a different order. */
function shuffle<T extends object>(settings: T, numbers: fc.Stream<number>): T {
  const mix = <I>(items: readonly I[]): I[] =>
    items
      .map((item) => [numbers.next().value as number, item] as const)
      .sort(([one], [other]) => one - other)
      .map(([, item]) => item);
  const deep = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(deep);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(mix(Object.entries(value)).map(([key, item]) => [key, deep(item)]));
  };
  const one = ([key, value]: [string, unknown]): [string, unknown] => {
    if (key === "policyArns" || key === "transitiveTagKeys") return [key, value && mix(value as unknown[])];
    if (key === "policy" && typeof value === "string") return [key, JSON.stringify(deep(JSON.parse(value)))];
    return [key, key === "policy" || key === "tags" ? deep(value) : value];
  };
  return Object.fromEntries(mix(Object.entries(settings)).map(one)) as T;
}

describe("the input of a request", () => {
  it("is never changed", () => {
    fc.assert(
      fc.property(valid, ({ input }) => {
        const before = inspect(input, { depth: null, sorted: false });
        const { key } = requestOf(input).chain;
        expect(inspect(input, { depth: null, sorted: false })).toBe(before);
        expect(requestOf(freeze(input)).chain.key).toBe(key);
      }),
      { numRuns: 100 },
    );
  });

  it("never shows its secrets in a printed request or error", () => {
    const secret = fc.stringMatching(/^[\w+/]{24,60}$/);
    fc.assert(
      fc.property(
        secret,
        secret,
        fc.constantFrom(...INSTANCE_KEYS, "other"),
        anything,
        (secretAccessKey, sessionToken, key, value) => {
          const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey, sessionToken };
          const printed: unknown[] = [];
          for (const instance of [
            { roleArn: ROLE, credentials },
            { credentials },
            { roleArn: ROLE, credentials, [key]: value },
            { credentials: { ...credentials, [key]: value, accessKeyId: value } },
            { credentials: { ...credentials, secretAccessKey: `${secretAccessKey} ` } },
            { credentials: { ...credentials, sessionToken: `${sessionToken} ` } },
            { credentials: secretAccessKey },
            { credentials: [secretAccessKey] },
            secretAccessKey,
            JSON.stringify({ credentials }),
          ]) {
            try {
              printed.push(requestOf({ instance }));
            } catch (error) {
              assertOurs(error);
              printed.push(error, (error as Error).message, (error as Error).stack);
            }
          }
          const text =
            inspect(printed, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null }) +
            JSON.stringify(printed);
          expect(text).not.toContain(secretAccessKey);
          expect(text).not.toContain(sessionToken);
        },
      ),
      { numRuns: 100 },
    );
  });
});

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) freeze(part);
    Object.freeze(value);
  }
  return value;
}
