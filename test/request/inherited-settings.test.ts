import { EC2Client } from "@aws-sdk/client-ec2";
import { describe, expect, it } from "vitest";
import { createCredentialResolver, defineInstance, getClientForCommand } from "../../src/index.js";
import { ec2TrustPolicy, identityPolicy, machineTrustPolicy, trustPolicy } from "../../src/policies/index.js";
import { INSTANCE_KEYS } from "../../src/request/integration-instance.js";
import { KnownRequests } from "../../src/request/known-requests.js";
import { type CredentialResolverOptions, readResolverOptions } from "../../src/resolver-options.js";
import { systemRuntime } from "../../src/runtime.js";
import { fileStore } from "../../src/store/file-store.js";
import { readRedisClient } from "../../src/store/redis-client.js";
import { clientConfigFromParams, commandFromArgs, instanceFromParams } from "../../src/xsoar/index.js";
import { assumptionOf, expectInvalid, OTHER_ROLE, ROLE, requestOf, roleRequestOf } from "./support.js";

/** Runs `act` while every object in the process inherits the settings. */
function whileAllInherit<T>(settings: Record<string, unknown>, act: () => T, prototype: object = Object.prototype): T {
  for (const [key, value] of Object.entries(settings)) {
    Object.defineProperty(prototype, key, { value, enumerable: true, configurable: true, writable: true });
  }
  try {
    return act();
  } finally {
    for (const key of Object.keys(settings)) Reflect.deleteProperty(prototype, key);
  }
}

const EVIL: Record<string, unknown> = {
  roleArn: OTHER_ROLE,
  roleSessionName: "evil",
  roleSessionDuration: 900,
  region: "eu-west-3",
  policy: { Statement: [] },
  policyArns: ["arn:aws:iam::aws:policy/AdministratorAccess"],
  tags: { team: "evil" },
  sourceIdentity: "evil",
  externalId: "evil",
  transitiveTagKeys: ["team"],
  allowedRoles: [OTHER_ROLE],
  credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "evil" },
  credentialsName: "evil",
  sts: { endpoint: "https://evil.example.com" },
  network: { proxy: "http://evil.example.com" },
  integration: "evil",
  // parts of settings
  endpoint: "https://evil.example.com",
  useFipsEndpoint: true,
  proxy: "http://evil.example.com",
  extraCa: "evil",
  dangerouslyDisableTlsVerification: true,
  maxAttempts: 9,
  sessionToken: "evil",
  accountId: "999999999999",
  role_arn: OTHER_ROLE,
  anything: true,
};

