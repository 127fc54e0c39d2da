import { describe, expect, it } from "vitest";
import { expectInvalid, roleRequestOf } from "./support.js";

const KEYS = "policy, policyArns, tags, sourceIdentity";

describe("options.session", () => {
  it.each([undefined, null, {}])("%j changes nothing", (session) => {
    expect(roleRequestOf({ session })).toEqual(roleRequestOf({}));
  });

  it.each(["externalId", "transitiveTagKeys", "allowedRoles", "roleArn", "region", "credentials", "sts", "Policy"])(
    "with %s is refused: that is not the author's to set",
    (key) => {
      expectInvalid(
        () => roleRequestOf({ session: { [key]: undefined } }),
        `options.session.${key}`,
        `options.session.${key} is not a setting. Known settings: ${KEYS}.`,
      );
    },
  );

  it.each<[unknown, string]>([
    ["text", "a string of 4 characters"],
    ["", "an empty string"],
    [0, "a number"],
    [false, "a boolean"],
    [[], "a list of 0"],
    [new Map([["policy", "{}"]]), "an object"],
    [Promise.resolve({ policy: "{}" }), "an object"],
    [() => ({}), "a function"],
  ])("that is %s is refused", (session, received) => {
    expectInvalid(
      () => roleRequestOf({ session }),
      "options.session",
      `options.session is wrong: received ${received}. Allowed: an object with ${KEYS}.`,
    );
  });
});
