import { variableIn } from "../request/validation.js";
import { systemRuntime } from "../runtime.js";
import { isClientMockLoaded, isStsLoadedTwice } from "../sdk/imds.js";

/** Set by Vitest, Jest and Node's own runner. */
const VARIABLES = ["VITEST", "JEST_WORKER_ID", "NODE_TEST_CONTEXT"];

/** Whether this process seems to run tests. Only hints depend on it. */
export function isTestRun(): boolean {
  if (VARIABLES.some((name) => variableIn(systemRuntime.env, name) !== undefined) || isClientMockLoaded()) return true;
  // Mocha and Jasmine have no variable; they leave their functions in the global scope.
  const { describe, it } = globalThis as Record<string, unknown>;
  return typeof describe === "function" && typeof it === "function";
}

const INJECT = "pass the mock to createCredentialResolver({ stsClient })";

/** What to do in a test whose STS mock does not intercept the call; `undefined` outside tests. */
export function hintForUncaughtCall(): string | undefined {
  if (!isTestRun()) return undefined;
  if (isStsLoadedTwice()) {
    return `in this test, two copies of @aws-sdk/client-sts are loaded, and a mock of STSClient intercepts only one of them: ${INJECT}.`;
  }
  return `in a test, ${INJECT}, or call startLocalAws() from aws-rolecall/testing.`;
}
