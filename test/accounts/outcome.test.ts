import { expect, it } from "vitest";
import { judgeError } from "../../src/accounts/outcome.js";
import { RolecallError } from "../../src/index.js";

const throwing = Object.defineProperty({}, "name", {
  get() {
    throw new Error("no name");
  },
});
const revoked = Proxy.revocable({}, {});
revoked.revoke();

it.each([
  ["an error", new RangeError("no"), "RangeError", false],
  ["an AWS error", Object.assign(new Error("no"), { name: "AccessDeniedException" }), "AccessDeniedException", false],
  [
    "a throttled AWS call",
    Object.assign(new Error("no"), { name: "ThrottlingException", $retryable: { throttling: true } }),
    "ThrottlingException",
    true,
  ],
  [
    "an error of this library",
    new RolecallError("STS_UNAVAILABLE", "no", { step: "assume-role", hint: "Wait.", retryable: true }),
    "STS_UNAVAILABLE",
    true,
  ],
  ["a name that could forge a line", Object.assign(new Error("no"), { name: "a\nb" }), "Error", false],
  ["undefined", undefined, "Error", false],
  ["null", null, "Error", false],
  ["text", "no", "Error", false],
  ["an error whose getter throws", throwing, "Error", false],
  ["a revoked Proxy", revoked.proxy, "Error", false],
])("judges %s", (_what, error, code, retryable) => {
  const judged = judgeError(error);
  expect([judged.code, judged.retryable]).toEqual([code, retryable]);
  expect(Object.is(judged.error, error)).toBe(true);
});
