import http from "node:http";
import { inspect } from "node:util";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Fault, FaultEffect, ManualClock } from "../../src/testing/index.js";
import { HOUR, MINUTE, ROLE, SECOND, setUpLocal } from "../support/local.js";

const noRole = { region: "eu-west-1" };

/** Advances the clock over the waits between attempts, until the read has settled. */
async function passThrough(clock: ManualClock, read: Promise<unknown>): Promise<void> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  read.then(settle, settle);
  while (!settled) await clock.advance(100);
}

describe("reading the instance profile", () => {
  it("takes three IMDSv2 requests, once for all roles", async () => {
    const { aws, resolver } = await setUpLocal();
    await Promise.all([
      resolver.resolve(noRole),
      resolver.resolve({ ...noRole, roleArn: ROLE }),
      resolver.resolve(noRole),
    ]);
    expect(aws.requests.filter(({ target }) => target === "imds").map(({ operation }) => operation)).toEqual([
      "token",
      "role-list",
      "credentials",
    ]);
  });

  it("never uses Node's global agent, which could use the environment's proxy", async () => {
    const { aws, resolver } = await setUpLocal();
    const globalAgent = http.globalAgent;
    onTestFinished(() => {
      http.globalAgent = globalAgent;
    });
    const asked = vi.fn();
    http.globalAgent = Object.assign(new http.Agent(), { addRequest: asked });
    await resolver.resolve(noRole);
    await resolver.resolve({ roleArn: ROLE }); // the region comes from the machine
    expect(aws.count({ target: "imds", status: 200 })).toBeGreaterThan(3);
    expect(asked).not.toHaveBeenCalled();
  });

  it("finds rotated credentials at the hourly read, and signs with the new set", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    const first = await resolver.resolve(noRole);
    aws.instanceProfile.rotate();
    await clock.advance(HOUR);
    await resolver.resolve(noRole);
    await clock.settle();
    const second = await resolver.resolve(noRole);
    expect(second.accessKeyId).not.toBe(first.accessKeyId);
    expect(second.accessKeyId).toBe(aws.instanceProfile.current()?.accessKeyId);
  });

  it("returns the held set while the metadata service is down", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    const first = await resolver.resolve(noRole);
    aws.fault({ on: { target: "imds" }, status: 500 });
    await clock.advance(7 * HOUR);
    const read = resolver.resolve(noRole);
    await clock.advance(SECOND);
    expect(await read).toBe(first);
  });

  it("succeeds if the machine gets another role between two requests of one read", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    const another = "arn:aws:iam::111122223333:role/AnotherMachine";
    aws.fault({ on: { target: "imds", operation: "credentials" }, times: 1, status: 500 });
    const read = resolver.resolve(noRole);
    await vi.waitFor(() => expect(aws.count({ target: "imds", operation: "credentials" })).toBe(1), 30_000);
    aws.instanceProfile.attach({ roleArn: another });
    await passThrough(clock, read);
    expect((await read).accessKeyId).toBe(aws.instanceProfile.current()?.accessKeyId);
    expect(aws.count({ target: "imds", operation: "role-list" })).toBe(2);
  });

  it("works again after a failure", async () => {
    const { aws, resolver } = await setUpLocal();
    const fault = aws.fault({ on: { target: "imds", operation: "token" }, status: 403 });
    await expect(resolver.resolve(noRole)).rejects.toMatchObject({ code: "IMDS_UNREACHABLE" });
    fault.clear();
    await expect(resolver.resolve(noRole)).resolves.toMatchObject({ sessionToken: expect.any(String) });
  });
});

const READS = ["token", "role-list", "credentials"] as const;

