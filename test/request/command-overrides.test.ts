import { describe, expect, it } from "vitest";
import { serviceRegion } from "../../src/request/role-request.js";
import { expectInvalid, OTHER_ROLE, ROLE, requestOf, roleRequestOf } from "./support.js";

const four = { roleArn: OTHER_ROLE, roleSessionName: "command", roleSessionDuration: 1800, region: "eu-west-1" };

describe("a command's arguments", () => {
  it.each([undefined, null, {}])("can be %j", (command) => {
    expect(roleRequestOf({ command })).toEqual(roleRequestOf({}));
  });

  it("override role, session name, duration and region", () => {
    const request = roleRequestOf({ command: four });
    expect(request.chain.assumption).toMatchObject({
      role: { arn: OTHER_ROLE },
      roleSessionName: "command",
      durationSeconds: 1800,
    });
    expect(serviceRegion(request)).toBe("eu-west-1");
  });

  it.each([undefined, null])("are ignored if they are %s", (nothing) => {
    const command = { roleArn: nothing, roleSessionName: nothing, roleSessionDuration: nothing, region: nothing };
    expect(roleRequestOf({ command })).toEqual(roleRequestOf({}));
  });

  it.each(["roleArn", "roleSessionName", "roleSessionDuration", "region"])(
    "are rejected with an empty %s, which does not mean the instance's value",
    (key) => {
      expectInvalid(
        () => roleRequestOf({ command: { [key]: "" } }),
        `command.${key}`,
        new RegExp(`^command\\.${key} is invalid: received an empty string\\. Allowed: `),
      );
    },
  );

  it("that belong to the command itself are ignored, whatever their value", () => {
    const bag = {
      policy: "not json",
      policyArns: "x",
      tags: "a=b",
      sourceIdentity: "",
      externalId: "",
      transitiveTagKeys: 5,
      allowedRoles: [],
      credentials: { accessKeyId: "x" },
      sts: { endpoint: "http://evil.example" },
      integration: "\n",
      session: {},
      role: "x",
      arn: "x",
      regions: "x",
      sessionName: "",
      duration: -1,
      roleSession: "",
      toString: "x",
      constructor: null,
    };
    const command = Object.assign(JSON.parse('{"__proto__":{"roleArn":"x"},"then":"x"}'), bag);
    expect(roleRequestOf({ command })).toEqual(roleRequestOf({}));
    expect(roleRequestOf({ command: { ...command, ...four } })).toEqual(roleRequestOf({ command: four }));
  });

  it.each([
    ["role_arn", "roleArn"],
    ["roleARN", "roleArn"],
    ["RoleArn", "roleArn"],
    ["RoleARN", "roleArn"],
    ["ROLE-ARN", "roleArn"],
    ["ROLE_ARN", "roleArn"],
    ["rolearn", "roleArn"],
    ["_role__Arn-", "roleArn"],
    ["Region", "region"],
    ["REGION", "region"],
    ["re-gion", "region"],
    ["role_session_name", "roleSessionName"],
    ["RoleSessionName", "roleSessionName"],
    ["role-session-name", "roleSessionName"],
    ["role_session_duration", "roleSessionDuration"],
    ["rolesessionduration", "roleSessionDuration"],
    [`role${"_".repeat(20)}session${"-".repeat(20)}duration`, "roleSessionDuration"],
  ])("named %s are rejected as a misspelling of %s", (key, right) => {
    for (const value of [OTHER_ROLE, undefined, null, ""]) {
      expectInvalid(
        () => roleRequestOf({ command: { ...four, [key]: value } }),
        `command.${key}`,
        `command.${key} is not a setting, but looks like ${right}. Write it as ${right}.`,
      );
    }
  });

  it("with a very long misspelled key are rejected", () => {
    const key = `role${"_".repeat(1000)}arn`;
    expectInvalid(
      () => roleRequestOf({ command: { [key]: OTHER_ROLE } }),
      `command.${`role${"_".repeat(1000)}`.slice(0, 100)}…`,
      /^command\.role_+… is not a setting, but looks like roleArn\. Write it as roleArn\.$/,
    );
  });

  it.each<[string, unknown, string]>([
    ["a string", `{"roleArn":"${OTHER_ROLE}"}`, "a string of 50 characters"],
    ["an empty string", "", "an empty string"],
    ["a number", 5, "a number"],
    ["false", false, "a boolean"],
    ["an array", [{ roleArn: OTHER_ROLE }], "an array of 1"],
    ["a map", new Map([["roleArn", OTHER_ROLE]]), "an object"],
    ["a set", new Set(["roleArn"]), "an object"],
    ["search parameters", new URLSearchParams({ roleArn: OTHER_ROLE }), "an object"],
    ["headers", new Headers({ roleArn: OTHER_ROLE }), "an object"],
    ["a promise", Promise.resolve({ roleArn: OTHER_ROLE }), "an object"],
    ["an error", new Error("roleArn"), "an object"],
    ["a date", new Date(0), "an object"],
    ["a typed array", new Uint8Array(4), "an object"],
    ["a boxed string", new String("roleArn"), "an object"],
    ["a function", () => ({ roleArn: OTHER_ROLE }), "a function"],
    ["a symbol", Symbol("roleArn"), "a symbol"],
  ])("are rejected as %s, whose entries would be ignored", (_, command, received) => {
    expectInvalid(
      () => roleRequestOf({ command }),
      "command",
      `command is invalid: received ${received}. Allowed: an object of the command's arguments.`,
    );
  });

  it("can be inherited, and inherited misspelled ones are rejected", () => {
    const command = Object.create({ roleArn: OTHER_ROLE });
    expect(roleRequestOf({ command }).chain.assumption?.role.arn).toBe(OTHER_ROLE);
    expectInvalid(
      () => roleRequestOf({ command: Object.create({ role_arn: OTHER_ROLE }) }),
      "command.role_arn",
      "command.role_arn is not a setting, but looks like roleArn. Write it as roleArn.",
    );
  });

  it("are read once each, without a call to the command's other getters", () => {
    let reads = 0;
    const command = {
      get roleArn() {
        reads++;
        return reads === 1 ? OTHER_ROLE : ROLE;
      },
      get policy(): never {
        throw new Error("not ours to read");
      },
    };
    expect(roleRequestOf({ command }).chain.assumption?.role.arn).toBe(OTHER_ROLE);
    expect(reads).toBe(1);
  });

  it("can be an object of a class", () => {
    class Arguments {
      readonly #roleArn = OTHER_ROLE;
      get roleArn() {
        return this.#roleArn;
      }
    }
    expect(roleRequestOf({ command: new Arguments() }).chain.assumption?.role.arn).toBe(OTHER_ROLE);
  });

  it("set the role if the instance has none", () => {
    expect(requestOf({ command: { roleArn: ROLE } }).chain.key).toBe(roleRequestOf({}).chain.key);
  });
});

