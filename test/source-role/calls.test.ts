import { describe, expect, it } from "vitest";
import { BEHIND_HUB, HUB, setUpHub, TARGET, targetRole } from "../support/hub.js";
import { assumeRoleCalls, HOUR, MINUTE, SECOND } from "../support/local.js";

const ACCOUNTS = 250;
const accounts = Array.from({ length: ACCOUNTS }, (_, index) => targetRole(index + 1));

describe("a source role and 250 accounts", () => {
  it.each([1, 25])("take 251 calls to AssumeRole, %i at a time", async (maxConcurrent) => {
    const { aws, resolver } = await setUpHub({ targets: ACCOUNTS, resolver: { assumeRole: { maxConcurrent } } });
    const sessions = await Promise.all(accounts.map((roleArn) => resolver.resolve({ ...BEHIND_HUB, roleArn })));
    expect(sessions.map(({ accountId }) => accountId)).toEqual(accounts.map((arn) => arn.split(":")[4]));
    expect(assumeRoleCalls(aws)).toBe(ACCOUNTS + 1);
  });
});
void [HUB, HOUR, MINUTE, SECOND, TARGET];
