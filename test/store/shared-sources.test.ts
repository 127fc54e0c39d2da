import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createCredentialResolver, type IntegrationInstance } from "../../src/index.js";
import { createMemoryStore, type LocalPlatformName, startLocalAws } from "../../src/testing/index.js";
import { ROLE } from "../support/local.js";

async function setUp() {
  const aws = await startLocalAws({ roles: [{ roleArn: ROLE }], region: "eu-central-1" });
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  onTestFinished(() => aws.close());
  const store = createMemoryStore();
  /** What a process on a platform gets, with the one store of all of them. */
  const resolve = async (platform: LocalPlatformName, instance: IntegrationInstance) => {
    const env = { AWS_REGION: "eu-central-1", ...aws.platform(platform).env };
    const resolver = createCredentialResolver({ store, runtime: { env } });
    onTestFinished(() => resolver.close());
    return (await resolver.resolve({ roleArn: ROLE, ...instance })).accessKeyId;
  };
  return { aws, resolve };
}

describe("a store that processes on several platforms share", () => {
  it.each<[LocalPlatformName, IntegrationInstance["credentials"], RegExp]>([
    ["ECS", "EcsContainer", /sessions of the container's credential endpoint http:\/\/127\S+ are shared under a name/],
    ["EKSPodIdentity", "Runtime", /sessions of the container's credential endpoint/],
    ["IRSA", "Runtime", /sessions of the web identity for arn:/],
    ["Lambda", "Environment", /sessions of the key pair ASIA\w+ in the environment/],
    ["EC2", { profile: "work" }, /sessions of the profile "work"/],
    ["EC2", { webIdentityTokenFile: "/run/token", roleArn: ROLE }, /sessions of the web identity for arn:/],
  ])("takes nothing from %s with %o and without a name", async (platform, credentials, message) => {
    const { aws, resolve } = await setUp();
    await expect(resolve(platform, { credentials })).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      field: "instance.credentialsName",
      message: expect.stringMatching(message),
    });
    expect(aws.requests).toHaveLength(0);
  });

  it("never gives one source's session to another", async () => {
    const { aws, resolve } = await setUp();
    const keys = await Promise.all([
      resolve("EC2", { credentials: "Ec2InstanceMetadata" }),
      resolve("ECS", { credentials: "Runtime", credentialsName: "task" }),
      resolve("EKSPodIdentity", { credentials: "Runtime", credentialsName: "pod" }),
      resolve("IRSA", { credentials: "Runtime", credentialsName: "service-account" }),
      resolve("Lambda", { credentials: "Runtime", credentialsName: "function" }),
    ]);
    expect(new Set(keys).size).toBe(keys.length);
    expect(aws.count({ operation: "AssumeRole" })).toBe(keys.length);
  });

  it("gives a session to all that carry the same name", async () => {
    const { aws, resolve } = await setUp();
    const instance = { credentials: "Runtime", credentialsName: "pods" } as const;
    const first = await resolve("ECS", instance);
    expect(await resolve("ECS", instance)).toBe(first);
    expect(await resolve("EKSPodIdentity", instance)).toBe(first);
    expect(aws.count({ operation: "AssumeRole" })).toBe(1);
  });
});
