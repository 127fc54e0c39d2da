import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineInstance } from "../../src/define-instance.js";
import { linksOf } from "../../src/request/chain.js";
import type { CommandOverrides } from "../../src/request/command-overrides.js";
import { INSTANCE_KEYS, type IntegrationInstance } from "../../src/request/integration-instance.js";
import { KnownRequests } from "../../src/request/known-requests.js";
import { createRoleRequest, type RoleRequest } from "../../src/request/role-request.js";
import { OTHER_ROLE, ROLE } from "./support.js";
import { COMMAND_KEYS, wild } from "./wild-input.js";

type Env = Record<string, string | undefined>;
type Settings = Record<string, unknown>;

/** The contents of a request, or of the error in its place. */
function told(act: () => RoleRequest): unknown {
  try {
    const { chain, ...request } = act();
    const links = linksOf(chain).map(({ step, key, digest, base, sts, assumption }) => {
      return { step, key, digest, base: base.keyPart, sts, assumption };
    });
    return { ...request, links };
  } catch (error) {
    return String(error);
  }
}

/** Checks that the result equals a newly made request. */
function expectTheSame(known: KnownRequests, instance: unknown, command: unknown, env: Env = {}): void {
  const settings = instance as IntegrationInstance;
  const overrides = command as CommandOverrides;
  expect(told(() => known.get(settings, overrides, undefined, env))).toEqual(
    told(() => createRoleRequest(settings, overrides, undefined, env)),
  );
}

const KEYS_OF_A_USER = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "never-used-0" };
/** A value for each instance setting, and a change of it in place or as a whole. */
const CHANGES: Record<(typeof INSTANCE_KEYS)[number], { value: () => unknown; change(instance: Settings): void }[]> = {
  roleArn: [{ value: () => ROLE, change: (instance) => Object.assign(instance, { roleArn: OTHER_ROLE }) }],
  roleSessionName: [{ value: () => "nightly", change: (instance) => delete instance.roleSessionName }],
  roleSessionDuration: [
    { value: () => 900, change: (instance) => Object.assign(instance, { roleSessionDuration: "" }) },
  ],
  region: [{ value: () => "us-east-1", change: (instance) => Object.assign(instance, { region: "us-west-2" }) }],
  policy: [
    {
      value: () => ({ Statement: [{ Effect: "Deny", Action: ["s3:*"], Resource: "*" }] }),
      change: (instance) =>
        (instance.policy as { Statement: { Action: string[] }[] }).Statement[0]?.Action.push("ec2:*"),
    },
    {
      value: () => ({ Statement: [] }),
      change: ({ policy }) => Object.assign(policy as object, { Version: "2012-10-17" }),
    },
  ],
  policyArns: [
    {
      value: () => ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
      change: ({ policyArns }) => (policyArns as string[]).push("arn:aws:iam::aws:policy/ViewOnly"),
    },
  ],
  tags: [
    { value: () => ({ team: "blue" }), change: ({ tags }) => Object.assign(tags as object, { team: "red" }) },
    { value: () => ({ team: "blue" }), change: ({ tags }) => delete (tags as Settings).team },
  ],
  sourceIdentity: [{ value: () => "ada", change: (instance) => Object.assign(instance, { sourceIdentity: "bob" }) }],
  externalId: [{ value: () => "acme", change: (instance) => Object.assign(instance, { externalId: "other" }) }],
  transitiveTagKeys: [
    { value: () => ["team"], change: ({ transitiveTagKeys }) => (transitiveTagKeys as string[]).pop() },
  ],
  allowedRoles: [
    { value: () => [ROLE], change: ({ allowedRoles }) => (allowedRoles as string[]).splice(0, 1, OTHER_ROLE) },
    { value: () => [ROLE, OTHER_ROLE], change: ({ allowedRoles }) => (allowedRoles as string[]).shift() },
    {
      value: () => [{ roleArn: ROLE, externalId: "acme" }],
      change: ({ allowedRoles }) => Object.assign((allowedRoles as object[])[0] ?? {}, { externalId: "other" }),
    },
  ],
  credentials: [
    {
      value: () => ({ ...KEYS_OF_A_USER }),
      change: ({ credentials }) => Object.assign(credentials as object, { secretAccessKey: "never-used-1" }),
    },
    { value: () => async () => KEYS_OF_A_USER, change: (instance) => delete instance.credentials },
  ],
  credentialsName: [
    { value: () => "vault", change: (instance) => Object.assign(instance, { credentialsName: "other" }) },
    { value: () => "vault", change: (instance) => delete instance.credentialsName },
  ],
  sourceRole: [
    { value: () => OTHER_ROLE, change: (instance) => delete instance.sourceRole },
    {
      value: () => ({ roleArn: OTHER_ROLE, tags: { team: "blue" } }),
      change: (instance) => Object.assign(instance.sourceRole as object, { sourceIdentity: "Ada" }),
    },
  ],
  accounts: [
    {
      value: () => ({ roleName: "Audit", ids: ["111122223333"] }),
      change: ({ accounts }) => Object.assign(accounts as object, { roleName: "" }),
    },
  ],
  sts: [
    {
      value: () => ({ region: "us-east-1" }),
      change: ({ sts }) => Object.assign(sts as object, { useFipsEndpoint: true }),
    },
    {
      value: () => ({ region: "us-east-1" }),
      change: ({ sts }) => Object.defineProperty(sts, "region", { value: "us-east-2", enumerable: false }),
    },
  ],
  network: [
    {
      value: () => ({ proxy: "http://one.example.com" }),
      change: ({ network }) => Object.assign(network as object, { proxy: "http://other.example.com" }),
    },
    { value: () => ({ requestTimeout: 1000 }), change: (instance) => delete instance.network },
    {
      value: () => ({ maxAttempts: 2 }),
      change: ({ network }) => Object.assign(network as object, { maxAttempt: 2 }),
    },
  ],
  dangerouslyAllowPlainHttp: [
    { value: () => true, change: (instance) => Object.assign(instance, { dangerouslyAllowPlainHttp: false }) },
    { value: () => false, change: (instance) => Object.assign(instance, { dangerouslyAllowPlainHttp: true }) },
  ],
  integration: [{ value: () => "scanner", change: (instance) => Object.assign(instance, { integration: "other" }) }],
};

