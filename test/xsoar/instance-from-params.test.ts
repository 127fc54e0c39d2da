import { describe, expect, it, vi } from "vitest";
import { instanceFromParams, type XsoarParams } from "../../src/xsoar/index.js";
import { OTHER_ROLE, ROLE } from "../support/local.js";

const ID = "AKIAIOSFODNN7EXAMPLE";
const OTHER_ID = "AKIAI44QH8DHBEXAMPLE";
const DEFAULTS = {
  region: "eu-central-1",
  network: { socketTimeout: 60_000, connectionTimeout: 10_000, maxAttempts: 6 },
};
const PROXY_ENV = { HTTPS_PROXY: "http://proxy.example.com:3128" };

/** The result of the parameters, in addition to the defaults. */
const given = (params: object, env = {}) =>
  instanceFromParams({ defaultRegion: "eu-central-1", ...params } as XsoarParams, env);
const network = (part: object) => ({ ...DEFAULTS, network: { ...DEFAULTS.network, ...part } });
const credentials = (sessionToken?: string) => ({
  ...DEFAULTS,
  credentials: { accessKeyId: ID, secretAccessKey: "hush", ...(sessionToken && { sessionToken }) },
});

const accounts = (change: object = {}) => ({
  access_role_name: "Audit",
  accounts_to_access: "111122223333,000012345678",
  ...change,
});
const listing = (ids = ["111122223333", "000012345678"], roleName = "Audit") => ({
  ...DEFAULTS,
  accounts: { roleName, ids },
});

