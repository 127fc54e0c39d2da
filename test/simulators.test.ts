import { DescribeRegionsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { describe, expect, it, vi } from "vitest";
import { createCredentialResolver, type IntegrationInstance } from "../src/index.js";
import { createMemoryStore } from "../src/testing/index.js";
import { OWN_ADDRESS, SIMULATED_ROLE, startSimulator } from "./support/simulator.js";

const TEST_KEYS = { accessKeyId: "test", secretAccessKey: "test" };
const instance: IntegrationInstance = { roleArn: SIMULATED_ROLE, region: "eu-central-1", credentials: TEST_KEYS };

describe("access key ids from simulators", () => {
  it.each(["test", "000000000001", "LSIAQAAAAAAVNCBMPNSG", "a", "x".repeat(128)])(
    "%s: works for a role's session and a service's call, shared through a store",
    async (accessKeyId) => {
      const { url, signedBy } = await startSimulator("127.0.0.1", accessKeyId);
      vi.stubEnv("AWS_ENDPOINT_URL", url);
      const store = createMemoryStore();
      for (let process = 0; process < 2; process++) {
        await using resolver = createCredentialResolver({ store });
        const ec2 = resolver.getClientForCommand(EC2Client, instance);
        await ec2.send(new DescribeRegionsCommand({}));
      }
      expect(signedBy).toEqual(["test", accessKeyId, accessKeyId]);
    },
  );

  it.each(["", "a b", "x".repeat(129), "a/b"])("%j is rejected from every source", async (accessKeyId) => {
    await using resolver = createCredentialResolver();
    const credentials = { ...TEST_KEYS, accessKeyId };
    await expect(resolver.resolve({ ...instance, credentials })).rejects.toMatchObject({ code: "INVALID_REQUEST" });
    await expect(
      resolver.resolve({ ...instance, roleArn: undefined, credentials: async () => credentials }),
    ).rejects.toMatchObject({ code: "BASE_IDENTITY_UNAVAILABLE" });
    const { url } = await startSimulator("127.0.0.1", accessKeyId);
    await using simulated = createCredentialResolver({ assumeRole: { attempts: 1 } });
    await expect(simulated.resolve({ ...instance, sts: { endpoint: url } })).rejects.toMatchObject({
      code: "STS_UNAVAILABLE",
    });
  });
});

if (OWN_ADDRESS === undefined) console.log("Skipped: this machine has no address beside loopback.");
describe.runIf(OWN_ADDRESS)("plain http beyond loopback", () => {
  const start = () => startSimulator(OWN_ADDRESS ?? "");
  const allowed: IntegrationInstance = { ...instance, dangerouslyAllowPlainHttp: true };
  const refusal = (field: string) => ({
    code: "INVALID_REQUEST",
    field,
    hint: expect.stringContaining("set instance.dangerouslyAllowPlainHttp"),
  });

  it("for STS at the instance's endpoint is rejected before any call, unless it is allowed", async () => {
    const { url, signedBy } = await start();
    await using resolver = createCredentialResolver();
    const sts = { endpoint: url };
    await expect(resolver.resolve({ ...instance, sts })).rejects.toMatchObject(refusal("instance.sts.endpoint"));
    expect(signedBy).toEqual([]);
    expect(await resolver.resolve({ ...allowed, sts })).toMatchObject({ accessKeyId: "000000000001" });
    expect(signedBy).toEqual(["test"]);
  });

  it("for STS at the environment's endpoint is rejected too, and the session is not shared with an instance that rejects it", async () => {
    const { url, signedBy } = await start();
    vi.stubEnv("AWS_ENDPOINT_URL", url);
    const store = createMemoryStore();
    await using resolver = createCredentialResolver({ store });
    const ec2 = resolver.getClientForCommand(EC2Client, allowed);
    await ec2.send(new DescribeRegionsCommand({}));
    expect(signedBy).toEqual(["test", "000000000001"]);
    await expect(resolver.resolve(instance)).rejects.toMatchObject(refusal("AWS_ENDPOINT_URL"));
    await using other = createCredentialResolver({ store });
    await expect(other.resolve(instance)).rejects.toMatchObject(refusal("AWS_ENDPOINT_URL"));
    expect(signedBy).toHaveLength(2);
  });

  it("for the metadata service is rejected too, for the machine's keys", async () => {
    const { url, metadata } = await start();
    vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url);
    await using resolver = createCredentialResolver();
    const machine: IntegrationInstance = { region: "eu-central-1" };
    await expect(resolver.resolve(machine)).rejects.toMatchObject(refusal("AWS_EC2_METADATA_SERVICE_ENDPOINT"));
    expect(metadata).toEqual([]);
    expect(await resolver.resolve({ ...machine, dangerouslyAllowPlainHttp: true })).toMatchObject({
      accessKeyId: "test",
    });
    await expect(resolver.resolve(machine)).rejects.toMatchObject(refusal("AWS_EC2_METADATA_SERVICE_ENDPOINT"));
  });
});
