import fc from "fast-check";
import { INSTANCE_KEYS } from "../../src/request/integration-instance.js";
import { OTHER_ROLE, ROLE } from "./support.js";

export const COMMAND_KEYS = ["roleArn", "roleSessionName", "roleSessionDuration", "region"] as const;
export const SESSION_KEYS = ["policy", "policyArns", "tags", "sourceIdentity"] as const;

/** Any value that a caller could pass by mistake. */
export const anything = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withObjectString: true,
      withSparseArray: true,
      withTypedArray: true,
    }),
  },
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme", maxLength: 3000 }),
  fc.constantFrom<unknown>(
    undefined,
    null,
    "",
    Symbol("x"),
    Number.NaN,
    -0,
    () => undefined,
    class {},
    Promise.resolve({}),
    new Error("x"),
    new Array(1_000_000_000),
    Object.create(null),
    Object.freeze([]),
    "[".repeat(20_000),
    `arn:aws:iam::123456789012:role/${"a/".repeat(1000)}`,
    `arn:aws:iam::123456789012:role/${"*a".repeat(1000)}`,
  ),
);

/** Almost valid values for each setting, so that later checks are also reached. */
const nearly: Record<string, fc.Arbitrary<unknown>> = {
  roleArn: fc.oneof(
    fc.constantFrom(ROLE, OTHER_ROLE, "arn:aws-cn:iam::123456789012:role/x"),
    fc.stringMatching(/^arn:aws(-cn)?:(iam|sts):(us-east-1)?:\d{11,13}:(role|user|assumed-role)\/[a-z/*?]{0,9}$/),
  ),
  roleSessionName: fc.stringMatching(/^[\w+=,.@-]{1,65}$/),
  roleSessionDuration: fc.oneof(
    fc.integer({ min: 800, max: 44_000 }),
    fc.integer({ min: 800, max: 44_000 }).map(String),
  ),
  region: fc.constantFrom("us-east-1", "cn-north-1", "eu-central-1", "moon-base-1", "us-east"),
  policy: fc.oneof(fc.dictionary(fc.string(), anything), fc.json(), fc.dictionary(fc.string(), fc.jsonValue())),
  policyArns: fc.array(fc.oneof(fc.stringMatching(/^arn:aws:iam::aws:policy\/[a-z]{1,3}$/), anything), {
    maxLength: 12,
  }),
  tags: fc.dictionary(fc.string(), fc.oneof(fc.string({ maxLength: 300 }), anything), { maxKeys: 60 }),
  sourceIdentity: fc.stringMatching(/^(aws:)?[\w+=,.@-]{1,65}$/),
  externalId: fc.stringMatching(/^[\w+=,.@:/-]{1,9}$/),
  transitiveTagKeys: fc.array(fc.oneof(fc.string(), anything)),
  allowedRoles: fc.array(
    fc.oneof(
      fc.constantFrom(ROLE, OTHER_ROLE, "arn:*:iam::*:role/*"),
      fc.record({ roleArn: fc.oneof(fc.constant(ROLE), anything), externalId: fc.oneof(fc.constant("ab"), anything) }),
      anything,
    ),
    { maxLength: 4 },
  ),
  credentials: fc.record(
    {
      accessKeyId: fc.oneof(fc.constant("AKIAIOSFODNN7EXAMPLE"), anything),
      secretAccessKey: fc.oneof(fc.constant("secret"), anything),
      sessionToken: anything,
      accountId: anything,
    },
    { requiredKeys: [] },
  ),
  sts: fc.record(
    {
      region: fc.oneof(fc.constant("us-east-1"), anything),
      endpoint: fc.oneof(fc.webUrl({ withFragments: true, withQueryParameters: true }), anything),
      useFipsEndpoint: fc.oneof(fc.boolean(), anything),
      useDualstackEndpoint: fc.oneof(fc.boolean(), anything),
    },
    { requiredKeys: [] },
  ),
  network: fc.record(
    {
      requestTimeout: fc.oneof(fc.integer({ min: -1, max: 100_000_000 }), anything),
      maxAttempts: fc.oneof(fc.integer({ min: -1, max: 101 }).map(String), anything),
      proxy: fc.oneof(fc.webUrl({ withFragments: true, withQueryParameters: true }), anything),
      extraCa: fc.oneof(fc.constant("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"), anything),
      dangerouslyDisableTlsVerification: fc.oneof(fc.boolean(), anything),
    },
    { requiredKeys: [] },
  ),
  sourceRole: fc.oneof(
    fc.constantFrom(ROLE, OTHER_ROLE),
    fc.record(
      {
        roleArn: fc.constantFrom(ROLE, OTHER_ROLE),
        roleSessionDuration: fc.integer({ min: 800, max: 44_000 }),
        tags: fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), { maxKeys: 3 }),
        transitiveTagKeys: fc.array(fc.string({ maxLength: 5 }), { maxLength: 2 }),
        sourceIdentity: fc.string({ maxLength: 66 }),
        externalId: fc.oneof(fc.string({ maxLength: 20 }), anything),
      },
      { requiredKeys: ["roleArn"] },
    ),
  ),
  accounts: fc.record(
    {
      roleName: fc.oneof(fc.constantFrom("Audit", "integrations/Audit", ROLE), anything),
      externalId: fc.oneof(fc.constant("ab"), anything),
      ids: fc.array(
        fc.oneof(fc.stringMatching(/^\d{11,12}$/), fc.record({ id: fc.stringMatching(/^\d{12}$/) }), anything),
      ),
      organization: fc.oneof(fc.record({ roleArn: fc.constantFrom(ROLE, OTHER_ROLE) }), anything),
      regions: fc.oneof(fc.constant("enabled"), fc.array(fc.constantFrom("us-east-1", "x")), anything),
    },
    { requiredKeys: ["roleName"] },
  ),
  credentialsName: fc.oneof(fc.constant("vault"), fc.string({ maxLength: 70 })),
  dangerouslyAllowPlainHttp: fc.oneof(fc.boolean(), anything),
  integration: fc.string({ maxLength: 60 }),
};
export const wild = (key: string) => fc.oneof(anything, nearly[key] as fc.Arbitrary<unknown>);
const settings = (keys: readonly string[]) =>
  fc.record(Object.fromEntries(keys.map((key) => [key, wild(key)])), { requiredKeys: [] });
export const wildInput = fc.record(
  {
    instance: settings(INSTANCE_KEYS),
    command: settings(COMMAND_KEYS),
    session: settings(SESSION_KEYS),
    env: fc.record({ AWS_REGION: fc.string(), AWS_DEFAULT_REGION: fc.string() }, { requiredKeys: [] }),
  },
  { requiredKeys: ["instance"] },
);
