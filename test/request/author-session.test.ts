import { describe, expect, it } from "vitest";
import { expectInvalid, roleRequestOf } from "./support.js";

const KEYS = "policy, policyArns, tags, sourceIdentity";

describe("options.session", () => {
  it.each([undefined, null, {}])("%j changes nothing", (session) => {
    expect(roleRequestOf({ session })).toEqual(roleRequestOf({}));
  });

  it.each(["externalId", "transitiveTagKeys", "allowedRoles", "roleArn", "region", "credentials", "sts"])(
    "with %s is rejected, because only the instance can set it",
    (key) => {
      expectInvalid(
        () => roleRequestOf({ session: { [key]: undefined } }),
        `options.session.${key}`,
        `options.session.${key} is not a setting. Known settings: ${KEYS}.`,
      );
    },
  );

  it("with Policy is rejected, and the error suggests policy", () => {
    expectInvalid(
      () => roleRequestOf({ session: { Policy: undefined } }),
      "options.session.Policy",
      "options.session.Policy is not a setting, but looks like policy. Write it as policy.",
    );
  });

  it.each<[unknown, string]>([
    ["text", "a string of 4 characters"],
    ["", "an empty string"],
    [0, "a number"],
    [false, "a boolean"],
    [[], "an empty array"],
    [new Map([["policy", "{}"]]), "an object"],
    [Promise.resolve({ policy: "{}" }), "an object"],
    [() => ({}), "a function"],
  ])("is rejected if it is %s", (session, received) => {
    expectInvalid(
      () => roleRequestOf({ session }),
      "options.session",
      `options.session is invalid: received ${received}. Allowed: an object with ${KEYS}.`,
    );
  });
});
