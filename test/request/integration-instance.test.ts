import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { expectInvalid, ROLE, refusalOf, requestOf, roleRequestOf } from "./support.js";

const KEYS =
  "roleArn, roleSessionName, roleSessionDuration, region, policy, policyArns, tags, sourceIdentity, externalId, transitiveTagKeys, allowedRoles, dangerouslyAllowPlainHttp, credentialsName, credentials, sts, network, integration";

describe("an integration instance", () => {
  it("may set nothing: then the instance profile itself acts", () => {
    const request = requestOf({ instance: {} });
    expect(request.assumption).toBeUndefined();
    expect(request.base.kind).toBe("instance-profile");
    expect(request.key).toBe(request.base.key);
  });

  it.each([
    ["rolearn", "roleArn"],
    ["RoleArn", "roleArn"],
    ["role_arn", "roleArn"],
    ["roleArm", "roleArn"],
    ["externalID", "externalId"],
    ["allowedRole", "allowedRoles"],
    ["sessionDuration", undefined],
  ])("says which setting the unknown key %s reads like, if any", (key, right) => {
    expectInvalid(
      () => requestOf({ instance: { [key]: ROLE } }),
      `instance.${key}`,
      right
        ? `instance.${key} is not a setting, and reads like ${right}. Write it as ${right}.`
        : `instance.${key} is not a setting. Known settings: ${KEYS}.`,
    );
  });

  const LIMITS = ["policy", "policyArns", "externalId", "allowedRoles"];

  it("takes undefined for not given in every setting, and null in those that limit nothing", () => {
    const none = Object.fromEntries(KEYS.split(", ").map((key) => [key, undefined]));
    const nulls = Object.fromEntries(
      KEYS.split(", ")
        .filter((key) => !LIMITS.includes(key))
        .map((key) => [key, null]),
    );
    expect(requestOf({ instance: none })).toEqual(requestOf({ instance: {} }));
    expect(requestOf({ instance: nulls })).toEqual(requestOf({ instance: {} }));
  });

  it.each(LIMITS)("refuses null in %s: an empty line of a file must not lift a limit", (key) => {
    expectInvalid(
      () => requestOf({ instance: { roleArn: ROLE, [key]: null } }),
      `instance.${key}`,
      `instance.${key} is null, and would limit nothing. For no limit, leave it out.`,
    );
  });

  it.each<[unknown, string]>([
    [undefined, "undefined"],
    [null, "null"],
    ["", "an empty string"],
    ["text", "a string of 4 characters"],
    [5, "a number"],
    [true, "a boolean"],
    [[], "an empty array"],
    [() => ({}), "a function"],
    [new Map(), "an object"],
    [new Set(), "an object"],
    [new Date(0), "an object"],
    [new Error("no"), "an object"],
    [new WeakMap(), "an object"],
    [new Uint8Array(2), "an object"],
    [new ArrayBuffer(2), "an object"],
    [/x/, "an object"],
  ])("that is %s is refused", (instance, received) => {
    expectInvalid(
      () => (instance === undefined ? requestOf({ instance: null }) : requestOf({ instance })),
      "instance",
      `instance is invalid: received ${instance === undefined ? "null" : received}. Allowed: an object with ${KEYS}${instance === undefined || instance === null ? "; {} for none of them" : ""}.`,
    );
  });

  it("that was not awaited is refused, and does not run as the base identity", () => {
    expectInvalid(
      () => requestOf({ instance: Promise.resolve({ roleArn: ROLE }) }),
      "instance",
      `instance is invalid: received an object. Allowed: an object with ${KEYS}.`,
    );
  });

  it("may be an object of a class, or have no prototype", () => {
    class Settings {
      region = "eu-west-1";
      get roleArn() {
        return ROLE;
      }
    }
    expect(requestOf({ instance: new Settings() }).assumption?.role.arn).toBe(ROLE);
    const bare = Object.assign(Object.create(null), { roleArn: ROLE });
    expect(requestOf({ instance: bare }).key).toBe(requestOf({ instance: { roleArn: ROLE } }).key);
  });

  it("given as text does not show it: it may hold secrets", () => {
    const text = JSON.stringify({ credentials: { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "hush-hush" } });
    const error = refusalOf(() => requestOf({ instance: text }));
    expect(error.message).toContain(`received a string of ${text.length} characters`);
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain("hush-hush");
  });

  it.each(["duration", "proxy", "__proto__", "constructor", ""])(
    "with the unknown key %j is refused, whatever its value",
    (key) => {
      for (const value of ["text", undefined, null]) {
        const instance = JSON.parse(`{${JSON.stringify(key)}:1}`);
        Object.defineProperty(instance, key, { value, enumerable: true });
        expectInvalid(
          () => requestOf({ instance }),
          `instance.${key}`,
          `instance.${key} is not a setting. Known settings: ${KEYS}.`,
        );
      }
    },
  );

  it("with an inherited unknown key is refused", () => {
    const instance = Object.create({ role: ROLE });
    expectInvalid(
      () => requestOf({ instance }),
      "instance.role",
      `instance.role is not a setting. Known settings: ${KEYS}.`,
    );
  });

  it("with a long unknown key of control characters names it safely", () => {
    const key = `\u001b[31m\n\u2028${"k".repeat(1000)}`;
    const error = expectInvalid(
      () => requestOf({ instance: { [key]: 1 } }),
      `instance.\\u001b[31m\\u000a\\u2028${"k".repeat(93)}…`,
      /is not a setting\. Known settings: /,
    );
    expect(error.message.startsWith(`instance.\\u001b[31m\\u000a\\u2028${"k".repeat(93)}… is not`)).toBe(true);
  });
});

describe("integration", () => {
  const RULE = "Allowed: 1 to 50 letters, digits and _.+-.";

  it.each(["a", "a".repeat(50), "My_Integration-1.2+3"])("%j is taken", (integration) => {
    expect(roleRequestOf({ instance: { integration } }).integration).toBe(integration);
  });

  it.each<[unknown, string]>([
    ["", "an empty string"],
    ["a".repeat(51), `"${"a".repeat(51)}"`],
    ["two words", '"two words"'],
    ["a/b", '"a/b"'],
    ["a\r\nb", '"a\\r\\nb"'],
    [1, "a number"],
  ])("%j is refused", (integration, received) => {
    expectInvalid(
      () => roleRequestOf({ instance: { integration } }),
      "instance.integration",
      `instance.integration is invalid: received ${received}. ${RULE}`,
    );
  });

  it("is no part of the key: sessions are shared between integrations", () => {
    expect(roleRequestOf({ instance: { integration: "a" } }).key).toBe(roleRequestOf({}).key);
  });
});
