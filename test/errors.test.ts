import { inspect } from "node:util";
import { expect, it } from "vitest";
import { isRolecallError, RolecallError } from "../src/index.js";

const error = new RolecallError("ASSUME_ROLE_DENIED", "It was denied.", {
  step: "assume-role",
  hint: "Look at the trust policy.",
  roleArn: "arn:aws:iam::123456789012:role/A",
  cause: "why",
});

it("has the given fields, and a message that ends with the hint", () => {
  expect(error).toMatchObject({
    name: "RolecallError",
    code: "ASSUME_ROLE_DENIED",
    message: "It was denied. Look at the trust policy.",
    step: "assume-role",
    retryable: false,
    cause: "why",
  });
  expect(error).toBeInstanceOf(Error);
  expect(error).not.toHaveProperty("region");
  expect(inspect(error)).toContain("ASSUME_ROLE_DENIED");
});

it("prints its hint once, at the end of the message, and also has it as a field", () => {
  const shown = inspect(error);
  expect(shown.split("Look at the trust policy.")).toHaveLength(2);
  expect(shown).toMatch(/^RolecallError: It was denied\. Look at the trust policy\.\n {4}at /);
  expect(shown).toContain("[cause]: 'why'");
  expect(error.hint).toBe("Look at the trust policy.");
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    name: "RolecallError",
    message: "It was denied. Look at the trust policy.",
    code: "ASSUME_ROLE_DENIED",
    retryable: false,
    step: "assume-role",
    hint: "Look at the trust policy.",
    roleArn: "arn:aws:iam::123456789012:role/A",
  });
});

it("is recognized by its brand, whichever build created it", () => {
  const ofAnotherBuild = Object.defineProperty(new Error("other"), Symbol.for("aws-rolecall.error"), { value: true });
  expect([error, ofAnotherBuild].map(isRolecallError)).toEqual([true, true]);
  expect(
    [new Error("RolecallError"), null, undefined, "RolecallError", { code: "TIMEOUT" }].map(isRolecallError),
  ).toEqual([false, false, false, false, false]);
});