describe("the first read of the metadata service", () => {
  const PASSING: readonly [string, FaultEffect][] = [
    ["status 503", { status: 503 }],
    ["status 429", { status: 429 }],
    ["a reset", { kind: "reset" }],
    ["half a response", { kind: "reset-midway" }],
    ["no response", { kind: "hang" }],
  ];

  it.each(PASSING.flatMap(([name, effect]) => READS.map((operation) => [name, operation, effect] as const)))(
    "with %s for the first %s request does not fail a command",
    async (_, operation, effect) => {
      const { aws, clock, resolver } = await setUpLocal();
      aws.fault({ on: { target: "imds", operation }, times: 1, ...effect });
      const read = resolver.resolve(noRole);
      await passThrough(clock, read);
      await expect(read).resolves.toMatchObject({ sessionToken: expect.any(String) });
    },
  );

  it.each(PASSING)("makes at most three attempts for the whole read: %s", async (_, effect) => {
    const { aws, clock, resolver } = await setUpLocal();
    aws.fault({ on: { target: "imds", operation: "token" }, times: 1, ...effect });
    aws.fault({ on: { target: "imds", operation: "credentials" }, ...effect });
    const read = resolver.resolve(noRole);
    await passThrough(clock, read);
    await expect(read).rejects.toMatchObject({ code: "IMDS_UNREACHABLE", retryable: true });
    expect(aws.count({ target: "imds", operation: "token" })).toBe(2);
    expect(aws.count({ target: "imds", operation: "credentials" })).toBe(2);
  });

  it.each([403, 404, 400, 401])("makes no other attempt after status %i, which is permanent", async (status) => {
    const { aws, resolver } = await setUpLocal();
    aws.fault({ on: { target: "imds", operation: "token" }, status });
    await expect(resolver.resolve(noRole)).rejects.toMatchObject({ code: "IMDS_UNREACHABLE" });
    expect(aws.count({ target: "imds" })).toBe(1);
  });

  it("waits between attempts with jitter, longer each time", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    aws.fault({ on: { target: "imds", operation: "token" }, status: 503 });
    clock.setRandom(() => 0.5);
    const read = resolver.resolve(noRole);
    const outcome = expect(read).rejects.toMatchObject({ code: "IMDS_UNREACHABLE" });
    const countAfter = async (ms: number) => {
      await clock.advance(ms);
      return aws.count({ target: "imds" });
    };
    expect([await countAfter(49), await countAfter(1), await countAfter(99), await countAfter(1)]).toEqual([
      1, 2, 2, 3,
    ]);
    await outcome;
  });
});

