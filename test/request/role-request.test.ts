import { describe, expect, it } from "vitest";
import { RoleArn } from "../../src/request/role-arn.js";
import { assumptionOf, expectInvalid, OTHER_ROLE, ROLE, requestOf, roleRequestOf } from "./support.js";

const POLICY = { Statement: [{ Effect: "Allow", Action: "ec2:Describe*", Resource: "*" }] };
const ARN = "arn:aws:iam::aws:policy/ReadOnlyAccess";

describe("precedence", () => {
  const instance = { roleArn: ROLE, roleSessionName: "instance", roleSessionDuration: 1800 };

  it.each([
    ["roleArn", OTHER_ROLE, ({ chain }: ReturnType<typeof requestOf>) => chain.assumption?.role.arn, ROLE],
    [
      "roleSessionName",
      "command",
      ({ chain }: ReturnType<typeof requestOf>) => chain.assumption?.roleSessionName,
      "instance",
    ],
    [
      "roleSessionDuration",
      "900",
      ({ chain }: ReturnType<typeof requestOf>) => chain.assumption?.durationSeconds,
      1800,
    ],
  ] as const)("%s comes from the command first, then from the instance", (key, value, read, fallback) => {
    expect(String(read(requestOf({ instance, command: { [key]: value } })))).toBe(value);
    expect(read(requestOf({ instance, command: { [key]: undefined } }))).toBe(fallback);
    expect(read(requestOf({ instance, command: { [key]: null } }))).toBe(fallback);
    expect(read(requestOf({ instance }))).toBe(fallback);
  });

  it("a command that overrides only the role keeps the instance's name, duration, limits and labels", () => {
    const limits = { policy: POLICY, tags: { team: "a" }, sourceIdentity: "console", externalId: "shared" };
    expect(
      requestOf({ instance: { ...instance, ...limits }, command: { roleArn: OTHER_ROLE } }).chain.assumption,
    ).toMatchObject({
      role: { arn: OTHER_ROLE, accountId: "444455556666", name: "Audit" },
      roleSessionName: "instance",
      durationSeconds: 1800,
      policy: JSON.stringify({ Statement: [{ Action: "ec2:Describe*", Effect: "Allow", Resource: "*" }] }),
      tags: { team: "a" },
      sourceIdentity: "console",
      externalId: "shared",
    });
  });

  it("the default is one hour for the role, without other settings", () => {
    expect(assumptionOf({})).toEqual({
      role: new RoleArn(ROLE),
      roleSessionName: undefined,
      durationSeconds: 3600,
      tags: Object.create(null),
      transitiveTagKeys: [],
      sourceIdentity: undefined,
      externalId: undefined,
    });
  });

  it.each([
    ["policy", { policy: POLICY }],
    ["policyArns", { policyArns: [ARN] }],
    ["both", { policy: POLICY, policyArns: [ARN] }],
  ])("the author can set %s if the instance sets neither", (_, ceiling) => {
    const { policy, policyArns } = assumptionOf({ session: ceiling });
    expect({ policy, policyArns }).toEqual(
      (({ policy, policyArns }) => ({ policy, policyArns }))(assumptionOf({ instance: ceiling })),
    );
    expect(roleRequestOf({ session: ceiling }).chain.key).toBe(roleRequestOf({ instance: ceiling }).chain.key);
  });

  it.each([
    ["policy", { policy: POLICY }, { policy: POLICY }],
    ["policy", { policyArns: [ARN] }, { policy: POLICY }],
    ["policyArns", { policy: POLICY }, { policyArns: [ARN] }],
    ["policyArns", { policyArns: [ARN] }, { policyArns: [ARN] }],
    ["policy", { policy: POLICY }, { policy: POLICY, policyArns: [ARN] }],
  ])("the author's %s is rejected if the instance sets either", (named, fixed, session) => {
    expectInvalid(
      () => roleRequestOf({ instance: fixed, session }),
      `options.session.${named}`,
      `options.session.${named} is set, but the instance already sets policy or policyArns. Set both settings in one place: leave them out here or in the instance.`,
    );
  });

  it("the source identity comes from the instance, or else from the author, who can repeat it", () => {
    expect(assumptionOf({ instance: { sourceIdentity: "alice" } }).sourceIdentity).toBe("alice");
    expect(assumptionOf({ session: { sourceIdentity: "alice" } }).sourceIdentity).toBe("alice");
    const both = { instance: { sourceIdentity: "alice" }, session: { sourceIdentity: "alice" } };
    expect(assumptionOf(both).sourceIdentity).toBe("alice");
  });

  it.each(["bob", "Alice"])("the author cannot change it to %s", (sourceIdentity) => {
    expectInvalid(
      () => roleRequestOf({ instance: { sourceIdentity: "alice" }, session: { sourceIdentity } }),
      "options.session.sourceIdentity",
      "options.session.sourceIdentity differs from the instance's. Leave it out: the instance's source identity is used.",
    );
  });
});

