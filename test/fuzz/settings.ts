import fc from "fast-check";
import { anyOf, garbage, listOf, mostly, type RecipeArbitrary, settings, settlingFunction } from "./arbitraries.js";
import {
  CHINESE_ROLE,
  ENCRYPTION_KEY,
  ENDPOINT_WITH_PASSWORD,
  EXTERNAL_ID,
  GUARDED_ROLE,
  HUB_ROLE,
  HUSH,
  PROXY,
  ROLE,
  SECRET_KEY,
  SESSION_TOKEN,
  UNKNOWN_ROLE,
} from "./cast.js";
import { json, lab, list, object, type Recipe, recipeOf } from "./recipe.js";

/** A secret in the wrong place, or of the wrong shape. */
export function misshapen(secret: string): RecipeArbitrary {
  return fc.constantFrom<Recipe>(
    json(secret),
    json(`${secret}\n`),
    json(` ${secret}`),
    json(JSON.stringify({ secret })),
    json(JSON.stringify([{ roleArn: ROLE, externalId: secret }])),
    json(`${secret}${"x".repeat(3000)}`),
    json(`https://127.0.0.1:1/?token=${secret}`),
    json(`https://${secret}@127.0.0.1:1`),
    list(json(secret)),
    list(list(json(secret))),
    object({ secret: json(secret) }),
    object({ secretAccessKey: json(secret), password: json(secret), externalId: json(secret) }),
    { is: "function", does: "throws", value: json(secret) },
    { is: "function", does: "resolves", value: object({ secretAccessKey: json(secret) }) },
  );
}

/** An endpoint is not secret, but a URL can contain secrets. */
export const urlWithSecret = anyOf(
  ENDPOINT_WITH_PASSWORD,
  `https://127.0.0.1:1/?token=${HUSH}`,
  `https://127.0.0.1:1/#${HUSH}`,
  `ftp://user:${HUSH}@127.0.0.1`,
  `https://user:${HUSH}@ 127.0.0.1`,
);