describe("instanceFromParams reads every form of every parameter", () => {
  it.each<[string, object, object, Record<string, string>?]>([
    ["only the region", {}, DEFAULTS],
    ["other parameters are the integration's own", { fetch_limit: 50, role: "x", Region: "x" }, DEFAULTS],
    ["an empty misspelled parameter, which is ignored", { RoleArn: null, accessKeyId: "" }, DEFAULTS],
    [
      "a role's name and accounts, if they are empty",
      { role_name: "", access_role_name: null, accounts_to_access: "" },
      DEFAULTS,
    ],

    ["many accounts", accounts(), listing(["111122223333", "000012345678"])],
    ["many accounts beside a role", accounts({ roleArn: ROLE }), { ...listing(), roleArn: ROLE }],
    ["one account", accounts({ accounts_to_access: "000012345678" }), listing(["000012345678"])],
    ["a list of accounts", accounts({ accounts_to_access: ["111122223333", "000012345678"] }), listing()],
    ["a JSON array of accounts", accounts({ accounts_to_access: '["111122223333", "000012345678"]' }), listing()],
    ["accounts with white space", accounts({ accounts_to_access: " 111122223333 , 000012345678\n" }), listing()],
    ["a role after role/", accounts({ access_role_name: "role/Audit" }), listing()],
    ["a role with a path", accounts({ access_role_name: "a/Audit" }), listing(undefined, "a/Audit")],
    ["max_workers is not part of an instance", { max_workers: "5" }, DEFAULTS],

    ["region", { defaultRegion: "", region: "us-east-1" }, { ...DEFAULTS, region: "us-east-1" }],
    ["default_region", { defaultRegion: "", default_region: "us-east-1" }, { ...DEFAULTS, region: "us-east-1" }],
    ["region alone", { defaultRegion: undefined, region: "us-east-1" }, { ...DEFAULTS, region: "us-east-1" }],
    ["defaultRegion and an empty region", { region: "" }, DEFAULTS],
    ["region and defaultRegion with the same value", { region: "eu-central-1" }, DEFAULTS],

    ["roleArn", { roleArn: ROLE }, { ...DEFAULTS, roleArn: ROLE }],
    ["role_arn", { role_arn: ROLE }, { ...DEFAULTS, roleArn: ROLE }],
    ["roleArn and role_arn with the same value", { role_arn: ROLE, roleArn: ROLE }, { ...DEFAULTS, roleArn: ROLE }],
    ["roleArn, and no session name", { roleArn: ROLE, roleSessionName: "" }, { ...DEFAULTS, roleArn: ROLE }],
    ["roleArn: empty", { roleArn: "" }, DEFAULTS],
    ["roleArn: null", { roleArn: null }, DEFAULTS],
    ["roleSessionName alone", { roleSessionName: "xsoar" }, { ...DEFAULTS, roleSessionName: "xsoar" }],

    ["role_session_name", { role_session_name: "xsoar" }, { ...DEFAULTS, roleSessionName: "xsoar" }],
    ["session_duration", { session_duration: "900" }, { ...DEFAULTS, roleSessionDuration: 900 }],
    ["role_session_duration", { role_session_duration: 1800 }, { ...DEFAULTS, roleSessionDuration: 1800 }],

    ["sessionDuration: a string", { sessionDuration: "900" }, { ...DEFAULTS, roleSessionDuration: 900 }],
    ["sessionDuration: a number", { sessionDuration: 3600 }, { ...DEFAULTS, roleSessionDuration: 3600 }],
    ["sessionDuration: empty", { sessionDuration: "" }, DEFAULTS],
    ["roleSessionDuration", { roleSessionDuration: "7200" }, { ...DEFAULTS, roleSessionDuration: 7200 }],
    [
      "both durations with the same value",
      { sessionDuration: 900, roleSessionDuration: "900" },
      { ...DEFAULTS, roleSessionDuration: 900 },
    ],

    ["credentials", { credentials: { identifier: ID, password: "hush" } }, credentials()],
    [
      "credentials as the platform sends them, with more",
      {
        credentials: {
          identifier: ID,
          password: "hush",
          credential: "",
          credentials: { name: "" },
          passwordChanged: false,
        },
      },
      credentials(),
    ],
    ["secret@@@token", { credentials: { identifier: ID, password: "hush@@@token" } }, credentials("token")],
    ["access_key and secret_key", { access_key: ID, secret_key: "hush" }, credentials()],
    ["access_key_id and secret_access_key", { access_key_id: ID, secret_access_key: "hush" }, credentials()],
    [
      "access_key_id, and secret_access_key as a secret field",
      { access_key_id: ID, secret_access_key: { identifier: "", password: "hush" } },
      credentials(),
    ],
    [
      "access_key and secret_key as secret fields",
      { access_key: { identifier: "", password: ID }, secret_key: { password: "hush" } },
      credentials(),
    ],
    [
      "credentials from a vault",
      {
        credentials: {
          identifier: "an entry",
          password: "hush",
          credentials: { user: ID, password: "hush", vaultInstanceId: "6f2d" },
        },
      },
      credentials(),
    ],
    ["secret@@@token in secret_key", { access_key: ID, secret_key: "hush@@@token" }, credentials("token")],
    [
      "the older pair beside empty credentials",
      { credentials: { identifier: "", password: "" }, access_key: ID, secret_key: "hush" },
      credentials(),
    ],
    [
      "credentials override the older pair",
      { credentials: { identifier: ID, password: "hush" }, access_key: OTHER_ID, secret_key: "older" },
      credentials(),
    ],
    ["credentials: empty", { credentials: "", access_key: "", secret_key: "" }, DEFAULTS],
    ["credentials: an empty pair", { credentials: { identifier: "", password: null } }, DEFAULTS],

    ["timeout: 30", { timeout: 30 }, network({ socketTimeout: 30_000 })],
    ['timeout: "30"', { timeout: "30" }, network({ socketTimeout: 30_000 })],
    ['timeout: "30,5"', { timeout: "30,5" }, network({ socketTimeout: 30_000, connectionTimeout: 5000 })],
    ['timeout: "30, 5"', { timeout: " 30 , 5 " }, network({ socketTimeout: 30_000, connectionTimeout: 5000 })],
    ["timeout: empty", { timeout: "" }, DEFAULTS],

    ["retries: 0", { retries: 0 }, network({ maxAttempts: 1 })],
    ['retries: "0"', { retries: "0" }, network({ maxAttempts: 1 })],
    ["retries: 3", { retries: 3 }, network({ maxAttempts: 4 })],
    ['retries: "3"', { retries: "3" }, network({ maxAttempts: 4 })],
    ["retries: above the limit of 10", { retries: "50" }, network({ maxAttempts: 11 })],
    ["retries: empty", { retries: "" }, DEFAULTS],

    ["proxy: true", { proxy: true }, network({ proxy: "http://proxy.example.com:3128/" }), PROXY_ENV],
    ['proxy: "true"', { proxy: "true" }, network({ proxy: "http://proxy.example.com:3128/" }), PROXY_ENV],
    ["proxy: false", { proxy: false }, DEFAULTS, PROXY_ENV],
    ['proxy: "False"', { proxy: "False" }, DEFAULTS, PROXY_ENV],
    ["proxy: empty", { proxy: "" }, DEFAULTS, PROXY_ENV],
    ["proxy: missing", {}, DEFAULTS, PROXY_ENV],
    [
      "proxy without a scheme",
      { proxy: true },
      network({ proxy: "http://proxy:3128/" }),
      { https_proxy: "proxy:3128" },
    ],
    ["proxy for https first", { proxy: true }, network({ proxy: "http://a/" }), { HTTP_PROXY: "b", HTTPS_PROXY: "a" }],
    ["proxy for http, if there is no other", { proxy: true }, network({ proxy: "http://b/" }), { http_proxy: "b" }],

    ["insecure: true", { insecure: true }, network({ dangerouslyDisableTlsVerification: true })],
    ['insecure: "yes"', { insecure: "yes" }, network({ dangerouslyDisableTlsVerification: true })],
    ["insecure: false", { insecure: false }, DEFAULTS],
    ["insecure: missing", { insecure: undefined }, DEFAULTS],

    ["endpoint_url is not part of an instance", { endpoint_url: "https://vpce.example.com" }, DEFAULTS],
    [
      "sts_endpoint_url",
      { sts_endpoint_url: "https://vpce.example.com" },
      { ...DEFAULTS, sts: { endpoint: "https://vpce.example.com/" } },
    ],
    ["sts_region", { sts_region: "us-east-1" }, { ...DEFAULTS, sts: { region: "us-east-1" } }],
    ["sts: empty", { sts_endpoint_url: "", sts_region: "", sts_regional_endpoint: "" }, DEFAULTS],
    ["sts_regional_endpoint: legacy", { sts_regional_endpoint: "legacy" }, DEFAULTS],
    ["sts_regional_endpoint: Regional", { sts_regional_endpoint: "Regional" }, DEFAULTS],
  ])("%s", (_, params, instance, env = {}) => {
    expect(given(params, env)).toEqual(instance);
  });
});

