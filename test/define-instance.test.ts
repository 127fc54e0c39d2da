import { describe, expect, it } from "vitest";
import { createCredentialResolver, defineInstance, type IntegrationInstance } from "../src/index.js";
import { expectInvalid, OTHER_ROLE, ROLE } from "./request/support.js";

const POLICY = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: ["s3:*"], Resource: "*" }] };

describe("defineInstance", () => {
  it("returns the given settings, deeply frozen", () => {
    const provider = async () => ({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "never-used" });
    const settings = { roleArn: ROLE, policy: POLICY, tags: { team: "blue" }, credentials: provider, region: null };
    const instance = defineInstance(settings);
    expect(instance).toEqual(settings);
    expect(instance.credentials).toBe(provider);
    for (const part of [instance, instance.tags, instance.policy.Statement, instance.policy.Statement[0]?.Action]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    expect(Object.isFrozen(settings.tags)).toBe(false);
  });

  it("ignores later changes to the given object", async () => {
    const asked: unknown[] = [];
    const resolver = createCredentialResolver({
      stsClient: {
        async send(command: object) {
          asked.push((command as { input: object }).input);
          throw Object.assign(new Error("enough"), { name: "AccessDenied" });
        },
      },
      instanceProfile: async () => ({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "never-used" }),
    });
    const settings = { roleArn: ROLE, region: "eu-west-1", tags: { team: "blue" }, policy: structuredClone(POLICY) };
    const instance = defineInstance(settings);
    settings.roleArn = OTHER_ROLE;
    settings.tags.team = "red";
    settings.policy.Statement[0]?.Action.push("iam:*");
    await expect(resolver.resolve(instance)).rejects.toThrow(ROLE);
    await resolver.close();
    expect(asked[0]).toMatchObject({
      RoleArn: ROLE,
      Tags: [{ Key: "team", Value: "blue" }],
      Policy: expect.not.stringContaining("iam:*"),
    });
  });

  it("accepts an instance of a class, and reads its getters once", () => {
    let reads = 0;
    class Settings {
      get roleArn(): string {
        reads++;
        return ROLE;
      }
    }
    const instance = defineInstance(new Settings());
    expect([instance.roleArn, instance.roleArn, reads]).toEqual([ROLE, ROLE, 1]);
  });

  it("accepts a defined instance, or a spread of one", () => {
    const instance = defineInstance({ roleArn: ROLE, externalId: "acme" });
    expect(defineInstance(instance)).toEqual(instance);
    expect(defineInstance({ ...instance, region: "eu-west-1" })).toEqual({ ...instance, region: "eu-west-1" });
  });

  const cyclic: Record<string, unknown> = { Statement: [] };
  cyclic.self = cyclic;
  it.each<[string, unknown]>([
    ["instance", undefined],
    ["instance", null],
    ["instance", [ROLE]],
    ["instance.roleArn", { roleArn: "Reader" }],
    ["instance.rolearn", { rolearn: ROLE }],
    ["instance.policy", { roleArn: ROLE, policy: null }],
    ["instance.policy", { roleArn: ROLE, policy: cyclic }],
    ["instance.tags", { roleArn: ROLE, tags: new Map() }],
    ["instance.allowedRoles[1]", { allowedRoles: [ROLE, undefined] }],
  ])("names %s if it is invalid", (field, settings) => {
    expectInvalid(() => defineInstance(settings as IntegrationInstance), field, /^instance/);
  });
});
