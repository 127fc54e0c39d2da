import { describe, expect, it, onTestFinished } from "vitest";
import { createCredentialResolver, type IntegrationInstance } from "../../src/index.js";
import { createMemoryStore } from "../../src/testing/index.js";
import { assumedRoles, BEHIND_HUB, HUB, OTHER_HUB, OTHER_TARGET, setUpHub, signerOf, TARGET } from "../support/hub.js";
import { SECOND } from "../support/local.js";

/** Processes that share a store. Each has a resolver of its own. */
async function setUpProcesses() {
  const setup = await setUpHub();
  const { aws, clock } = setup;
  aws.setRole({ roleArn: TARGET, trustedPrincipals: ["*"] });
  aws.setRole({ roleArn: HUB, trustedPrincipals: ["*"], allowAssumeRole: ["*"] });
  const store = createMemoryStore({ clock });
  const start = () => {
    const resolver = createCredentialResolver({ store, runtime: clock });
    onTestFinished(() => resolver.close());
    return resolver;
  };
  await start().resolve({ roleArn: HUB, region: BEHIND_HUB.region }); // loads the SDK and the store
  aws.clearRequests();
  return { ...setup, start };
}

describe("processes that share a store", () => {
  it.each([0, 2 * SECOND])(
    "ask for the source role once and for the role once, if STS takes %i ms",
    async (latency) => {
      const { aws, clock, start } = await setUpProcesses();
      aws.setLatency(latency, { target: "sts" });
      const sessions = Promise.all([start(), start(), start()].map((resolver) => resolver.resolve(BEHIND_HUB)));
      for (let waited = 0; waited < 6 * SECOND; waited += 50) await clock.advance(50);
      expect(new Set((await sessions).map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
      expect(assumedRoles(aws)).toEqual([[HUB], [TARGET]]);
    },
  );

  it("share the source role's session for roles that each of them assumes alone", async () => {
    const { aws, start } = await setUpProcesses();
    await start().resolve(BEHIND_HUB);
    await start().resolve({ ...BEHIND_HUB, roleArn: OTHER_TARGET });
    expect(assumedRoles(aws)).toEqual([[HUB], [TARGET], [OTHER_TARGET]]);
    expect(signerOf(aws, OTHER_TARGET)).toBe(signerOf(aws, TARGET));
  });

  it("never share a session of different chains to the same role", async () => {
    const { aws, start } = await setUpProcesses();
    const keys = (user: string) => aws.issueUserKeys({ userArn: `arn:aws:iam::111122223333:user/${user}` });
    const credentials = keys("ada");
    const direct = { roleArn: TARGET, region: BEHIND_HUB.region };
    const chains: IntegrationInstance[] = [
      direct,
      BEHIND_HUB,
      { ...BEHIND_HUB, sourceRole: OTHER_HUB },
      { ...BEHIND_HUB, sourceRole: { roleArn: HUB, roleSessionName: "another" } },
      { ...BEHIND_HUB, allowedRoles: [TARGET] },
      { ...BEHIND_HUB, credentials },
      { ...direct, credentials },
      { ...BEHIND_HUB, credentials: keys("grace") },
      { ...BEHIND_HUB, credentials: async () => credentials, credentialsName: "ada" },
      { ...BEHIND_HUB, credentials: async () => credentials, credentialsName: "grace" },
    ];
    const sessionsOf = async () => {
      const sessions = await Promise.all(chains.map((instance) => start().resolve(instance)));
      return sessions.map(({ accessKeyId }) => accessKeyId);
    };
    const first = await sessionsOf();
    expect(new Set(first).size).toBe(chains.length);
    expect(await sessionsOf()).toEqual(first);
  });

  it("share sessions of different functions under the same credentialsName, the source role's included", async () => {
    const { aws, start } = await setUpProcesses();
    const keys = aws.issueUserKeys({ userArn: "arn:aws:iam::111122223333:user/ada" });
    const named = () => ({ ...BEHIND_HUB, credentials: async () => keys, credentialsName: "ada" });
    const one = await start().resolve(named());
    const other = await start().resolve(named());
    await start().resolve({ ...named(), roleArn: OTHER_TARGET });
    expect(other.accessKeyId).toBe(one.accessKeyId);
    expect(assumedRoles(aws)).toEqual([[HUB], [TARGET], [OTHER_TARGET]]);
  });
});
