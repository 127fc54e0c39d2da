import { describe, expect, it } from "vitest";
import { createCredentialResolver } from "../../src/index.js";
import type { LocalAws } from "../../src/testing/index.js";
import { createMemoryStore } from "../../src/testing/memory-store.js";
import { EVENT_NAMES, listen } from "../support/events.js";
import { assumedRoles, BEHIND_HUB, HUB, OTHER_HUB, OTHER_TARGET, setUpHub, signerOf, TARGET } from "../support/hub.js";
import { SECOND } from "../support/local.js";

const HUB_CALL = { operation: "AssumeRole", roleArn: HUB } as const;

describe("the error says at which step a chain fails", () => {
  it.each<[string, (aws: LocalAws) => unknown, object]>([
    [
      "the metadata service is down",
      (aws) => aws.fault({ on: { target: "imds" }, status: 500 }),
      { code: "IMDS_UNREACHABLE", step: "base-identity" },
    ],
    [
      "no role is attached to the machine",
      (aws) => aws.instanceProfile.detach(),
      { code: "INSTANCE_PROFILE_MISSING", step: "base-identity" },
    ],
    [
      "STS refuses the machine's keys",
      (aws) => aws.fault({ on: HUB_CALL, status: 403, code: "InvalidClientTokenId" }),
      { code: "BASE_IDENTITY_REJECTED", step: "base-identity", roleArn: HUB },
    ],
    [
      "the source role does not trust the machine",
      (aws) => aws.setRole({ roleArn: HUB, trustedPrincipals: [OTHER_HUB] }),
      { code: "ASSUME_ROLE_DENIED", step: "source-role", roleArn: HUB },
    ],
    [
      "STS answers the call for the source role with 500",
      (aws) => aws.fault({ on: HUB_CALL, status: 500 }),
      { code: "STS_UNAVAILABLE", step: "source-role", roleArn: HUB },
    ],
    [
      "STS does not answer the call for the source role",
      (aws) => aws.fault({ on: HUB_CALL, kind: "hang" }),
      { code: "TIMEOUT", step: "source-role", roleArn: HUB },
    ],
    [
      "STS refuses the source role's session",
      (aws) => aws.fault({ on: { operation: "AssumeRole", roleArn: TARGET }, status: 403, code: "ExpiredToken" }),
      { code: "BASE_IDENTITY_REJECTED", step: "source-role", roleArn: TARGET },
    ],
    [
      "the source role may not assume the role",
      (aws) => aws.setRole({ roleArn: HUB, allowAssumeRole: [OTHER_TARGET] }),
      { code: "ASSUME_ROLE_DENIED", step: "assume-role", roleArn: TARGET },
    ],
    [
      "the role does not trust the source role",
      (aws) => aws.setRole({ roleArn: TARGET, trustedPrincipals: [OTHER_HUB] }),
      { code: "ASSUME_ROLE_DENIED", step: "assume-role", roleArn: TARGET },
    ],
    [
      "STS answers the call for the role with 500",
      (aws) => aws.fault({ on: { operation: "AssumeRole", roleArn: TARGET }, status: 500 }),
      { code: "STS_UNAVAILABLE", step: "assume-role", roleArn: TARGET },
    ],
  ])("%s", async (_, happen, expected) => {
    const { aws, clock, resolver } = await setUpHub();
    await resolver.verify({ region: BEHIND_HUB.region, credentials: aws.issueUserKeys(ADMIN) }); // loads the SDK
    happen(aws);
    const outcome = resolver.resolve(BEHIND_HUB).catch((error) => error);
    await clock.advance(30 * SECOND);
    expect(await outcome).toMatchObject(expected);
    expect(aws.count({ target: "service" })).toBe(0);
  });

  it("and no other identity assumes the role in the source role's place", async () => {
    const { aws, resolver } = await setUpHub();
    aws.setRole({ roleArn: TARGET }); // trusts the machine
    aws.setRole({ roleArn: HUB, trustedPrincipals: [OTHER_HUB] });
    await expect(resolver.resolve(BEHIND_HUB)).rejects.toMatchObject({ step: "source-role" });
    expect(assumedRoles(aws)).toEqual([[HUB, "AccessDenied"]]);
  });
});

const ADMIN = { userArn: "arn:aws:iam::111122223333:user/admin" };

describe("verify()", () => {
  it("tells every identity of the chain", async () => {
    const { resolver } = await setUpHub();
    const session = (role: string, name = "rolecall-localhost") =>
      `${role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")}/${name}`;
    await expect(resolver.verify(BEHIND_HUB)).resolves.toMatchObject({
      arn: session(TARGET),
      roleArn: TARGET,
      sourceRole: { arn: session(HUB), accountId: "111122223333" },
      base: { arn: expect.stringContaining("/i-0123456789abcdef0"), accountId: "111122223333" },
    });
  });

  it("works with one call to STS at a time, also if the role's session comes from the store", async () => {
    const store = createMemoryStore();
    const { clock, resolver } = await setUpHub({ resolver: { store } });
    await resolver.resolve(BEHIND_HUB);
    await using another = createCredentialResolver({ runtime: clock, store, assumeRole: { maxConcurrent: 1 } });
    await expect(another.verify(BEHIND_HUB)).resolves.toMatchObject({ roleArn: TARGET });
  });
});

it("events tell the step of the session", async () => {
  const { resolver } = await setUpHub();
  const events: string[] = [];
  for (const name of EVENT_NAMES) {
    listen(`aws-rolecall:${name}`, (message) => {
      const { step, roleArn } = message as { step: string; roleArn?: string };
      if (name !== "hit") events.push([name, step, roleArn].filter(Boolean).join(" "));
    });
  }
  await resolver.resolve(BEHIND_HUB);
  expect(events).toEqual([
    `miss assume-role ${TARGET}`,
    `miss source-role ${HUB}`,
    "miss base-identity",
    "refreshed base-identity",
    `refreshed source-role ${HUB}`,
    `refreshed assume-role ${TARGET}`,
  ]);
});

it("invalidate() drops the role's session and keeps that of the source role", async () => {
  const { aws, resolver } = await setUpHub();
  const before = await resolver.resolve(BEHIND_HUB);
  const hub = signerOf(aws, TARGET);
  aws.clearRequests();
  await resolver.invalidate(BEHIND_HUB);
  expect((await resolver.resolve(BEHIND_HUB)).accessKeyId).not.toBe(before.accessKeyId);
  expect(assumedRoles(aws)).toEqual([[TARGET]]);
  expect(signerOf(aws, TARGET)).toBe(hub);
});

describe("a signal that aborts while the source role's session loads", () => {
  it("frees its own caller and nobody else", async () => {
    const { aws, clock, resolver } = await setUpHub();
    aws.setLatency(SECOND, HUB_CALL);
    const abort = new AbortController();
    const aborted = resolver.resolve(BEHIND_HUB, {}, { signal: abort.signal });
    const sameRole = resolver.resolve(BEHIND_HUB);
    const otherRole = resolver.resolve({ ...BEHIND_HUB, roleArn: OTHER_TARGET });
    await clock.settle();
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ code: "ABORTED", roleArn: TARGET });
    await clock.advance(SECOND);
    await Promise.all([sameRole, otherRole]);
    expect(assumedRoles(aws)).toHaveLength(3);
  });
});
