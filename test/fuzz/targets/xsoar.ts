import fc from "fast-check";
import {
  accountOptionsFromParams,
  clientConfigFromParams,
  commandFromArgs,
  instanceFromParams,
} from "../../../src/xsoar/index.js";
import { anyOf, callWith, garbage, mostly, settings } from "../arbitraries.js";
import { CHINESE_ROLE, PROXY, ROLE, SECRET_KEY, SESSION_TOKEN } from "../cast.js";
import { json, object, odd } from "../recipe.js";
import { anyCommand, misshapen, urlWithSecret } from "../settings.js";
import type { Target } from "../target.js";

const keyField = fc.oneof(
  {
    weight: 6,
    arbitrary: settings(
      {
        identifier: anyOf("AKIAIOSFODNN7EXAMPLE", ""),
        password: anyOf(SECRET_KEY, `${SECRET_KEY}@@@${SESSION_TOKEN}`, `${SECRET_KEY}@@@`, ""),
        credentials: settings({ user: anyOf("AKIAIOSFODNN7EXAMPLE"), vaultInstanceId: anyOf("vault") }),
      },
      { garbageFor: { password: misshapen(SECRET_KEY), identifier: misshapen(SECRET_KEY) } },
    ),
  },
  { weight: 1, arbitrary: misshapen(SECRET_KEY) },
);
const url = anyOf("https://127.0.0.1:1", "");

const params = settings(
  {
    defaultRegion: anyOf("eu-central-1", "eu-central-1", "cn-north-1", ""),
    region: anyOf("eu-central-1", ""),
    roleArn: anyOf(ROLE, ROLE, CHINESE_ROLE, ""),
    roleSessionName: anyOf("scan", ""),
    sessionDuration: anyOf(900, "3600", ""),
    roleSessionDuration: anyOf(900, ""),
    access_role_name: anyOf("Audit", "role/a/Audit", ""),
    accounts_to_access: anyOf("111122223333,444455556666", '["111122223333"]', ""),
    max_workers: anyOf(5, "5", ""),
    credentials: keyField,
    access_key: fc.oneof(anyOf("AKIAIOSFODNN7EXAMPLE"), keyField),
    secret_key: fc.oneof(anyOf(SECRET_KEY), keyField),
    timeout: anyOf("60,10", 60, ""),
    retries: anyOf(5, "3", ""),
    proxy: anyOf(true, "false", "no"),
    insecure: anyOf(false, "yes"),
    endpoint_url: url,
    sts_endpoint_url: url,
    sts_region: anyOf("us-east-1", ""),
    sts_regional_endpoint: anyOf("legacy", "regional", ""),
  },
  {
    required: ["defaultRegion"],
    garbageFor: { secret_key: misshapen(SECRET_KEY), endpoint_url: urlWithSecret, sts_endpoint_url: urlWithSecret },
  },
);

const env = fc.oneof(
  fc.constantFrom(odd("undefined"), object({}), object({ HTTPS_PROXY: json(PROXY) })),
  settings(
    { HTTPS_PROXY: anyOf(PROXY, "127.0.0.1:1"), http_proxy: anyOf(PROXY) },
    { garbageFor: { HTTPS_PROXY: misshapen(PROXY) } },
  ),
);

export const xsoar: readonly Target[] = [
  {
    name: "instanceFromParams",
    input: callWith(params, env),
    attempt: (_lab, args) => instanceFromParams(...(args as Parameters<typeof instanceFromParams>)),
  },
  {
    name: "commandFromArgs",
    input: callWith(mostly(anyCommand)),
    attempt: (_lab, args) => commandFromArgs(...(args as Parameters<typeof commandFromArgs>)),
  },
  {
    name: "accountOptionsFromParams",
    input: callWith(params, mostly(settings({ account_id: anyOf("111122223333", "") }))),
    attempt: (_lab, args) => accountOptionsFromParams(...(args as Parameters<typeof accountOptionsFromParams>)),
  },
  {
    name: "clientConfigFromParams",
    input: callWith(fc.oneof(params, garbage)),
    attempt: (_lab, args) => clientConfigFromParams(...(args as Parameters<typeof clientConfigFromParams>)),
  },
];
