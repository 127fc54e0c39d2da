import { rm, truncate, writeFile } from "node:fs/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createCredentialResolver, type IntegrationInstance } from "../../src/index.js";
import {
  createManualClock,
  type LocalAws,
  type LocalAwsOptions,
  type LocalPlatformName,
  startLocalAws,
} from "../../src/testing/index.js";
import { freePort } from "../support/free-port.js";
import { redirectEcsAgent } from "../support/link-local.js";
import { HOUR, MINUTE, ROLE } from "../support/local.js";

const INSTANCE: IntegrationInstance = { credentials: "Runtime" };
const SOURCES = ["imds", "container", "sts"] as const;

/** A local AWS, and a resolver of a program on one of its platforms. */
async function setUp(
  platform: LocalPlatformName,
  options: LocalAwsOptions = {},
  variables: Record<string, string> = {},
) {
  const now = Date.now();
  const env: Record<string, string | undefined> = {};
  const clock = createManualClock({ now, env });
  const aws = await startLocalAws({ clock, roles: [{ roleArn: ROLE }], region: "eu-central-1", ...options });
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  Object.assign(env, { AWS_REGION: "eu-central-1" }, aws.platform(platform).env, variables);
  const resolver = createCredentialResolver({ runtime: clock, assumeRole: { attempts: 1 } });
  onTestFinished(async () => {
    await resolver.close();
    await aws.close();
  });
  return { aws, clock, env, resolver };
}

/** How often each service was asked. */
function asked(aws: LocalAws): Record<string, number> {
  return Object.fromEntries(SOURCES.map((target) => [target, aws.count({ target })]));
}

async function failureOf(promise: Promise<unknown>) {
  return promise.then(
    () => expect.unreachable("it did not fail"),
    (error) => error,
  );
}

describe("one instance on five platforms", () => {
  it.each<[LocalPlatformName, string, Record<string, number>]>([
    ["EC2", "rolecall-instance-profile/i-0123456789abcdef0", { imds: 3, container: 0, sts: 1 }],
    ["ECS", "rolecall-ecs-task/0123456789abcdef0123456789abcdef", { imds: 0, container: 1, sts: 1 }],
    ["EKSPodIdentity", "rolecall-eks-pod/eks-", { imds: 0, container: 1, sts: 1 }],
    ["IRSA", "rolecall-web-identity/rolecall-", { imds: 0, container: 0, sts: 2 }],
    ["Lambda", "rolecall-lambda/rolecall", { imds: 0, container: 0, sts: 1 }],
  ])("acts on %s as %s, and asks nothing else", async (platform, session, counts) => {
    const { aws, resolver } = await setUp(platform);
    const { arn } = await resolver.verify(INSTANCE);
    expect(arn.startsWith(`arn:aws:sts::111122223333:assumed-role/${session}`), arn).toBe(true);
    expect(asked(aws)).toEqual(counts);
  });

  it.each<LocalPlatformName>(["EC2", "ECS", "EKSPodIdentity", "IRSA", "Lambda"])(
    "assumes a role on %s, and the base identity's session serves all roles",
    async (platform) => {
      const { aws, resolver } = await setUp(platform);
      const { roleArn, base } = await resolver.verify({ ...INSTANCE, roleArn: ROLE });
      expect(roleArn).toBe(ROLE);
      expect(base.accountId).toBe("111122223333");
      await resolver.resolve({ ...INSTANCE, roleArn: ROLE }, { roleSessionName: "another" });
      expect(aws.count({ target: "container" })).toBeLessThanOrEqual(1);
      expect(aws.count({ target: "sts", operation: "AssumeRoleWithWebIdentity" })).toBe(platform === "IRSA" ? 1 : 0);
      expect(aws.count({ target: "sts", operation: "AssumeRole" })).toBe(2);
    },
  );

  it("reads ECS's relative URI from ECS's address", async () => {
    const { aws, env, resolver } = await setUp("EC2");
    const task = new URL(aws.platform("ECS").env.AWS_CONTAINER_CREDENTIALS_FULL_URI as string);
    redirectEcsAgent(task.origin);
    Object.assign(env, { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: task.pathname });
    await resolver.close();
    const onEcs = createCredentialResolver({ runtime: { env } });
    onTestFinished(() => onEcs.close());
    expect((await onEcs.verify(INSTANCE)).arn).toContain(":assumed-role/rolecall-ecs-task/");
    expect(asked(aws)).toEqual({ imds: 0, container: 1, sts: 1 });
  });

  it("stays the container's role after the program deletes the variables", async () => {
    const { aws, env, resolver } = await setUp("ECS");
    delete env.AWS_CONTAINER_CREDENTIALS_FULL_URI;
    expect((await resolver.verify(INSTANCE)).arn).toContain(":assumed-role/rolecall-ecs-task/");
    expect(aws.count({ target: "imds" })).toBe(0);
  });
});

