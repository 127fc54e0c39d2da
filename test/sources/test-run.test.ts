import { createRequire } from "node:module";
import { expect, it, onTestFinished, vi } from "vitest";
import { createCredentialResolver } from "../../src/index.js";
import { startLocalAws } from "../../src/testing/index.js";

/** The hint if the metadata service does not respond, in the given environment. */
async function hintIn(env: Record<string, string>): Promise<string> {
  const aws = await startLocalAws();
  for (const [name, value] of Object.entries({ ...NO_RUNNER, ...env, ...aws.env })) vi.stubEnv(name, value);
  await aws.close();
  await using resolver = createCredentialResolver();
  const error = await resolver
    .resolve({ region: "eu-west-1", roleArn: "arn:aws:iam::123456789012:role/A" })
    .catch((failure) => failure);
  expect(error).toMatchObject({ code: "IMDS_UNREACHABLE" });
  return error.hint;
}

const NO_RUNNER = { VITEST: undefined, JEST_WORKER_ID: undefined, NODE_TEST_CONTEXT: undefined };
const IN_A_TEST = /in a test, pass the mock to createCredentialResolver\(\{ stsClient \}\), or call startLocalAws\(\)/;

it.each([{ VITEST: "true" }, { JEST_WORKER_ID: "1" }, { NODE_TEST_CONTEXT: "child-v8" }])(
  "IMDS_UNREACHABLE has a hint for tests under %j",
  async (env) => expect(await hintIn(env)).toMatch(IN_A_TEST),
);

it("and also under Mocha, which leaves its functions in the global scope", async () => {
  vi.stubGlobal("describe", () => {});
  vi.stubGlobal("it", () => {});
  onTestFinished(() => {
    vi.unstubAllGlobals();
  });
  expect(await hintIn({})).toMatch(IN_A_TEST);
});

it("IMDS_UNREACHABLE has a hint for machines outside EC2 otherwise", async () => {
  expect(await hintIn({})).toMatch(/outside EC2, set instance\.credentials/);
  expect(await hintIn({})).not.toContain("test");
});

it("the hint names a second copy of the SDK's STS client, which the mock may have replaced instead", async () => {
  const { cache } = createRequire(import.meta.url);
  const copy = "/app/node_modules/@aws-sdk/client-ec2/node_modules/@aws-sdk/client-sts/dist-cjs/index.js";
  cache[copy] = {} as NodeJS.Module;
  onTestFinished(() => void delete cache[copy]);
  expect(await hintIn({ VITEST: "true" })).toMatch(
    /two copies of @aws-sdk\/client-sts are loaded.*pass the mock to createCredentialResolver\(\{ stsClient \}\)/,
  );
});
