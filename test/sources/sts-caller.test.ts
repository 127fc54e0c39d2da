import { expect, it } from "vitest";
import type { LocalAws } from "../../src/testing/index.js";
import { MINUTE, ROLE, setUpLocal } from "../support/local.js";

const HUB = "arn:aws:iam::111122223333:role/Hub";
const instance = { roleArn: ROLE, sourceRole: HUB, region: "eu-central-1" };

const setUp = () =>
  setUpLocal({
    roles: [
      { roleArn: HUB, allowAssumeRole: ["*"] },
      { roleArn: ROLE, trustedPrincipals: [HUB] },
    ],
  });

const assumed = (aws: LocalAws) =>
  aws.requests.flatMap(({ operation, parameters }) => (operation === "AssumeRole" ? parameters.RoleArn : []));

it("a role behind a source role that is denied costs one call, however old the source role's session is", async () => {
  const { aws, clock, resolver } = await setUp();
  await resolver.resolve(instance);
  aws.setRole({ roleArn: ROLE, trustedPrincipals: ["arn:aws:iam::111122223333:role/other"] });
  await clock.advance(5 * MINUTE);
  await expect(resolver.resolve(instance, {}, { forceRefresh: true })).rejects.toMatchObject({
    code: "ASSUME_ROLE_DENIED",
    step: "assume-role",
    roleArn: ROLE,
  });
  expect(assumed(aws)).toEqual([HUB, ROLE, ROLE]);
});

it("a source role's session that STS refuses is replaced, and the role is asked for again", async () => {
  const { aws, resolver } = await setUp();
  await resolver.resolve(instance);
  const signer = aws.requests.findLast(({ session }) => session?.roleArn === HUB);
  aws.expireSession(signer?.accessKeyId as string);
  await resolver.resolve(instance, {}, { forceRefresh: true });
  expect(assumed(aws)).toEqual([HUB, ROLE, ROLE, HUB, ROLE]);
});