const roleArn = anyOf(ROLE, ROLE, GUARDED_ROLE, UNKNOWN_ROLE, CHINESE_ROLE);
const tags = anyOf("red", "", "r\u00e9d", "\u8d64").chain((value) =>
  fc.constantFrom(object({ team: value }), object({})),
);
const policy = fc.constantFrom(
  recipeOf({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:Get*", Resource: "*" }] }),
  json('{"Version":"2012-10-17","Statement":[]}'),
);
const policyArns = fc.constantFrom(recipeOf(["arn:aws:iam::aws:policy/ReadOnlyAccess"]));

const identity = {
  roleSessionName: anyOf("scan", "a".repeat(64), "x@y.z"),
  roleSessionDuration: anyOf(900, "3600", 43_200),
  region: anyOf("eu-central-1", "us-east-1", "cn-north-1", "xx-newer-1"),
};

const allowedRole = fc.oneof(
  anyOf(ROLE, GUARDED_ROLE, UNKNOWN_ROLE, "arn:aws:iam::123456789012:role/*", "arn:*:iam::*:role/*"),
  fc.record({ roleArn, externalId: anyOf(EXTERNAL_ID) }).map(object),
);

const keys = fc.oneof(
  fc.constant(lab("user keys")),
  settings(
    {
      accessKeyId: anyOf("AKIAIOSFODNN7EXAMPLE"),
      secretAccessKey: anyOf(SECRET_KEY),
      sessionToken: anyOf(SESSION_TOKEN),
      accountId: anyOf("123456789012"),
      expiration: fc.constantFrom<Recipe>({ is: "odd", name: "date" }, { is: "odd", name: "invalid date" }),
    },
    {
      required: ["accessKeyId", "secretAccessKey"],
      garbageFor: {
        accessKeyId: misshapen(SECRET_KEY),
        secretAccessKey: misshapen(SECRET_KEY),
        sessionToken: misshapen(SESSION_TOKEN),
      },
    },
  ),
);

/** Functions that return keys or garbage. */
export const credentialProvider = settlingFunction(mostly(keys));

const sts = settings(
  {
    region: anyOf("eu-central-1", "cn-north-1"),
    endpoint: fc.oneof(fc.constant(lab("endpoint")), anyOf("https://127.0.0.1:1")),
    useFipsEndpoint: anyOf(true, false),
    useDualstackEndpoint: anyOf(true, false),
  },
  { garbageFor: { endpoint: urlWithSecret } },
);

const network = settings(
  {
    requestTimeout: anyOf(1000, "2000"),
    socketTimeout: anyOf(1000),
    connectionTimeout: anyOf(1000),
    maxAttempts: anyOf(1, "2"),
    proxy: anyOf(PROXY),
    dangerouslyDisableTlsVerification: anyOf(true, false),
  },
  { garbageFor: { proxy: misshapen(PROXY), extraCa: misshapen(`-----BEGIN PRIVATE KEY-----\n${HUSH}`) } },
);

const sessionSettings = {
  policy,
  policyArns,
  tags,
  sourceIdentity: anyOf("jane", "joe@example"),
};

/** `options.session`. */
export const anySession = settings(sessionSettings);

const sourceRole = fc.oneof(
  anyOf(HUB_ROLE),
  settings(
    {
      roleArn: anyOf(HUB_ROLE),
      externalId: anyOf(`${EXTERNAL_ID}-of-the-hub`),
      roleSessionName: identity.roleSessionName,
      roleSessionDuration: anyOf(900, "3600"),
      tags,
      transitiveTagKeys: fc.constantFrom(recipeOf(["team"]), recipeOf([])),
      sourceIdentity: anyOf("jane"),
    },
    { required: ["roleArn"], garbageFor: { externalId: misshapen(EXTERNAL_ID) } },
  ),
);

const accounts = settings(
  {
    roleName: anyOf("Audit", "integrations/Audit"),
    externalId: anyOf(EXTERNAL_ID),
    ids: fc.constantFrom(recipeOf(["111122223333"]), recipeOf([{ id: "123456789012", roleName: "Other" }])),
    regions: fc.constantFrom(recipeOf("enabled"), recipeOf(["us-east-1"])),
  },
  { required: ["roleName", "ids"], garbageFor: { externalId: misshapen(EXTERNAL_ID) } },
);

const instanceSettings = {
  roleArn,
  ...identity,
  ...sessionSettings,
  externalId: anyOf(EXTERNAL_ID),
  transitiveTagKeys: fc.constantFrom(recipeOf(["team"]), recipeOf([])),
  allowedRoles: listOf(allowedRole),
  credentials: fc.oneof(keys, credentialProvider),
  credentialsName: anyOf("machine"),
  sourceRole,
  accounts,
  sts,
  network,
  dangerouslyAllowPlainHttp: anyOf(true, false),
  integration: anyOf("Inventory"),
};

const secretive = {
  externalId: misshapen(EXTERNAL_ID),
  allowedRoles: misshapen(EXTERNAL_ID),
  credentials: misshapen(SECRET_KEY),
  sts: urlWithSecret,
  network: misshapen(PROXY),
};

/** An integration instance with every possible setting. Calls with such an instance rarely succeed. */
const busyInstance = settings(instanceSettings, { garbageFor: secretive });

/** An instance with few settings, so that most calls get as far as STS. */
const calmInstance = settings(
  {
    roleArn,
    ...identity,
    externalId: anyOf(EXTERNAL_ID),
    tags,
    allowedRoles: listOf(allowedRole),
    credentials: keys,
    sourceRole,
  },
  { required: ["roleArn"], garbageFor: secretive },
);

export const anyInstance: RecipeArbitrary = fc.oneof(
  { weight: 6, arbitrary: calmInstance },
  { weight: 2, arbitrary: busyInstance },
  { weight: 1, arbitrary: fc.oneof(misshapen(SECRET_KEY), fc.constant(object({ roleArn: json(ROLE) }))) },
);

/** A command's arguments, including some of its own. */
export const anyCommand: RecipeArbitrary = fc.oneof(
  { weight: 4, arbitrary: settings({ roleArn, ...identity, policy, tags, limit: anyOf(10) }) },
  { weight: 1, arbitrary: fc.constantFrom<Recipe>(object({}), json(null), { is: "odd", name: "undefined" }) },
  { weight: 1, arbitrary: garbage },
);

export const encryptionKeys = fc.oneof(
  { weight: 4, arbitrary: fc.constant(list(json(ENCRYPTION_KEY))) },
  { weight: 2, arbitrary: misshapen(ENCRYPTION_KEY) },
  { weight: 1, arbitrary: listOf(misshapen(ENCRYPTION_KEY)) },
);