describe("without a role", () => {
  const LIMITS = [
    ["policy", POLICY],
    ["policyArns", [ARN]],
    ["tags", { team: "a" }],
    ["sourceIdentity", "alice"],
  ] as const;
  const refused = (field: string) =>
    `${field} is set without a role. Set roleArn, or leave this setting out: it applies only to the session of an assumed role.`;

  it.each([...LIMITS, ["externalId", "ab"] as const])(
    "the instance's %s is rejected, because nothing could enforce it",
    (key, value) => {
      expectInvalid(() => requestOf({ instance: { [key]: value } }), `instance.${key}`, refused(`instance.${key}`));
      expect(requestOf({ instance: { [key]: value }, command: { roleArn: ROLE } }).chain.assumption).toBeDefined();
    },
  );

  it.each(LIMITS)("the author's %s is rejected", (key, value) => {
    expectInvalid(
      () => requestOf({ session: { [key]: value } }),
      `options.session.${key}`,
      refused(`options.session.${key}`),
    );
    expect(requestOf({ session: { [key]: value }, command: { roleArn: ROLE } }).chain.assumption).toBeDefined();
  });

  it("an empty policy is also rejected", () => {
    expectInvalid(
      () => requestOf({ instance: { policy: '{"Statement":[]}' } }),
      "instance.policy",
      refused("instance.policy"),
    );
  });

  it("transitive tag keys are rejected, because there is no such tag", () => {
    expectInvalid(
      () => requestOf({ instance: { transitiveTagKeys: ["team"] } }),
      "instance.transitiveTagKeys[0]",
      'instance.transitiveTagKeys[0] is "team", which is not a tag of the session. Set that tag too, or leave the key out.',
    );
  });

  it("settings without a limit are accepted: no tags, a session name, a duration, STS settings", () => {
    const instance = {
      tags: {},
      transitiveTagKeys: [],
      roleSessionName: "name",
      roleSessionDuration: 900,
      sts: { region: "us-east-1" },
    };
    const request = requestOf({
      instance,
      session: { tags: {} },
      command: { roleSessionName: "name" },
    });
    expect(request.chain.assumption).toBeUndefined();
    expect(request.chain.key).toBe(requestOf({}).chain.key);
  });

  it("an invalid setting is still rejected", () => {
    expectInvalid(
      () => requestOf({ command: { roleSessionName: "x" } }),
      "command.roleSessionName",
      'command.roleSessionName is invalid: received "x". Allowed: 2 to 64 letters, digits and _+=,.@-.',
    );
  });
});

describe("a role request", () => {
  const input = {
    instance: {
      policy: POLICY,
      policyArns: [ARN],
      tags: { team: "a" },
      transitiveTagKeys: ["team"],
      region: "us-east-1",
      sts: { region: "us-east-1" },
      credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" },
    },
    command: { region: "us-east-2" },
  };

  it("is deeply immutable", () => {
    const mutable: string[] = [];
    const visit = (path: string, value: unknown) => {
      if (typeof value !== "object" || value === null) return;
      if (!Object.isFrozen(value)) mutable.push(path);
      for (const [key, item] of Object.entries(value)) visit(`${path}.${key}`, item);
    };
    visit("request", roleRequestOf(input));
    visit("bare", requestOf({}));
    expect(mutable).toEqual([]);
  });

  it("does not change when its input changes", () => {
    const given = structuredClone(input);
    const request = roleRequestOf(given);
    const before = JSON.stringify(request);
    given.instance.tags.team = "b";
    given.instance.policyArns.push("x");
    given.instance.transitiveTagKeys.push("x");
    given.instance.policy.Statement.pop();
    given.instance.sts.region = "x";
    given.command.region = "x";
    expect(JSON.stringify(request)).toBe(before);
  });

  it("does not freeze its input", () => {
    const given = structuredClone(input);
    roleRequestOf(given);
    for (const value of [
      given,
      given.instance,
      given.instance.tags,
      given.instance.policyArns,
      given.instance.sts,
      given.instance.credentials,
    ]) {
      expect(Object.isFrozen(value)).toBe(false);
    }
  });

  it("is equal for equal input", () => {
    expect(roleRequestOf(structuredClone(input))).toEqual(roleRequestOf(input));
  });

  it("has a digest that does not change between versions", () => {
    const everything = roleRequestOf({
      instance: {
        ...input.instance,
        roleSessionName: "name",
        roleSessionDuration: 900,
        sourceIdentity: "alice",
        externalId: "ab",
      },
    });
    expect({
      base: requestOf({}).chain.digest,
      role: roleRequestOf({}).chain.digest,
      everything: everything.chain.digest,
    }).toMatchInlineSnapshot(`
      {
        "base": "oyLhZVb3Nzfx04PAXG0LRO06IFLrMA0Vn7jT3vHncwk",
        "everything": "XiTE4G914D5JVA6qUijMeobkKmuomVXXreE8U7YgwSY",
        "role": "kdHiO7fXrk2PPNHNbFCIDD16nQyQO97XMfNa_Evio6Q",
      }
    `);
  });
});