describe("a platform's identity that nobody chose", () => {
  it.each<[LocalPlatformName, string]>([
    ["ECS", "AWS_CONTAINER_CREDENTIALS_FULL_URI"],
    ["EKSPodIdentity", "AWS_CONTAINER_CREDENTIALS_FULL_URI"],
    ["IRSA", "AWS_WEB_IDENTITY_TOKEN_FILE"],
    ["Lambda", "AWS_LAMBDA_FUNCTION_NAME"],
  ])("is an error on %s before any request", async (platform, variable) => {
    const { aws, resolver } = await setUp(platform);
    for (const roleArn of [undefined, ROLE]) {
      expect(await failureOf(resolver.resolve({ roleArn }))).toMatchObject({
        code: "INVALID_REQUEST",
        field: "instance.credentials",
        message: expect.stringContaining(variable),
      });
    }
    expect(aws.requests).toHaveLength(0);
  });

  it("may be passed over by name", async () => {
    const { aws, resolver } = await setUp("ECS");
    const { arn } = await resolver.verify({ credentials: "Ec2InstanceMetadata" });
    expect(arn).toContain(":assumed-role/rolecall-instance-profile/");
    expect(aws.count({ target: "container" })).toBe(0);
  });
});

describe("a platform's identity that is broken", () => {
  /** Fails with an error that names the source, and asks nobody else. */
  async function expectBroken({ aws, resolver }: Awaited<ReturnType<typeof setUp>>, message: RegExp, code: string) {
    for (const roleArn of [undefined, ROLE]) {
      const error = await failureOf(resolver.resolve({ ...INSTANCE, roleArn }));
      expect(error).toMatchObject({ code, step: "base-identity", message: expect.stringMatching(message) });
    }
    expect(aws.count({ target: "imds" })).toBe(0);
    expect(aws.count({ target: "sts", operation: "AssumeRole" })).toBe(0);
  }
  const UNAVAILABLE = "BASE_IDENTITY_UNAVAILABLE";

  it("because nothing listens at the endpoint", async () => {
    const url = `http://127.0.0.1:${await freePort()}/hush`;
    const broken = await setUp("ECS", {}, { AWS_CONTAINER_CREDENTIALS_FULL_URI: url });
    void broken.clock.advance(MINUTE);
    await expectBroken(
      broken,
      /^The container's credential endpoint http:\/\/127[^/]+ can't be reached: ECONNREFUSED/,
      UNAVAILABLE,
    );
  });

  it.each([
    [403, /responded with status 403\. Check the token in AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE/],
    [404, /responded with status 404\. Check that the task has a task role/],
    [500, /responded with status 500\. Try again/],
  ])("because the endpoint responds with %d", async (status, message) => {
    const broken = await setUp("ECS");
    broken.aws.fault({ on: { target: "container" }, kind: "status", status });
    const running = setInterval(() => void broken.clock.advance(1000), 5);
    onTestFinished(() => clearInterval(running));
    await expectBroken(broken, message, UNAVAILABLE);
  });

  it("because the token file of the pod is gone", async () => {
    const broken = await setUp("EKSPodIdentity");
    await rm(broken.aws.platform("EKSPodIdentity").tokenFile);
    await expectBroken(
      broken,
      /^The token file ".+" \(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE\) can't be read: ENOENT/,
      UNAVAILABLE,
    );
    expect(broken.aws.requests).toHaveLength(0);
  });

  it("because the endpoint refuses an old token", async () => {
    const broken = await setUp("EKSPodIdentity");
    await writeFile(broken.aws.platform("EKSPodIdentity").tokenFile, "an-old-token");
    await expectBroken(
      broken,
      /responded with status 400\. Check the token in AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE/,
      UNAVAILABLE,
    );
  });

  it.each<[string, (path: string) => Promise<void>, RegExp]>([
    ["is gone", (path) => rm(path), /\(AWS_WEB_IDENTITY_TOKEN_FILE\) can't be read: ENOENT/],
    ["is empty", (path) => truncate(path), /\(AWS_WEB_IDENTITY_TOKEN_FILE\) is empty/],
    ["has a line break", (path) => writeFile(path, "hush\n"), /\(AWS_WEB_IDENTITY_TOKEN_FILE\) contains a line break/],
    ["is no text", (path) => writeFile(path, "hush\u0001"), /contains something other than a token/],
    ["is large", (path) => writeFile(path, "hush".repeat(9000)), /\(AWS_WEB_IDENTITY_TOKEN_FILE\) is too large/],
  ])("because the token file %s", async (_, spoil, message) => {
    const broken = await setUp("IRSA");
    await spoil(broken.aws.platform("IRSA").tokenFile);
    await expectBroken(broken, message, UNAVAILABLE);
    expect(broken.aws.requests).toHaveLength(0);
    expect(String(await failureOf(broken.resolver.resolve(INSTANCE)))).not.toContain("hush");
  });

  it("because the token has expired", async () => {
    const broken = await setUp("IRSA");
    broken.aws.platform("IRSA").rotateToken({ expiresIn: 60_000 });
    await broken.clock.advance(HOUR);
    await expectBroken(broken, /^AssumeRoleWithWebIdentity of .+ failed: ExpiredToken/, UNAVAILABLE);
  });

  it("because the token is for another audience", async () => {
    const broken = await setUp("IRSA");
    broken.aws.platform("IRSA").rotateToken({ audience: "vault" });
    await expectBroken(
      broken,
      /^AssumeRoleWithWebIdentity of .+ failed: InvalidIdentityToken.+Check the IAM OIDC provider/s,
      UNAVAILABLE,
    );
  });

  it("because the role does not trust the service account", async () => {
    const broken = await setUp("IRSA");
    broken.aws.platform("IRSA").rotateToken({ subject: "system:serviceaccount:default:other" });
    await expectBroken(broken, /Check that the role exists .+<issuer>:sub/, "ASSUME_ROLE_DENIED");
  });

  it("because the environment has lost the function's keys", async () => {
    const { aws, env, resolver } = await setUp("Lambda");
    delete env.AWS_SECRET_ACCESS_KEY;
    expect(await failureOf(resolver.resolve(INSTANCE))).toMatchObject({
      code: "INVALID_REQUEST",
      field: "AWS_SECRET_ACCESS_KEY",
    });
    expect(aws.requests).toHaveLength(0);
  });
});

describe("a platform's identity that changes", () => {
  const next = { roleArn: "arn:aws:iam::111122223333:role/next" };

  it("is read again from the container within an hour", async () => {
    const { aws, clock, resolver } = await setUp("ECS");
    await resolver.resolve(INSTANCE);
    aws.platform("ECS").role.attach(next);
    await clock.advance(HOUR);
    await resolver.resolve(INSTANCE);
    await clock.advance(1);
    expect((await resolver.verify(INSTANCE)).arn).toContain(":assumed-role/next/");
    expect(aws.count({ target: "container" })).toBe(2);
  });

  it("never serves roles that the identity before assumed", async () => {
    const { aws, clock, resolver } = await setUp("ECS");
    const before = await resolver.resolve({ ...INSTANCE, roleArn: ROLE });
    aws.platform("ECS").role.attach(next);
    await resolver.invalidate(INSTANCE);
    await resolver.resolve(INSTANCE);
    await clock.advance(1);
    const after = await resolver.resolve({ ...INSTANCE, roleArn: ROLE });
    expect(after.accessKeyId).not.toBe(before.accessKeyId);
    expect(aws.count({ target: "sts", operation: "AssumeRole" })).toBe(2);
  });

  it("is read with the newest token of the pod", async () => {
    const { aws, clock, resolver } = await setUp("EKSPodIdentity");
    await resolver.resolve(INSTANCE);
    aws.platform("EKSPodIdentity").rotateToken();
    aws.platform("EKSPodIdentity").role.attach(next);
    await resolver.invalidate(INSTANCE);
    await clock.advance(MINUTE);
    expect((await resolver.verify(INSTANCE)).arn).toContain(":assumed-role/next/");
  });

  it("is asked for with the newest web identity token", async () => {
    const { aws, clock, resolver } = await setUp("IRSA");
    await resolver.resolve(INSTANCE);
    await clock.advance(3 * HOUR);
    aws.platform("IRSA").rotateToken();
    const { accessKeyId } = await resolver.resolve(INSTANCE);
    expect(accessKeyId).not.toBe("");
    expect(aws.count({ target: "sts", operation: "AssumeRoleWithWebIdentity" })).toBe(2);
  });

  it("is another identity if the keys in the environment change", async () => {
    const { aws, env, resolver } = await setUp("Lambda");
    const before = await resolver.resolve({ ...INSTANCE, roleArn: ROLE });
    aws.platform("Lambda").role.rotate();
    Object.assign(env, aws.platform("Lambda").env);
    const after = await resolver.resolve({ ...INSTANCE, roleArn: ROLE });
    expect(after.accessKeyId).not.toBe(before.accessKeyId);
    expect(aws.count({ target: "sts", operation: "AssumeRole" })).toBe(2);
  });
});

describe("many roles of one identity that STS gives", () => {
  it("are assumed through one source role, even if they fill the queue", async () => {
    const HUB = "arn:aws:iam::444455556666:role/Hub";
    const roles = [
      { roleArn: HUB, allowAssumeRole: ["*"] },
      { roleArn: ROLE, trustedPrincipals: [HUB] },
    ];
    const { aws, clock } = await setUp("IRSA", { roles });
    const resolver = createCredentialResolver({ runtime: clock, assumeRole: { maxConcurrent: 1 } });
    onTestFinished(() => resolver.close());
    const names = Array.from({ length: 4 }, (_, index) => `command-${index}`);
    const instance = { ...INSTANCE, roleArn: ROLE, sourceRole: HUB };
    await Promise.all(names.map((roleSessionName) => resolver.resolve({ ...instance, roleSessionName })));
    expect(aws.count({ target: "sts", operation: "AssumeRoleWithWebIdentity" })).toBe(1);
    expect(aws.count({ target: "sts", operation: "AssumeRole" })).toBe(5);
  });

  it("are assumed with one exchange of the token, even if they fill the queue", async () => {
    const { aws, env } = await setUp("IRSA");
    const resolver = createCredentialResolver({ runtime: { env }, assumeRole: { maxConcurrent: 2 } });
    onTestFinished(() => resolver.close());
    const names = Array.from({ length: 8 }, (_, index) => `command-${index}`);
    await Promise.all(
      names.map((roleSessionName) => resolver.resolve({ ...INSTANCE, roleArn: ROLE, roleSessionName })),
    );
    expect(aws.count({ target: "sts", operation: "AssumeRoleWithWebIdentity" })).toBe(1);
    expect(aws.count({ target: "sts", operation: "AssumeRole" })).toBe(8);
  });
});
