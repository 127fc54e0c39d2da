import { describe, expect, it } from "vitest";
import { assumedRoles, BEHIND_HUB, HUB, OTHER_TARGET, setUpHub, signerOf, TARGET, targetRole } from "../support/hub.js";
import { MINUTE, SECOND } from "../support/local.js";

const OTHER = { ...BEHIND_HUB, roleArn: OTHER_TARGET };

/** The source role's session is held, and STS refuses it. */
async function setUpRefusedHub(options: Parameters<typeof setUpHub>[0] = {}) {
  const setup = await setUpHub(options);
  await setup.resolver.resolve(BEHIND_HUB);
  setup.aws.expireSession(signerOf(setup.aws, TARGET));
  const base = signerOf(setup.aws, HUB);
  setup.aws.clearRequests();
  return { ...setup, base };
}

describe("a source role's session that STS refuses", () => {
  it("is replaced once, and the call is repeated once", async () => {
    const { aws, resolver } = await setUpRefusedHub();
    await resolver.resolve(OTHER);
    expect(assumedRoles(aws)).toEqual([[OTHER_TARGET, "ExpiredToken"], [HUB], [OTHER_TARGET]]);
    expect(aws.count({ target: "imds" })).toBe(0);
  });

  it("is replaced with base keys that are read again, if STS refuses those, too", async () => {
    const { aws, resolver, base } = await setUpRefusedHub();
    aws.expireSession(base);
    aws.instanceProfile.rotate();
    await resolver.resolve(OTHER);
    expect(assumedRoles(aws)).toEqual([[OTHER_TARGET, "ExpiredToken"], [HUB, "ExpiredToken"], [HUB], [OTHER_TARGET]]);
    expect(aws.count({ target: "imds", operation: "credentials" })).toBe(1);
  });

  it("is replaced once for all roles that are asked for at the same time", async () => {
    const { aws, resolver } = await setUpRefusedHub({ targets: 20 });
    const roles = Array.from({ length: 19 }, (_, index) => targetRole(index + 2));
    await Promise.all(roles.map((roleArn) => resolver.resolve({ ...BEHIND_HUB, roleArn })));
    expect(assumedRoles(aws).filter(([roleArn]) => roleArn === HUB)).toEqual([[HUB]]);
    for (const roleArn of roles) expect(assumedRoles(aws)).toContainEqual([roleArn]);
  });

  it("ends in an error without a third call if STS refuses the new one as well", async () => {
    const { aws, resolver } = await setUpRefusedHub();
    aws.fault({ on: { operation: "AssumeRole", roleArn: OTHER_TARGET }, status: 403, code: "ExpiredToken" });
    await expect(resolver.resolve(OTHER)).rejects.toMatchObject({
      code: "BASE_IDENTITY_REJECTED",
      step: "source-role",
      roleArn: OTHER_TARGET,
      awsCode: "ExpiredToken",
      hint: expect.stringContaining(HUB),
    });
    expect(assumedRoles(aws)).toEqual([[OTHER_TARGET, "ExpiredToken"], [HUB], [OTHER_TARGET, "ExpiredToken"]]);
  });

  it("is served to others until the new one is there", async () => {
    const { aws, clock, resolver } = await setUpHub({ targets: 3 });
    await resolver.resolve(BEHIND_HUB);
    const old = signerOf(aws, TARGET);
    aws.fault({ on: { operation: "AssumeRole", roleArn: OTHER_TARGET }, status: 403, code: "ExpiredToken", times: 1 });
    aws.setLatency(SECOND, { operation: "AssumeRole", roleArn: HUB });
    const refused = resolver.resolve(OTHER);
    await clock.settle();
    await resolver.resolve({ ...BEHIND_HUB, roleArn: targetRole(3) });
    expect(signerOf(aws, targetRole(3))).toBe(old);
    await clock.advance(SECOND);
    await refused;
    expect(signerOf(aws, OTHER_TARGET)).not.toBe(old);
  });

  it("is replaced after a denial if it is older than a minute, because it may have been revoked", async () => {
    const { aws, clock, resolver } = await setUpHub();
    await resolver.resolve(BEHIND_HUB);
    aws.setRole({ roleArn: OTHER_TARGET, trustedPrincipals: [] });
    aws.clearRequests();
    await clock.advance(2 * MINUTE);
    const denied = { code: "ASSUME_ROLE_DENIED", step: "assume-role", roleArn: OTHER_TARGET };
    await expect(resolver.resolve(OTHER)).rejects.toMatchObject(denied);
    expect(assumedRoles(aws)).toEqual([[OTHER_TARGET, "AccessDenied"], [HUB], [OTHER_TARGET, "AccessDenied"]]);
  });
});
