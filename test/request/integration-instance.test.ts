import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { expectInvalid, ROLE, refusalOf, requestOf, roleRequestOf } from "./support.js";

const KEYS =
  "roleArn, roleSessionName, roleSessionDuration, region, policy, policyArns, tags, sourceIdentity, externalId, transitiveTagKeys, allowedRoles, dangerouslyAllowPlainHttp, credentialsName, credentials, sourceRole, accounts, sts, network, integration";

describe("an integration instance", () => {
  it("can be empty: commands then run as the instance profile", () => {
    const request = requestOf({ instance: {} });
    expect(request.chain.assumption).toBeUndefined();
    expect(request.chain.base.kind).toBe("instance-profile");
    expect(request.chain.key).toBe(request.chain.base.key);
  });

  it.each([
    ["rolearn", "roleArn"],
    ["RoleArn", "roleArn"],
    ["role_arn", "roleArn"],
    ["roleArm", "roleArn"],
    ["externalID", "externalId"],
    ["allowedRole", "allowedRoles"],
    ["sessionDuration", undefined],
  ])("suggests the setting for the unknown key %s, if one is similar", (key, right) => {
    expectInvalid(
      () => requestOf({ instance: { [key]: ROLE } }),
      `instance.${key}`,
      right
        ? `instance.${key} is not a setting, but looks like ${right}. Write it as ${right}.`
        : `instance.${key} is not a setting. Known settings: ${KEYS}.`,
    );
  });

  const LIMITS = ["policy", "policyArns", "externalId", "allowedRoles"];

  it("accepts undefined in every setting, and null in settings that are not limits", () => {
    const none = Object.fromEntries(KEYS.split(", ").map((key) => [key, undefined]));
    const nulls = Object.fromEntries(
      KEYS.split(", ")
        .filter((key) => !LIMITS.includes(key))
        .map((key) => [key, null]),
    );
    expect(requestOf({ instance: none })).toEqual(requestOf({ instance: {} }));
    expect(requestOf({ instance: nulls })).toEqual(requestOf({ instance: {} }));
  });

  it.each(LIMITS)("rejects null in %s, because an empty line in a file must not remove a limit", (key) => {
    expectInvalid(
      () => requestOf({ instance: { roleArn: ROLE, [key]: null } }),
      `instance.${key}`,
      `instance.${key} is null, which would lift the limit. To set no limit, leave it out.`,
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
  ])("is rejected if it is %s", (instance, received) => {
    expectInvalid(
      () => (instance === undefined ? requestOf({ instance: null }) : requestOf({ instance })),
      "instance",
      `instance is invalid: received ${instance === undefined ? "null" : received}. Allowed: an object with ${KEYS}${instance === undefined || instance === null ? "; {} for none of them" : ""}.`,
    );
  });

  it("is rejected if it is a promise, instead of running as the base identity", () => {
    expectInvalid(
      () => requestOf({ instance: Promise.resolve({ roleArn: ROLE }) }),
      "instance",
      `instance is invalid: received an object. Allowed: an object with ${KEYS}.`,
    );
  });

  it("can be an object of a class, or have no prototype", () => {
    class Settings {
      region = "eu-west-1";
      get roleArn() {
        return ROLE;
      }
    }
    expect(requestOf({ instance: new Settings() }).chain.assumption?.role.arn).toBe(ROLE);
    const bare = Object.assign(Object.create(null), { roleArn: ROLE });
    expect(requestOf({ instance: bare }).chain.key).toBe(requestOf({ instance: { roleArn: ROLE } }).chain.key);
  });

  it("is not shown if it is a string, because it can contain secrets", () => {
    const text = JSON.stringify({ credentials: { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "hush-hush" } });
    const error = refusalOf(() => requestOf({ instance: text }));
    expect(error.message).toContain(`received a string of ${text.length} characters`);
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain("hush-hush");
  });

  it.each(["duration", "proxy", "__proto__", "constructor", ""])(
    "with the unknown key %j is rejected, whatever its value",
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

  it("with an unknown inherited key is rejected", () => {
    const instance = Object.create({ role: ROLE });
    expectInvalid(
      () => requestOf({ instance }),
      "instance.role",
      `instance.role is not a setting. Known settings: ${KEYS}.`,
    );
  });

  it("with a long unknown key of control characters is rejected, and the error escapes it", () => {
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

  it.each(["a", "a".repeat(50), "My_Integration-1.2+3"])("can be %j", (integration) => {
    expect(roleRequestOf({ instance: { integration } }).integration).toBe(integration);
  });

  it.each<[unknown, string]>([
    ["", "an empty string"],
    ["a".repeat(51), `"${"a".repeat(51)}"`],
    ["two words", '"two words"'],
    ["a/b", '"a/b"'],
    ["a\r\nb", '"a\\r\\nb"'],
    [1, "a number"],
  ])("cannot be %j", (integration, received) => {
    expectInvalid(
      () => roleRequestOf({ instance: { integration } }),
      "instance.integration",
      `instance.integration is invalid: received ${received}. ${RULE}`,
    );
  });

  it("is not part of the session key, so sessions are shared between integrations", () => {
    expect(roleRequestOf({ instance: { integration: "a" } }).chain.key).toBe(roleRequestOf({}).chain.key);
  });
});
