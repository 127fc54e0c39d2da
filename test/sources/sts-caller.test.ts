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

it("a role that is denied behind a source role renews the source role's session at most once a minute", async () => {
  const { aws, clock, resolver } = await setUp();
  await resolver.resolve(instance);
  aws.setRole({ roleArn: ROLE, trustedPrincipals: ["arn:aws:iam::111122223333:role/other"] });
  await clock.advance(5 * MINUTE);
  const denied = () =>
    expect(resolver.resolve(instance, {}, { forceRefresh: true })).rejects.toMatchObject({
      code: "ASSUME_ROLE_DENIED",
      step: "assume-role",
      roleArn: ROLE,
    });
  await denied();
  expect(assumed(aws)).toEqual([HUB, ROLE, ROLE, HUB, ROLE]);
  await denied();
  expect(assumed(aws)).toEqual([HUB, ROLE, ROLE, HUB, ROLE, ROLE]);
});

it("a source role whose sessions an administrator revoked gets a new one, and nobody sees an error", async () => {
  const { aws, clock, resolver } = await setUp();
  await resolver.resolve(instance);
  await clock.advance(5 * MINUTE);
  const Condition = { DateLessThan: { "aws:TokenIssueTime": new Date(clock.now()).toISOString() } };
  aws.setRole({
    roleArn: HUB,
    policy: {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "sts:AssumeRole", Resource: "*" },
        { Effect: "Deny", Action: "*", Resource: "*", Condition }, // what "Revoke active sessions" in IAM adds
      ],
    },
  });
  await clock.advance(1000);
  await resolver.resolve(instance, {}, { forceRefresh: true });
  expect(assumed(aws)).toEqual([HUB, ROLE, ROLE, HUB, ROLE]);
});

it("a source role's session that STS refuses is replaced, and the role is asked for again", async () => {
  const { aws, resolver } = await setUp();
  await resolver.resolve(instance);
  const signer = aws.requests.findLast(({ session }) => session?.roleArn === HUB);
  aws.expireSession(signer?.accessKeyId as string);
  await resolver.resolve(instance, {}, { forceRefresh: true });
  expect(assumed(aws)).toEqual([HUB, ROLE, ROLE, HUB, ROLE]);
});
