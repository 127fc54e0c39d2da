import { expect } from "vitest";
import type { StsCaller } from "../../src/sources/sts-caller.js";

/** A caller of an injected STS client, which asks for no credentials because it does not sign. */
export function unsignedCaller(parts: Partial<StsCaller> = {}): StsCaller {
  return {
    key: "caller",
    step: "base-identity",
    roleArn: undefined,
    credentials: Object.assign(() => expect.fail("the client of this test does not sign"), {
      memoized: true,
      configBound: true,
      attributed: true,
    } as const),
    ready: async () => undefined,
    replace: async () => false,
    ...parts,
  };
}