describe("the error names the cause", () => {
  it("if no role is attached", async () => {
    const { resolver } = await setUpLocal({ instanceProfile: null });
    await expect(resolver.resolve(noRole)).rejects.toMatchObject({
      code: "INSTANCE_PROFILE_MISSING",
      step: "base-identity",
      hint: expect.stringContaining("Attach an instance profile"),
    });
  });

  it("if the role that is listed has no credentials", async () => {
    const { aws, resolver } = await setUpLocal();
    aws.fault({ on: { target: "imds", operation: "credentials" }, status: 404 });
    await expect(resolver.resolve(noRole)).rejects.toMatchObject({ code: "INSTANCE_PROFILE_MISSING" });
    expect(aws.count({ target: "imds", operation: "credentials" })).toBe(1);
  });

  it.each<[string, object, string, RegExp]>([
    [
      "Code is not Success",
      { kind: "body", contentType: "text/plain", body: '{"Code":"AssumeRoleUnauthorizedAccess"}' },
      "INSTANCE_PROFILE_INVALID",
      /trust policy/,
    ],
    [
      "the response is HTML",
      { kind: "body", contentType: "text/html", body: "<html>proxy</html>" },
      "INSTANCE_PROFILE_INVALID",
      /role/,
    ],
    ["the response is empty", { kind: "empty" }, "INSTANCE_PROFILE_INVALID", /role/],
    [
      "the response has no secret",
      { kind: "patch-credentials", patch: ({ SecretAccessKey, ...rest }: Record<string, string>) => rest },
      "INSTANCE_PROFILE_INVALID",
      /role/,
    ],
  ])("if %s", async (_, fault, code, hint) => {
    const { aws, resolver } = await setUpLocal();
    aws.fault({ on: { target: "imds", operation: "credentials" }, ...fault } as Parameters<typeof aws.fault>[0]);
    await expect(resolver.resolve(noRole)).rejects.toMatchObject({
      code,
      step: "base-identity",
      hint: expect.stringMatching(hint),
    });
  });

  it.each([
    [403, /HttpEndpoint/],
    [404, /status 404/],
    [429, /throttles this machine \(status 429\): try again, and call it from fewer processes at once/],
    [500, /failed \(status 500\): try again/],
    [503, /failed \(status 503\): try again/],
  ])("if the token request returns %i", async (status, hint) => {
    const { aws, clock, resolver } = await setUpLocal();
    aws.fault({ on: { target: "imds", operation: "token" }, status });
    const read = resolver.resolve(noRole);
    const outcome = expect(read).rejects.toMatchObject({
      code: "IMDS_UNREACHABLE",
      hint: expect.stringMatching(hint),
    });
    await clock.advance(SECOND);
    await outcome;
  });

  it.each(["reset", "reset-midway"] as const)("if the connection breaks: %s", async (kind) => {
    const { aws, clock, resolver } = await setUpLocal();
    aws.fault({ on: { target: "imds" }, kind });
    const outcome = expect(resolver.resolve(noRole)).rejects.toMatchObject({
      code: "IMDS_UNREACHABLE",
      hint: expect.stringContaining("connection was lost"),
    });
    await clock.advance(SECOND);
    await outcome;
  });

  it("if nothing listens", async () => {
    const { aws, resolver } = await setUpLocal();
    vi.stubEnv("VITEST", undefined); // in a test, the hint is about the test
    await aws.close();
    await expect(resolver.resolve(noRole)).rejects.toMatchObject({
      code: "IMDS_UNREACHABLE",
      retryable: true,
      hint: expect.stringContaining("outside EC2"),
    });
  });

  it("if AWS_EC2_METADATA_DISABLED switches the service off: no request is made", async () => {
    const { aws, clock } = await setUpLocal();
    const { createCredentialResolver } = await import("../../src/index.js");
    await using off = createCredentialResolver({ runtime: { ...clock, env: { AWS_EC2_METADATA_DISABLED: "true" } } });
    await expect(off.resolve(noRole)).rejects.toMatchObject({
      code: "IMDS_UNREACHABLE",
      retryable: false,
      hint: expect.stringContaining("AWS_EC2_METADATA_DISABLED"),
    });
    expect(aws.requests).toEqual([]);
  });

  it.each<[string, Parameters<typeof setUpLocal>[0], Fault[]]>([
    ["the response never arrives", {}, [{ on: { target: "imds", operation: "credentials" }, kind: "hang" }]],
    ["the token request is never answered, as in a container", { imds: { hopLimitExceeded: true } }, []],
  ])("if %s: the read has a deadline, and the hint names the hop limit", async (_, options, faults) => {
    const { aws, clock, resolver } = await setUpLocal(options);
    for (const fault of faults) aws.fault(fault);
    const outcome = expect(resolver.resolve(noRole)).rejects.toMatchObject({
      code: "IMDS_UNREACHABLE",
      hint: expect.stringContaining("HttpPutResponseHopLimit"),
    });
    await clock.advance(5000);
    await outcome;
  });

  it("if a provider hangs: the read has a deadline too", async () => {
    const { clock, resolver } = await setUpLocal();
    const hanging = resolver.resolve({ credentials: () => new Promise(() => {}), region: "eu-west-1" });
    const outcome = expect(hanging).rejects.toMatchObject({
      code: expect.stringMatching(/BASE_IDENTITY_UNAVAILABLE|TIMEOUT/),
    });
    await clock.advance(MINUTE);
    await outcome;
  });
});