describe("instanceFromParams rejects an invalid form and names the parameter", () => {
  it.each<[string, object, string?, Record<string, string>?]>([
    ["defaultRegion", { defaultRegion: "" }, "is missing"],
    ["defaultRegion", { defaultRegion: undefined }, "is missing"],
    ["defaultRegion", { defaultRegion: "Frankfurt" }],
    ["defaultRegion", { defaultRegion: "cn-north-1", roleArn: ROLE }, "in partition aws"],
    ["region", { region: "us-east-1" }, "has a different value than"],
    ["roleArn", { roleArn: "Inventory" }, "This looks like a role name"],
    ["roleArn", { roleArn: "arn:aws:iam::123456789012:user/ada" }],
    ["roleSessionName", { roleSessionName: "a b" }],
    ["sessionDuration", { sessionDuration: "10" }],
    ["sessionDuration", { sessionDuration: "one hour" }],
    ["roleSessionDuration", { roleSessionDuration: 100_000 }],
    ["roleSessionDuration", { roleSessionDuration: 900, sessionDuration: "3600" }, "has a different value than"],
    ["credentials", { credentials: "AKIA:hush-hush" }],
    ["credentials.password", { credentials: { identifier: ID, password: "" } }, "params.credentials.identifier is set"],
    ["credentials.identifier", { credentials: { password: "hush-hush" } }, "is missing"],
    ["credentials.password", { credentials: { identifier: ID }, secret_key: "hush-hush" }, "is missing"],
    ["secret_key", { access_key: ID }, "params.access_key is set"],
    ["access_key", { secret_key: "hush-hush" }, "is missing"],
    ["secret_key.password", { access_key: { password: ID }, secret_key: { password: "" } }, "is missing"],
    ["access_key", { access_key: "short+id", secret_key: "hush-hush" }],
    ["credentials.password", { credentials: { identifier: ID, password: "hush-hush@@@" } }, "@@@<session token>"],
    ["credentials.password", { credentials: { identifier: ID, password: "@@@hush-hush" } }],
    ["secret_key", { access_key: ID, secret_key: "hush-hush@@@hush-hush@@@more" }],
    ["secret_key", { access_key: ID, secret_key: "hush-hush with spaces" }],
    ["timeout", { timeout: "soon" }],
    ["timeout", { timeout: "60,10,5" }],
    ["timeout", { timeout: "60," }],
    ["timeout", { timeout: 0 }],
    ["timeout", { timeout: 1.5 }],
    ["timeout", { timeout: [60, 10] }],
    ["retries", { retries: "-1" }],
    ["retries", { retries: "five" }],
    ["proxy", { proxy: "http://proxy.example.com" }],
    ["proxy", { proxy: true }, "HTTPS_PROXY"],
    ["insecure", { insecure: 1 }],
    ["sts_endpoint_url", { sts_endpoint_url: "http://sts.example.com" }],
    ["sts_region", { sts_region: "global" }],
    ["sts_region", { sts_region: "cn-north-1", roleArn: OTHER_ROLE }, "in partition aws"],
    ["sts_regional_endpoint", { sts_regional_endpoint: "local" }],
    ["sts_regional_endpoint", { sts_regional_endpoint: { toString: () => expect.fail("was called") } }],
    ["role_arn", { roleArn: ROLE, role_arn: OTHER_ROLE }, "params.roleArn"],
    ["role_arn", { role_arn: "Inventory" }, "This looks like a role name"],
    [
      "default_region",
      { region: "us-east-1", default_region: "us-west-2", defaultRegion: "" },
      "has a different value than",
    ],
    ["role_session_name", { role_session_name: "a b" }],
    ["session_duration", { sessionDuration: 900, session_duration: 1800 }, "params.sessionDuration"],
    ["secret_access_key", { access_key_id: ID }, "params.access_key_id is set"],
    ["access_key_id", { secret_access_key: "hush-hush" }, "is missing"],
    [
      "access_key_id",
      { access_key: ID, secret_key: "hush-hush", access_key_id: OTHER_ID, secret_access_key: "hush-hush" },
      "params.access_key is set too",
    ],
    ["role_name", { role_name: "PowerUserAccess" }, "without its accounts"],
    ["role_name", { role_name: "Audit", access_role_name: "Audit", accounts_to_access: "111122223333" }],
    ["accounts_to_access", { access_role_name: "Audit" }, "is missing, but params.access_role_name is set"],
    ["accounts_to_access", { access_role_name: "Audit", accounts_to_access: "" }, "is missing"],
    ["access_role_name", { accounts_to_access: "111122223333" }, "is missing, but params.accounts_to_access is set"],
    ["access_role_name", accounts({ access_role_name: "arn:aws:iam::111122223333:role/Audit" }), "the rest of the ARN"],
    ["access_role_name", accounts({ access_role_name: "role/" })],
    ["access_role_name", accounts({ access_role_name: "/integrations/Audit" })],
    ["access_role_name", accounts({ access_role_name: ["Audit"] })],
    ["accounts_to_access[1]", accounts({ accounts_to_access: "111122223333,12345678" }), 'write "000012345678"'],
    ["accounts_to_access[1]", accounts({ accounts_to_access: "111122223333," }), "an empty string"],
    ["accounts_to_access[1]", accounts({ accounts_to_access: "111122223333,111122223333" }), "is in the list twice"],
    ["accounts_to_access[0]", accounts({ accounts_to_access: [12345678] }), 'write "000012345678"'],
    ["accounts_to_access[0]", accounts({ accounts_to_access: 111122223333 }), "Put it in quotes"],
    ["accounts_to_access[0]", accounts({ accounts_to_access: "[111122223333]" }), "Put it in quotes"],
    ["accounts_to_access", accounts({ accounts_to_access: "[012345678901]" }), "a JSON array"],
    ["accounts_to_access", accounts({ accounts_to_access: [] }), "at least one"],
    ["accounts_to_access", accounts({ accounts_to_access: { id: "111122223333" } }), "comma-separated account ids"],
    ["accountsToAccess", { accountsToAccess: "111122223333" }, "Write it as accounts_to_access"],
    ["accessRoleName", { accessRoleName: "Audit" }, "Write it as access_role_name"],
    ["accessKeyId", { accessKeyId: ID }, "Write it as access_key_id"],
    ["SecretKey", { access_key: ID, SecretKey: "hush-hush" }, "Write it as secret_key"],
    ["roleName", { roleName: "Audit" }, "looks like role_name"],
    ["roleARN", { roleArn: OTHER_ROLE, roleARN: OTHER_ROLE }, "Write it as roleArn"],
  ])("params.%s: %j", (name, params, message = "") => {
    const refused = expect.objectContaining({
      code: "INVALID_REQUEST",
      field: `params.${name}`,
      message: expect.stringContaining(message),
    });
    expect(() => given(params)).toThrow(refused);
    expect(() => given(params)).toThrow(expect.not.objectContaining({ message: expect.stringContaining("hush-hush") }));
  });

  it("rejects an invalid proxy in the environment without showing its password", () => {
    const env = { https_proxy: "socks5://engine:hush-hush@proxy" };
    expect(() => given({ proxy: true }, env)).toThrow(expect.objectContaining({ field: "https_proxy" }));
    expect(() => given({ proxy: true }, env)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining("hush-hush") }),
    );
  });

  it("rejects an environment variable that is not a string", () => {
    const env = { HTTPS_PROXY: [{ toString: () => expect.fail("was called") }] };
    expect(() => given({ proxy: true }, env)).toThrow(expect.objectContaining({ field: "HTTPS_PROXY" }));
  });

  it.each([undefined, null, "text", []])("rejects parameters that are %j", (params) => {
    expect(() => instanceFromParams(params as never)).toThrow(expect.objectContaining({ field: "params" }));
  });
});

it("reads the server's proxy from the process environment", () => {
  const params = { defaultRegion: "eu-central-1", proxy: true };
  vi.stubEnv("HTTPS_PROXY", "http://proxy.example.com");
  expect(instanceFromParams(params).network?.proxy).toBe("http://proxy.example.com/");
});