/** One of each: the places for settings, and the settings that contain settings. */
const INSTANCES = [
  {},
  { roleArn: ROLE },
  { roleArn: ROLE, sts: { useDualstackEndpoint: true } },
  { roleArn: ROLE, network: { socketTimeout: 5 } },
  { roleArn: ROLE, tags: { cost: "1" }, transitiveTagKeys: ["cost"] },
  { roleArn: ROLE, allowedRoles: [{ roleArn: ROLE, externalId: "bound" }, OTHER_ROLE] },
  { credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" } },
];

const told = (request: ReturnType<typeof requestOf>) => ({
  key: request.chain.key,
  base: request.chain.base.keyPart,
  role: request.chain.assumption?.role.arn,
  assumption: request.chain.assumption && { ...request.chain.assumption },
  region: request.region?.value,
  endpoint: request.chain.sts.endpoint,
  stsRegion: request.chain.sts.region,
  fips: request.chain.sts.useFipsEndpoint,
  proxy: request.network?.settings().proxy,
  anybody: request.network?.settings().dangerouslyDisableTlsVerification,
  attempts: request.network?.maxAttempts,
  integration: request.integration,
});

describe("a property that every object inherits is not a setting", () => {
  it.each(Object.keys(EVIL))("%s on Object.prototype changes no request", (key) => {
    const known = new KnownRequests(10);
    for (const instance of INSTANCES.flatMap((each) => [each, defineInstance(each)])) {
      for (const command of [undefined, {}, { limit: 5 }, Object.create(null)]) {
        const before = told(requestOf({ instance, command, session: {} }));
        const remembered = known.get(instance, command, undefined, {});
        whileAllInherit({ [key]: EVIL[key] }, () => {
          expect(told(requestOf({ instance, command, session: {} }))).toEqual(before);
          expect(told(known.get(instance, command, undefined, {}))).toEqual(told(remembered));
          expect(told(new KnownRequests(10).get(instance, command, undefined, {}))).toEqual(before);
        });
      }
    }
  });

  it("even if it is not enumerable, or is a getter", () => {
    const getter = { get: () => OTHER_ROLE, configurable: true };
    for (const descriptor of [getter, { value: OTHER_ROLE, configurable: true }]) {
      Object.defineProperty(Object.prototype, "roleArn", descriptor);
      try {
        expect(requestOf({}).chain.assumption).toBeUndefined();
        expect(requestOf({ command: {}, session: {} }).chain.assumption).toBeUndefined();
      } finally {
        Reflect.deleteProperty(Object.prototype, "roleArn");
      }
    }
  });

  it("even through a Proxy", () => {
    whileAllInherit(EVIL, () => {
      expect(assumptionOf({ instance: new Proxy({}, {}), command: new Proxy({}, {}) }).role.arn).toBe(ROLE);
    });
  });

  it("even on Array.prototype, where it does not fill an empty slot", () => {
    const policyArns = new Array(1);
    const policy = { Statement: new Array(1) };
    const act = () => {
      expectInvalid(() => roleRequestOf({ instance: { policyArns } }), "instance.policyArns[0]", /received undefined/);
      expectInvalid(() => roleRequestOf({ instance: { policy } }), "instance.policy.Statement[0]", /is undefined/);
    };
    whileAllInherit({ 0: "arn:aws:iam::aws:policy/AdministratorAccess" }, act, Array.prototype);
  });

  it("and does not change how a Redis client is recognized", () => {
    const evil = { release: () => {}, isPipeline: true, addCommand: () => {}, scaleReads: "slave", role: "slave" };
    const client = { sendCommand: async () => "OK" };
    whileAllInherit(evil, () => expect(readRedisClient("client", client)).toBeTypeOf("function"));
  });

  it("and changes no option of a resolver", () => {
    const evil = {
      stsClient: { send: async () => ({}) },
      instanceProfile: async () => ({}),
      requestHandler: { handle: async () => ({}) },
      store: {},
      maxSessions: 1,
      maxClients: 1,
      refresh: { ahead: false },
      assumeRole: { attempts: 1 },
      runtime: { now: () => 0 },
      now: () => 0,
      advisoryWindow: 5,
      ahead: false,
      attempts: 1,
      send: async () => ({}),
      handle: async () => ({}),
    };
    const before = readResolverOptions({});
    whileAllInherit(evil, () => {
      expect(readResolverOptions({})).toEqual(before);
      expect(readResolverOptions({ refresh: {}, assumeRole: {} })).toEqual(before);
      expect(readResolverOptions({ runtime: {} }).runtime.now).toBe(systemRuntime.now);
      expectInvalid(
        () => readResolverOptions({ stsClient: {} } as unknown as CredentialResolverOptions),
        "options.stsClient",
        /an object with send/,
      );
    });
  });

  it("and changes nothing that a provider or a client requests", async () => {
    let calls = 0;
    const resolver = createCredentialResolver({
      stsClient: {
        async send() {
          calls++;
          const Expiration = new Date(Date.now() + 3_600_000);
          return { Credentials: { AccessKeyId: `ASIA${calls}`, SecretAccessKey: "x", SessionToken: "x", Expiration } };
        },
      },
    });
    const provider = resolver.provider({ roleArn: ROLE, region: "eu-central-1" });
    const { accessKeyId } = await provider();
    const evil = { forceRefresh: true, minRemaining: 1_000_000_000, signal: AbortSignal.abort(), despiteRefusal: true };
    let again: Promise<{ accessKeyId: string }> | undefined;
    whileAllInherit(evil, () => {
      again = provider();
    });
    expect((await again)?.accessKeyId).toBe(accessKeyId);
    expect(calls).toBe(1);
    await resolver.close();
  });

  it("and changes no option of a client", async () => {
    const resolver = createCredentialResolver();
    const other = createCredentialResolver();
    const instance = { roleArn: ROLE, region: "eu-central-1" };
    const client = resolver.getClientForCommand(EC2Client, instance);
    const evil = { resolver: other, fresh: true, session: { policy: {} }, clientConfig: { maxAttempts: 9 } };
    whileAllInherit(evil, () => {
      const again = resolver.getClientForCommand(EC2Client, instance, {}, {});
      const byEntry = getClientForCommand(EC2Client, instance, {}, { ...{ resolver } });
      const pooled = Object.getPrototypeOf(client); // a client is a view of the pooled one
      expect([again, byEntry].map(Object.getPrototypeOf)).toEqual([pooled, pooled]);
      expect(other.stats().clients).toBe(0);
    });
    await Promise.all([resolver.close(), other.close()]);
  });

  it("and changes no parameter or argument of Cortex XSOAR, and no environment variable", () => {
    const params = { defaultRegion: "eu-central-1", access_key: { password: "" } };
    const before = instanceFromParams(params, {});
    const evil = {
      roleArn: OTHER_ROLE,
      credentials: { identifier: "AKIAIOSFODNN7EXAMPLE", password: "secret" },
      password: "secret",
      insecure: true,
      endpoint_url: "https://evil.example.com",
      sts_endpoint_url: "https://evil.example.com",
      role_arn: OTHER_ROLE,
      HTTPS_PROXY: "http://evil.example.com",
      AWS_REGION: "eu-west-3",
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
    };
    const key = requestOf({ instance: { roleArn: ROLE } }).chain.key;
    whileAllInherit(evil, () => {
      expect(instanceFromParams(params, {})).toEqual(before);
      expect(commandFromArgs({ limit: 5 })).toEqual({});
      expect(clientConfigFromParams(params)).toEqual({});
      expectInvalid(
        () => instanceFromParams({ ...params, proxy: true }, {}),
        "params.proxy",
        /has none of HTTPS_PROXY/,
      );
      const request = requestOf({ instance: { roleArn: ROLE } });
      expect([request.chain.key, request.region]).toEqual([key, undefined]);
    });
  });

  it("and changes no policy and no option of a store", () => {
    const documents = () => [
      ec2TrustPolicy({}),
      machineTrustPolicy({ machine: "pod-identity" }),
      trustPolicy({ principal: ROLE, role: ROLE }),
      identityPolicy({ variant: "listed-roles", roles: [ROLE] }),
    ];
    const before = documents();
    whileAllInherit(
      {
        partition: "aws-cn",
        principal: ROLE,
        actions: ["*"],
        authorTagKeys: ["x"],
        namespace: "x",
        accountRoot: true,
        directory: 5,
      },
      () => {
        expect(documents()).toEqual(before);
        expect(() => fileStore({})).not.toThrow();
      },
    );
  });
});

describe("a property of an object's own class is a setting", () => {
  class Base {
    get roleArn() {
      return ROLE;
    }
  }
  class Instance extends Base {
    readonly region = "eu-central-1";
    get externalId() {
      return "of-the-class";
    }
    describe() {
      return "methods are no settings";
    }
  }

  it("if it is a getter, even an inherited one", () => {
    const request = requestOf({ instance: new Instance() });
    expect(request.chain.assumption).toMatchObject({ externalId: "of-the-class", role: { arn: ROLE } });
    expect(request.region?.value).toBe("eu-central-1");
    expect(requestOf({ command: new Base() }).chain.assumption?.role.arn).toBe(ROLE);
    expect(requestOf({ command: Object.create(Object.assign(Object.create(null), { roleArn: ROLE })) }).chain.key).toBe(
      roleRequestOf({}).chain.key,
    );
  });

  it("if the object overrides a property of Object.prototype", () => {
    const odd = { isPrototypeOf: 1, hasOwnProperty: 1, constructor: 1, roleArn: ROLE };
    expect(requestOf({ command: odd }).chain.assumption?.role.arn).toBe(ROLE);
    expect(requestOf({ command: Object.create(odd) }).chain.assumption?.role.arn).toBe(ROLE);
  });

  it.each(INSTANCE_KEYS)("and %s is read only once", (key) => {
    let reads = 0;
    const instance = Object.defineProperty({}, key, {
      enumerable: true,
      get: () => {
        reads++;
        return undefined;
      },
    });
    requestOf({ instance });
    expect(reads).toBe(1);
  });
});

describe("an object that cannot be read", () => {
  const throwing = (key: string) =>
    Object.defineProperty({}, key, {
      enumerable: true,
      get() {
        throw new Error("secret of the getter");
      },
    });
  const revoked = (target: object = {}) => {
    const { proxy, revoke } = Proxy.revocable(target, {});
    revoke();
    return proxy;
  };
  const UNREADABLE = "cannot be read: its getter or Proxy throws an error. Pass plain data.";

  it.each<[string, () => unknown]>([
    ["instance.roleArn", () => requestOf({ instance: throwing("roleArn") })],
    ["instance.roleArn", () => new KnownRequests(10).get(throwing("roleArn"), undefined, undefined, {})],
    ["instance.sts.region", () => requestOf({ instance: { sts: throwing("region") } })],
    ["instance.tags.team", () => requestOf({ instance: { tags: throwing("team") } })],
    ["instance.allowedRoles[0].roleArn", () => requestOf({ instance: { allowedRoles: [throwing("roleArn")] } })],
    ["instance.allowedRoles", () => requestOf({ instance: { allowedRoles: listThat("throws") } })],
    ["instance.policy", () => requestOf({ instance: { policy: throwing("Statement") } })],
    ["instance.policy", () => requestOf({ instance: { policy: { Statement: listThat("throws") } } })],
    ["instance.policy", () => requestOf({ instance: { policy: { Statement: revoked() } } })],
    ["instance.credentials.accessKeyId", () => requestOf({ instance: { credentials: throwing("accessKeyId") } })],
    ["command.region", () => requestOf({ command: throwing("region") })],
    ["options.session.tags", () => requestOf({ session: throwing("tags") })],
    ["params.roleArn", () => instanceFromParams(throwing("roleArn"))],
    ["args.roleArn", () => commandFromArgs(throwing("roleArn"))],
    ["options.maxSessions", () => createCredentialResolver(throwing("maxSessions"))],
    ["options.runtime.now", () => createCredentialResolver({ runtime: throwing("now") })],
    ["options.store.get", () => createCredentialResolver({ store: throwing("get") as never })],
    ["options.stsClient.send", () => createCredentialResolver({ stsClient: throwing("send") as never })],
    ["options.partition", () => ec2TrustPolicy(throwing("partition"))],
  ])("in %s causes an error that shows nothing of it", (field, act) => {
    expectInvalid(act, field, `${field} ${UNREADABLE}`);
  });

  it.each<[string, (value: object) => unknown]>([
    ["instance", (instance) => requestOf({ instance })],
    ["instance", (instance) => new KnownRequests(10).get(instance, undefined, undefined, {})],
    ["command", (command) => requestOf({ command })],
    ["options.session", (session) => requestOf({ session })],
    ["instance.allowedRoles", (allowedRoles) => requestOf({ instance: { allowedRoles } })],
    ["instance.policy", (policy) => requestOf({ instance: { policy } })],
    ["instance.credentials", (credentials) => requestOf({ instance: { credentials } })],
    ["params", (params) => instanceFromParams(params)],
    ["args", (args) => commandFromArgs(args)],
    ["options", (options) => createCredentialResolver(options)],
  ])("as %s is rejected if it is a revoked Proxy", (field, act) => {
    for (const proxy of [revoked(), revoked([])]) expectInvalid(() => act(proxy), field, new RegExp(`^${field} `));
  });

  it("is rejected if it is a Proxy that does not list a key that it returns", () => {
    const instance = new Proxy({}, { get: (_, key) => (key === "roleArn" ? ROLE : undefined) });
    expectInvalid(
      () => requestOf({ instance }),
      "instance.roleArn",
      "instance.roleArn is returned by a Proxy that does not list it. Pass a plain object.",
    );
  });

  it("is rejected if it is a Proxy with an endless prototype chain", () => {
    const endless: object = new Proxy({}, { getPrototypeOf: () => endless, get: () => undefined });
    expectInvalid(() => requestOf({ instance: endless }), "instance", /^instance /);
  });

  function listThat(what: string): unknown {
    return Object.defineProperty([1], 0, {
      get() {
        throw new Error(what);
      },
    });
  }
});