describe("another base identity", () => {
  it("can be static keys, which call STS without a request to IMDS", async () => {
    const { aws, resolver } = await setUpLocal();
    const credentials = aws.issueUserKeys({ userArn: "arn:aws:iam::123456789012:user/engine" });
    aws.setRole({ roleArn: ROLE, trustedPrincipals: ["*"] });
    await resolver.resolve({ roleArn: ROLE, credentials, region: "eu-west-1" });
    expect(aws.requests.map(({ target, session }) => [target, session?.arn])).toEqual([
      ["sts", "arn:aws:iam::123456789012:user/engine"],
    ]);
  });

  it("can be a provider, which is called once for all roles, and again before its set expires", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    aws.setRole({ roleArn: ROLE, trustedPrincipals: ["*"] });
    let reads = 0;
    const credentials = async () => {
      reads++;
      return aws.issueSession({ roleArn: "arn:aws:iam::123456789012:role/Web", lifetime: HOUR }) as Required<
        ReturnType<typeof aws.issueSession>
      >;
    };
    aws.setRole({ roleArn: "arn:aws:iam::123456789012:role/Web", allowAssumeRole: ["*"] });
    await resolver.resolve({ roleArn: ROLE, credentials, region: "eu-west-1" });
    await resolver.resolve({ credentials, region: "eu-west-1" });
    expect(reads).toBe(1);
    await clock.advance(55 * MINUTE);
    await resolver.resolve({ credentials, region: "eu-west-1" });
    await clock.settle();
    expect(reads).toBe(2);
    expect(aws.count({ target: "imds" })).toBe(0);
  });

  it("can be a named provider, whose replacement is also used by existing clients", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    aws.setRole({ roleArn: ROLE, trustedPrincipals: ["*"] });
    const userArn = "arn:aws:iam::123456789012:user/engine";
    const asked: string[] = [];
    const vault = (name: string) => async () => {
      asked.push(name);
      if (name === "moved") throw new Error("the vault has moved");
      return { ...aws.issueUserKeys({ userArn }), expiration: new Date(clock.now() + HOUR) };
    };
    const instance = { roleArn: ROLE, region: "eu-west-1", credentialsName: "engine", credentials: vault("first") };
    const client = resolver.getClientForCommand(EC2Client, instance);
    await client.send(new DescribeInstancesCommand({}));
    instance.credentials = vault("second");
    expect(resolver.getClientForCommand(EC2Client, instance).config.credentials).toBe(client.config.credentials);
    await clock.advance(2 * HOUR);
    await client.send(new DescribeInstancesCommand({}));
    expect(asked).toContain("second");
    expect(asked.filter((name) => name === "first")).toHaveLength(1);

    const others = { ...instance, credentialsName: "other", credentials: vault("moved") };
    await expect(resolver.resolve(others)).rejects.toMatchObject({ code: "BASE_IDENTITY_UNAVAILABLE" });
    others.credentials = vault("third");
    await resolver.resolve(others);
    expect(asked.slice(-2)).toEqual(["moved", "third"]);
  });

  it.each<[string, () => Promise<never>]>([
    ["throws", async () => Promise.reject(new Error("the secret is s3cr3t"))],
    ["returns nothing", async () => undefined as never],
    ["returns half a key pair", async () => ({ accessKeyId: "ASIAEXAMPLE" }) as never],
  ])("that %s causes an error, and no other identity takes its place", async (_, credentials) => {
    const { aws, resolver } = await setUpLocal();
    const failure = await resolver.resolve({ credentials, region: "eu-west-1" }).catch((error) => error);
    expect(failure).toMatchObject({ code: "BASE_IDENTITY_UNAVAILABLE", step: "base-identity", retryable: true });
    expect(`${failure.message} ${failure.cause}`).not.toContain("s3cr3t");
    await expect(resolver.resolve({ roleArn: ROLE, credentials, region: "eu-west-1" })).rejects.toMatchObject({
      code: "BASE_IDENTITY_UNAVAILABLE",
    });
    expect(aws.requests).toEqual([]);
  });

  it.each<[string, (fail: () => Promise<never>) => { options?: object; credentials?: () => Promise<never> }]>([
    ["instance.credentials", (fail) => ({ credentials: fail })],
    ["the option instanceProfile", (fail) => ({ options: { instanceProfile: fail } })],
  ])(
    "that fails in a function in %s shows the function's error to its author, and prints it nowhere",
    async (_, place) => {
      const thrown = Object.assign(new Error("vault is sealed, token hush-hush"), { vault: "eu" });
      const { options, credentials } = place(() => Promise.reject(thrown));
      const { resolver } = await setUpLocal({ resolver: { ...options } });
      for (const instance of [noRole, { ...noRole, roleArn: ROLE }]) {
        const error = await resolver.resolve({ ...instance, credentials }).catch((failed) => failed);
        expect(error.step).toBe("base-identity");
        expect(error.reason).toBe(thrown);
        expect({ ...error }).not.toHaveProperty("reason");
        const printed = [inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error), String(error.stack)];
        expect(printed.join()).not.toMatch(/sealed|hush-hush/);
      }
    },
  );

  it("from the option instanceProfile that returns nothing causes an error; the machine's own role does not take its place", async () => {
    const { aws, resolver } = await setUpLocal({ resolver: { instanceProfile: (() => undefined) as never } });
    await expect(resolver.resolve(noRole)).rejects.toMatchObject({ code: "INSTANCE_PROFILE_INVALID" });
    expect(aws.requests).toEqual([]);
  });

  it("from the option instanceProfile replaces IMDS", async () => {
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    const { createCredentialResolver } = await import("../../src/index.js");
    const identity = { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "x" };
    await using resolver = createCredentialResolver({ instanceProfile: async () => identity });
    expect(await resolver.resolve(noRole)).toMatchObject(identity);
  });
});
