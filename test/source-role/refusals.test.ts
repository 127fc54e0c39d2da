import { describe, expect, it } from "vitest";
import {
  BEHIND_HUB,
  HUB,
  hubRoles,
  OTHER_HUB,
  OTHER_TARGET,
  setUpHub,
  signerOf,
  TARGET,
  targetRole,
} from "../support/hub.js";
import { assumeRoleCalls, SECOND } from "../support/local.js";

/** A local AWS whose hub does not trust the machine yet. */
async function setUpDeniedHub() {
  const setup = await setUpHub();
  setup.aws.setRole({ roleArn: HUB, trustedPrincipals: [OTHER_HUB] });
  const correct = () => {
    for (const role of hubRoles()) setup.aws.setRole(role);
  };
  return { ...setup, correct };
}

describe("a refusal of the source role", () => {
  it("is asked for once and remembered for all roles behind it", async () => {
    const { aws, resolver } = await setUpDeniedHub();
    const roles = [1, 2].map((number) => ({ ...BEHIND_HUB, roleArn: targetRole(number) }));
    for (const instance of [...roles, ...roles]) {
      await expect(resolver.resolve(instance)).rejects.toMatchObject({
        code: "ASSUME_ROLE_DENIED",
        step: "source-role",
        roleArn: HUB,
      });
    }
    expect(assumeRoleCalls(aws)).toBe(1);
  });

  it("ends within a minute after the correction, for a role that was asked for at any time before", async () => {
    const { aws, clock, resolver, correct } = await setUpDeniedHub();
    const often = { ...BEHIND_HUB, roleArn: targetRole(1) };
    const seldom = { ...BEHIND_HUB, roleArn: targetRole(2) };
    const advance = async (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        await Promise.allSettled([resolver.resolve(often), ...(second % 7 === 0 ? [resolver.resolve(seldom)] : [])]);
        await clock.advance(SECOND);
      }
    };
    await advance(600);
    const asked = assumeRoleCalls(aws);
    while (assumeRoleCalls(aws) === asked) await advance(1);
    correct();
    await advance(60);
    await Promise.all([resolver.resolve(often), resolver.resolve(seldom)]);
  });

  it.each<[string, (setup: Awaited<ReturnType<typeof setUpDeniedHub>>) => Promise<unknown>]>([
    ["verify()", ({ resolver }) => resolver.verify(BEHIND_HUB)],
    ["forceRefresh", ({ resolver }) => resolver.resolve(BEHIND_HUB, {}, { forceRefresh: true })],
    ["invalidate()", ({ resolver }) => resolver.invalidate(BEHIND_HUB).then(() => resolver.resolve(BEHIND_HUB))],
  ])("does not outlast %s", async (_, ask) => {
    const setup = await setUpDeniedHub();
    await expect(setup.resolver.resolve(BEHIND_HUB)).rejects.toMatchObject({ step: "source-role" });
    setup.correct();
    await expect(setup.resolver.resolve(BEHIND_HUB)).rejects.toMatchObject({ step: "source-role" });
    await ask(setup);
    await setup.resolver.resolve(BEHIND_HUB);
  });

  it("is the error of a role whose source role's session STS no longer accepts", async () => {
    const { aws, resolver } = await setUpHub();
    await resolver.resolve(BEHIND_HUB);
    aws.setRole({ roleArn: HUB, trustedPrincipals: [OTHER_HUB] });
    aws.expireSession(signerOf(aws, TARGET));
    await expect(resolver.resolve({ ...BEHIND_HUB, roleArn: OTHER_TARGET })).rejects.toMatchObject({
      code: "ASSUME_ROLE_DENIED",
      step: "source-role",
      roleArn: HUB,
    });
  });
});
