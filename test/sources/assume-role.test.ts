import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createCredentialResolver } from "../../src/index.js";
import { createManualClock } from "../../src/testing/index.js";
import { listen } from "../support/events.js";
import { assumeRoleCalls, HOUR, MINUTE, ROLE, SECOND, setUpLocal } from "../support/local.js";

const instance = { roleArn: ROLE, region: "eu-central-1" };
const assumeRole = { target: "sts", operation: "AssumeRole" } as const;

describe("the AssumeRole request", () => {
  it("has exactly the settings from instance, author and command", async () => {
    const { aws, resolver } = await setUpLocal({ roles: [{ roleArn: ROLE, externalId: "acme-1" }] });
    const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "ec2:Describe*", Resource: "*" }] };
    await resolver.resolve(
      {
        ...instance,
        externalId: "acme-1",
        tags: { team: "blue" },
        transitiveTagKeys: ["team"],
        sourceIdentity: "engine-7",
        policyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        policy,
      },
      { roleSessionName: "nightly", roleSessionDuration: "900", region: "us-east-1", policy: "mine", tags: "mine too" },
      { session: { tags: { ticket: "T-1" } } },
    );
    expect(aws.requests.at(-1)).toMatchObject({
      operation: "AssumeRole",
      region: "eu-central-1",
      userAgent: expect.stringMatching(/ aws-rolecall\/\d/),
      parameters: {
        RoleArn: ROLE,
        RoleSessionName: "nightly",
        DurationSeconds: "900",
        ExternalId: "acme-1",
        SourceIdentity: "engine-7",
        "PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "Tags.member.1.Key": "team",
        "Tags.member.1.Value": "blue",
        "Tags.member.2.Key": "ticket",
        "TransitiveTagKeys.member.1": "team",
      },
    });
    expect(JSON.parse(aws.requests.at(-1)?.parameters.Policy ?? "")).toEqual(policy);
  });

  it("has a safe default session name, derived from the hostname", async () => {
    const { aws, resolver } = await setUpLocal({
      clock: createManualClock({ hostname: `böse host ${"x".repeat(80)}` }),
    });
    await resolver.resolve(instance);
    const name = aws.requests.at(-1)?.parameters.RoleSessionName;
    expect(name).toMatch(/^rolecall-b-se-host-x+$/);
    expect(name).toHaveLength(64);
  });
});

describe("a duration that STS rejects", () => {
  it("is reduced to one hour; the limit is remembered for the session, and an event reports it", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    const events: unknown[] = [];
    listen("aws-rolecall:duration-clamped", (event) => events.push(event));
    const long = { ...instance, roleSessionDuration: 7200 };
    await resolver.resolve(long);
    await clock.advance(HOUR);
    await resolver.resolve(long);
    const durations = aws.requests
      .filter(({ target }) => target === "sts")
      .map(({ parameters }) => parameters.DurationSeconds);
    expect(durations).toEqual(["7200", "3600", "3600"]);
    expect(events).toEqual([expect.objectContaining({ roleArn: ROLE, requestedSeconds: 7200, grantedSeconds: 3600 })]);
  });

  it("causes the first error if an hour is rejected too", async () => {
    const { aws, resolver } = await setUpLocal();
    aws.fault({ on: assumeRole, status: 400, code: "ValidationError", message: "first", times: 1 });
    aws.fault({ on: assumeRole, status: 400, code: "ValidationError", message: "second" });
    await expect(resolver.resolve({ ...instance, roleSessionDuration: 7200 })).rejects.toMatchObject({
      code: "ASSUME_ROLE_INVALID",
      message: expect.stringContaining("first"),
    });
  });
});

describe("a response for a different role", () => {
  it.each([
    "arn:aws:sts::123456789012:assumed-role/Admin/session",
    "arn:aws:sts::999999999999:assumed-role/Inventory/session",
    "arn:aws-cn:sts::123456789012:assumed-role/Inventory/session",
    "arn:aws:sts::123456789012:assumed-role/Inventory2/session",
  ])("is never used: %s", async (arn) => {
    const { aws, resolver } = await setUpLocal();
    aws.fault({ on: assumeRole, kind: "patch-credentials", patch: (fields) => ({ ...fields, Arn: arn }) });
    await expect(resolver.resolve(instance)).rejects.toMatchObject({
      code: "ASSUME_ROLE_INVALID",
      message: expect.stringContaining(arn),
    });
  });
});

