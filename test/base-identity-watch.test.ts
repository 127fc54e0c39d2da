import { describe, expect, it } from "vitest";
import type { RolecallEvents } from "../src/index.js";
import { listen } from "./support/events.js";
import { assumeRoleCalls, MINUTE, OTHER_ROLE, ROLE, SECOND, setUpLocal } from "./support/local.js";

const USER = "arn:aws:iam::123456789012:user/engine";

async function setUp() {
  const local = await setUpLocal({
    roles: [ROLE, OTHER_ROLE].map((roleArn) => ({ roleArn, trustedPrincipals: ["*"] })),
  });
  const keys = local.aws.issueUserKeys({ userArn: USER });
  const events: RolecallEvents["many-base-identities"][] = [];
  listen("aws-rolecall:many-base-identities", (event) => events.push(event as RolecallEvents["many-base-identities"]));
  const instance = (roleArn = ROLE) => ({ roleArn, region: "eu-central-1", credentials: async () => keys });
  return { ...local, keys, events, instance };
}

describe("one role assumed through many base identities", () => {
  it("publishes one event for each role, with a hint, if every request makes a new function", async () => {
    const { aws, resolver, events, instance } = await setUp();
    for (let request = 0; request < 9; request++) await resolver.resolve(instance());
    expect(events).toEqual([]);
    for (let request = 0; request < 20; request++) await resolver.resolve(instance());
    expect(assumeRoleCalls(aws)).toBe(29);
    expect(events).toEqual([{ roleArn: ROLE, baseIdentities: 10, hint: expect.stringMatching(/credentialsName/) }]);
    for (let request = 0; request < 10; request++) await resolver.resolve(instance(OTHER_ROLE));
    expect(events.map(({ roleArn }) => roleArn)).toEqual([ROLE, OTHER_ROLE]);
  });

  it("publishes an event if every request brings different keys", async () => {
    const { aws, resolver, events, instance } = await setUp();
    for (let request = 0; request < 10; request++) {
      await resolver.resolve({ ...instance(), credentials: aws.issueUserKeys({ userArn: USER }) });
    }
    expect(events).toHaveLength(1);
  });

  it("publishes no event for one function, for one credentialsName, or for a few functions a minute", async () => {
    const { clock, resolver, events, instance } = await setUp();
    const one = instance();
    for (let name = 0; name < 20; name++) await resolver.resolve(one, { roleSessionName: `name-${name}` });
    for (let name = 0; name < 20; name++) {
      await resolver.resolve({ ...instance(), credentialsName: "engine" }, { roleSessionName: `n-${name}` });
    }
    for (let request = 0; request < 30; request++) {
      await resolver.resolve(instance());
      await clock.advance(MINUTE / 9 + SECOND);
    }
    expect(events).toEqual([]);
  });
});