describe("a plain object", () => {
  const changes = INSTANCE_KEYS.flatMap((key) => CHANGES[key].map((change, index) => ({ key, index, ...change })));
  it.each(changes)("is read at every call: instance.$key ($index)", ({ key, value, change }) => {
    const known = new KnownRequests(10);
    const tags = key === "transitiveTagKeys" && { tags: { team: "blue" } };
    const named = key === "credentialsName" && { credentials: async () => KEYS_OF_A_USER };
    const instance: Settings = { roleArn: ROLE, ...tags, ...named, [key]: value() };
    expectTheSame(known, instance, {});
    const before = told(() => known.get(instance, {}, undefined, {}));
    change(instance);
    expectTheSame(known, instance, {});
    expect(told(() => known.get(instance, {}, undefined, {}))).not.toEqual(before);
  });

  it("is read at every call: an unknown key", () => {
    const known = new KnownRequests(10);
    const instance: Settings = { roleArn: ROLE };
    expectTheSame(known, instance, {});
    instance.role = OTHER_ROLE;
    expectTheSame(known, instance, {});
  });

  it.each([
    ["a map", new Map()],
    ["null", null],
    ["a string", "x"],
    ["an array", []],
    ["a promise", Promise.resolve({})],
  ])("is rejected if it is %s", (_, instance) => {
    expectTheSame(new KnownRequests(10), instance, {});
  });

  it("can have getters, which are read at every call", () => {
    const known = new KnownRequests(10);
    let role = ROLE;
    class Settings {
      get roleArn(): string {
        return role;
      }
    }
    const instance = new Settings();
    for (role of [ROLE, OTHER_ROLE, ROLE]) expectTheSame(known, instance, {});
  });
});