it("a session that STS repeats counts as a failed refresh, and the held session is still served", async () => {
  const { aws, clock, resolver } = await setUpLocal();
  let first: object | undefined;
  aws.fault({
    on: assumeRole,
    kind: "patch-credentials",
    patch: (fields) => {
      first ??= fields;
      return { ...first };
    },
  });
  const held = await resolver.resolve(instance);
  await clock.advance(53 * MINUTE);
  expect(await resolver.resolve(instance)).toBe(held);
  await clock.advance(10 * SECOND);
  expect(resolver.stats()).toMatchObject({ refreshFailures: expect.any(Number) });
  expect(resolver.stats().refreshFailures).toBeGreaterThan(0);
});

it("a session's lifetime is limited to the requested duration", async () => {
  const { aws, clock, resolver } = await setUpLocal();
  aws.fault({
    on: assumeRole,
    kind: "patch-credentials",
    patch: (fields) => ({ ...fields, Expiration: "2200-01-01T00:00:00Z" }),
  });
  const first = await resolver.resolve(instance);
  await resolver.resolve(instance);
  await clock.advance(HOUR - 10 * SECOND);
  const second = await resolver.resolve(instance);
  expect(second.accessKeyId).not.toBe(first.accessKeyId);
});

it("RegionDisabled causes an error that names the region and the fix", async () => {
  const { resolver } = await setUpLocal({ disabledRegions: ["eu-south-2"] });
  await expect(resolver.resolve({ roleArn: ROLE, region: "eu-south-2" })).rejects.toMatchObject({
    code: "REGION_DISABLED",
    region: "eu-south-2",
    hint: expect.stringContaining("Activate STS"),
  });
});

it("250 roles without sessions use at most 25 sockets to STS", async () => {
  const roles = Array.from({ length: 250 }, (_, index) => `arn:aws:iam::123456789012:role/Role-${index}`);
  const { aws, resolver } = await setUpLocal({ roles: roles.map((roleArn) => ({ roleArn })) });
  await Promise.all(roles.map((roleArn) => resolver.resolve({ roleArn, region: "eu-central-1" })));
  expect(assumeRoleCalls(aws)).toBe(250);
  expect(aws.count({ target: "imds" })).toBe(3);
  expect(aws.sockets.aws.peak).toBeLessThanOrEqual(25);
});

it("a custom STS endpoint is used as given", async () => {
  const { aws, clock } = await setUpLocal();
  const other = await import("../../src/testing/index.js").then(({ startLocalAws }) => startLocalAws({ clock }));
  onTestFinished(() => other.close());
  await using resolver = createCredentialResolver({ runtime: clock });
  await expect(resolver.resolve({ ...instance, sts: { endpoint: other.endpoint } })).rejects.toMatchObject({
    code: "BASE_IDENTITY_REJECTED",
  }); // the other AWS does not recognize these keys
  expect([other.count({ target: "sts" }), aws.count({ target: "sts" })]).toEqual([1, 0]);
});

it.each(["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"])(
  "%s with plain http to another machine is rejected before anything is sent",
  async (name) => {
    const { clock } = await setUpLocal();
    vi.stubEnv("AWS_ENDPOINT_URL", undefined);
    vi.stubEnv(name, "http://sts.example.invalid/");
    await using resolver = createCredentialResolver({ runtime: clock });
    await expect(resolver.resolve(instance)).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      field: "AWS_ENDPOINT_URL",
      message: expect.stringContaining("http://sts.example.invalid"),
    });
  },
);

it("minRemaining beyond the duration is rejected at once", async () => {
  const { aws, resolver } = await setUpLocal();
  const short = { ...instance, roleSessionDuration: 900 };
  await expect(resolver.resolve(short, {}, { minRemaining: 900_000 })).rejects.toMatchObject({
    code: "INVALID_REQUEST",
    field: "options.minRemaining",
  });
  expect(aws.requests).toEqual([]);
  await resolver.resolve(short, {}, { minRemaining: 899_000 });
});