describe("an argument that looks like a setting", () => {
  it.each([
    ["role arn", "roleArn", "a space"],
    ["role.arn", "roleArn", "a dot"],
    ["role/arn", "roleArn", "a slash"],
    [" region", "region", "a space before"],
    ["rоleArn", "roleArn", "a Cyrillic o"],
    ["ROLЕ_ARN", "roleArn", "a Cyrillic capital"],
    ["гegion", "region", "a Cyrillic r"],
    ["rοleArn", "roleArn", "a Greek o"],
    ["roleArΝ", "roleArn", "a Greek capital"],
    ["rөleArn".replace("ө", "օ"), "roleArn", "an Armenian o"],
    ["ｒｏｌｅＡｒｎ", "roleArn", "full-width letters"],
    ["𝐫𝐞𝐠𝐢𝐨𝐧", "region", "mathematical letters"],
    ["ⓡⓔⓖⓘⓞⓝ", "region", "letters in circles"],
    ["rölearn", "roleArn", "an umlaut"],
    ["role\u0301Arn", "roleArn", "a combining mark"],
    ["roleArn\u200b", "roleArn", "a space of no width"],
    ["\ufeffroleArn", "roleArn", "a byte order mark"],
    ["role\u00adArn", "roleArn", "a soft hyphen"],
    ["role\u3164Arn", "roleArn", "a filler"],
    ["\u202eroleArn", "roleArn", "a change of direction"],
    ["roleArn\ufe0f", "roleArn", "a variation selector"],
    ["ro1eArn", "roleArn", "a one"],
    ["roIeArn", "roleArn", "a capital i"],
    ["r0leArn", "roleArn", "a zero"],
    ["regıon", "region", "an i without a dot"],
    ["roleSessionNаme", "roleSessionName", "a Cyrillic a"],
    ["role session duration", "roleSessionDuration", "spaces"],
  ])("%s is rejected as a misspelling of %s: it has %s", (key, right) => {
    expectInvalid(
      () => roleRequestOf({ command: { [key]: OTHER_ROLE } }),
      expect.stringMatching(/^command\./) as unknown as string,
      new RegExp(`is not a setting, but looks like ${right}\\. Write it as ${right}\\.$`),
    );
  });

  it.each([
    "role",
    "roles",
    "region2",
    "regions",
    "region名",
    "regionы",
    "arnRole",
    "rôle",
    "角色",
    "r",
    "roleArn_2",
    "名",
  ])("%s is not a misspelling, and belongs to the command", (key) => {
    expect(roleRequestOf({ command: { [key]: "x" } })).toEqual(roleRequestOf({}));
  });
});
