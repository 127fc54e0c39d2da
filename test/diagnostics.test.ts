import { expect, it } from "vitest";
import type { RolecallEventName } from "../src/index.js";
import { EVENT_NAMES, listen } from "./support/events.js";
import { HOUR, OTHER_ROLE, ROLE, SECOND, setUpLocal } from "./support/local.js";

it("publishes every event with its payload, and counts the same events in stats()", async () => {
  const events = new Map<RolecallEventName, unknown[]>();
  for (const event of EVENT_NAMES) {
    const payloads: unknown[] = [];
    events.set(event, payloads);
    listen(`aws-rolecall:${event}`, (payload) => payloads.push(payload));
  }
  const { aws, clock, resolver } = await setUpLocal({ resolver: { maxSessions: 2 } });
  const instance = { roleArn: ROLE, region: "eu-central-1" };
  const key = expect.stringMatching(/^[\w-]{43}$/);

  await Promise.all([resolver.resolve(instance), resolver.resolve(instance)]);
  await resolver.resolve(instance);
  await resolver.invalidate(instance);
  const limited = { ...instance, allowedRoles: [ROLE], integration: "inventory" };
  await resolver.resolve(limited, { roleArn: OTHER_ROLE }).catch(() => {});
  await resolver.resolve({ ...limited, roleArn: OTHER_ROLE }).catch(() => {});
  await resolver.resolve({ region: "eu-central-1", allowedRoles: [] }).catch(() => {});
  await resolver.resolve({ ...instance, roleSessionDuration: 7200 });
  aws.removeRole(OTHER_ROLE);
  await resolver.resolve({ ...instance, roleArn: OTHER_ROLE }).catch(() => {});
  await resolver.resolve({ ...instance, roleArn: OTHER_ROLE }).catch(() => {});
  await resolver.resolve(instance);
  aws.fault({ on: { target: "sts" }, status: 503 });
  await clock.advance(HOUR - 30 * SECOND);
  await resolver.resolve(instance);
  await clock.advance(5 * SECOND);

  const step = "assume-role";
  expect(events.get("hit")).toContainEqual({ step, roleArn: ROLE, key });
  expect(events.get("miss")).toContainEqual({ step, roleArn: ROLE, key });
  expect(events.get("joined")).toContainEqual({ step, roleArn: ROLE, key });
  expect(events.get("refreshed")).toContainEqual({
    step,
    roleArn: ROLE,
    key,
    life: HOUR,
    background: false,
    shared: false,
  });
  expect(events.get("refreshed")).toContainEqual(expect.objectContaining({ roleArn: undefined })); // the base identity
  expect(events.get("refresh-failed")).toContainEqual({
    step,
    roleArn: ROLE,
    key,
    code: "STS_UNAVAILABLE",
    servedUntil: expect.any(Number),
    retryIn: expect.any(Number),
  });
  expect(events.get("denied")).toEqual(
    [false, true].map((remembered) => ({ step, roleArn: OTHER_ROLE, key, code: "ASSUME_ROLE_DENIED", remembered })),
  );
  expect(events.get("role-not-allowed")).toEqual([
    { roleArn: OTHER_ROLE, setBy: "command", integration: "inventory" },
    { roleArn: OTHER_ROLE, setBy: "instance", integration: "inventory" },
    { roleArn: undefined, setBy: undefined, integration: undefined },
  ]);
  expect(events.get("invalidated")).toEqual([{ step, roleArn: ROLE, key }]);
  expect(events.get("evicted")).toContainEqual({ step, roleArn: ROLE, key });
  expect(events.get("duration-clamped")).toEqual([
    {
      step,
      roleArn: ROLE,
      key,
      requestedSeconds: 7200,
      grantedSeconds: 3600,
      error: expect.objectContaining({
        code: "ASSUME_ROLE_INVALID",
        message: expect.stringContaining("exceeds the 1 hour session limit"),
      }),
    },
  ]);

  const counted = (event: RolecallEventName) => events.get(event)?.length;
  expect(resolver.stats()).toMatchObject({
    hits: counted("hit"),
    misses: counted("miss"),
    joined: counted("joined"),
    refreshes: counted("refreshed"),
    refreshFailures: counted("refresh-failed"),
    denied: counted("denied"),
    notAllowed: counted("role-not-allowed"),
    invalidations: counted("invalidated"),
    evictions: counted("evicted"),
    storeErrors: counted("store-error"),
    assumeRoleInFlight: 0,
    assumeRoleQueued: 0,
  });
});