describe("a defined instance", () => {
  it("returns the same request for commands with the same settings", () => {
    const known = new KnownRequests(10);
    const instance = defineInstance({ roleArn: ROLE, tags: { team: "blue" } });
    const command = () => ({ region: "eu-west-1", limit: Math.random() });
    const request = known.get(instance, command(), undefined, {});
    expect(known.get(instance, command(), null, {})).toBe(request);
    expect(known.get(instance, { region: "eu-west-2" }, undefined, {})).not.toBe(request);
    expect(known.get({ ...instance }, command(), undefined, {})).toEqual(request);
  });

  it("is merged again in a different environment", () => {
    const known = new KnownRequests(10);
    const instance = defineInstance({ roleArn: ROLE });
    const region = { AWS_REGION: "us-east-1" };
    const unchecked = { ...region, NODE_TLS_REJECT_UNAUTHORIZED: "0" };
    const others = [{}, { AWS_DEFAULT_REGION: "us-east-2" }, { AWS_REGION: "x" }];
    for (const env of [region, unchecked, region, ...others]) expectTheSame(known, instance, {}, env);
  });

  it.each([
    ["roleArn", [ROLE]],
    ["roleArn", { toString: () => ROLE }],
    ["roleArn", `${ROLE}\n`],
    ["roleArn", `${ROLE}\n\n\nus-east-1`],
    ["roleArn", ""],
    ["region", ""],
    ["region", "us-east-1 name nightly"],
    ["roleSessionDuration", true],
    ["roleSessionDuration", "900 "],
    ["role_arn", OTHER_ROLE],
  ])("does not reuse a request for a command whose %s is %j", (key, value) => {
    const known = new KnownRequests(10);
    const instance = defineInstance({});
    const right = { roleArn: ROLE, region: "us-east-1", roleSessionName: "nightly", roleSessionDuration: 900 };
    for (const command of [right, { roleArn: ROLE }, { roleArn: ROLE, region: "us-east-1" }, {}]) {
      expectTheSame(known, instance, command);
      expectTheSame(known, instance, { ...command, [key]: value });
    }
    expectTheSame(known, instance, { [key]: value });
  });

  it("shares one limit on remembered requests with all other instances", () => {
    const known = new KnownRequests(3);
    const instances = [ROLE, OTHER_ROLE].map((roleArn) => defineInstance({ roleArn }));
    for (let round = 0; round < 3; round++) {
      for (const instance of instances) {
        for (const region of ["us-east-1", "us-west-2", "eu-west-1"]) expectTheSame(known, instance, { region });
      }
    }
  });
});

/** A defined instance, or the plain one if it is invalid. */
function tryDefine(instance: Settings): unknown {
  try {
    return defineInstance(instance as IntegrationInstance);
  } catch {
    return instance;
  }
}

it("a remembered request always equals a new one, for every change to the instance and the command", () => {
  const settingOf = (keys: readonly string[]) =>
    fc.constantFrom(...keys).chain((key) => wild(key).map((value): [string, unknown] => [key, value]));
  const step = fc.record({ change: fc.option(settingOf(INSTANCE_KEYS)), command: fc.array(settingOf(COMMAND_KEYS)) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 8 }), (steps) => {
      const known = new KnownRequests(4);
      const instance: Settings = { roleArn: ROLE };
      for (const { change, command } of steps) {
        if (change) instance[change[0]] = change[1];
        for (let twice = 0; twice < 2; twice++) expectTheSame(known, instance, Object.fromEntries(command));
        const defined = tryDefine(instance);
        for (let twice = 0; twice < 2; twice++) expectTheSame(known, defined, Object.fromEntries(command));
        if (change) delete instance[change[0]];
        expectTheSame(known, instance, {});
      }
    }),
    { numRuns: 300 },
  );
});

it("an instance can have at most ten thousand roles", () => {
  const roles = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ roleArn: `${ROLE}${index}`, externalId: "bound" }));
  const known = new KnownRequests(10);
  const instance = { roleArn: `${ROLE}1`, allowedRoles: roles(10_000) };
  expect(known.get(instance, undefined, undefined, {}).chain.assumption?.externalId).toBe("bound");
  expect(() => known.get({ allowedRoles: roles(10_001) }, undefined, undefined, {})).toThrow(
    expect.objectContaining({
      field: "instance.allowedRoles",
      message:
        "instance.allowedRoles is invalid: received an array of 10001. Allowed: a list of at most 10000 role ARNs, patterns, or { roleArn, externalId }.",
    }),
  );
});
