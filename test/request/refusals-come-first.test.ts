import { STSClient } from "@aws-sdk/client-sts";
import { describe, expect, it, onTestFinished } from "vitest";
import { createCredentialResolver, type IntegrationInstance } from "../../src/index.js";
import { OTHER_ROLE, ROLE } from "./support.js";

/** A resolver with a counting mock of STS, and an instance profile that must not be read. */
function setUp() {
  let sends = 0;
  const resolver = createCredentialResolver({
    instanceProfile: async () => {
      throw new Error("the instance profile was read");
    },
    stsClient: {
      async send(command: { input: { RoleArn?: string; RoleSessionName?: string } }) {
        sends++;
        const { RoleArn = "", RoleSessionName } = command.input;
        const [, , , , account, resource = ""] = RoleArn.split(":");
        return {
          Credentials: {
            AccessKeyId: `ASIA${String(sends).padStart(16, "0")}`,
            SecretAccessKey: "secret",
            SessionToken: "token",
            Expiration: new Date(Date.now() + 3_600_000),
          },
          AssumedRoleUser: {
            Arn: `arn:aws:sts::${account}:assumed-role/${resource.split("/").at(-1)}/${RoleSessionName}`,
            AssumedRoleId: "AROA:x",
          },
        };
      },
    },
  });
  onTestFinished(() => resolver.close());
  return { resolver, sends: () => sends };
}

const notAllowed = (roleArn: string) => ({ code: "ROLE_NOT_ALLOWED", roleArn });

describe("a request is rejected before any cache is used", () => {
  it("if allowedRoles changes on the same instance between two calls", async () => {
    const { resolver, sends } = setUp();
    const instance: IntegrationInstance = { roleArn: ROLE, region: "us-east-1", allowedRoles: [ROLE] };
    const session = await resolver.resolve(instance);
    const client = resolver.getClientForCommand(STSClient, instance);

    instance.allowedRoles = [OTHER_ROLE];
    const before = resolver.stats();
    await expect(resolver.resolve(instance)).rejects.toMatchObject(notAllowed(ROLE));
    await expect(resolver.verify(instance)).rejects.toMatchObject(notAllowed(ROLE));
    await expect(resolver.invalidate(instance)).rejects.toMatchObject(notAllowed(ROLE));
    expect(() => resolver.provider(instance)).toThrow(expect.objectContaining(notAllowed(ROLE)));
    expect(() => resolver.getClientForCommand(STSClient, instance)).toThrow(expect.objectContaining(notAllowed(ROLE)));
    expect(resolver.stats()).toEqual({ ...before, notAllowed: 5 });

    (instance.allowedRoles as string[]).push(ROLE);
    expect((await resolver.resolve(instance)).accessKeyId).toBe(session.accessKeyId);
    const again = resolver.getClientForCommand(STSClient, instance);
    expect(Object.getPrototypeOf(again)).toBe(Object.getPrototypeOf(client)); // views of one pooled client
    expect(sends()).toBe(1);
  });

  it("if the command names a role whose session is cached for another instance", async () => {
    const { resolver, sends } = setUp();
    await resolver.resolve({ roleArn: OTHER_ROLE });
    const before = resolver.stats();
    const instance = { roleArn: ROLE, allowedRoles: ["arn:aws:iam::123456789012:role/*"] };
    await expect(resolver.resolve(instance, { roleArn: OTHER_ROLE })).rejects.toMatchObject(notAllowed(OTHER_ROLE));
    expect(resolver.stats()).toEqual({ ...before, notAllowed: 1 });
    expect(sends()).toBe(1);
  });

  it("if no role is requested but the instance has a list", async () => {
    const { resolver, sends } = setUp();
    await expect(resolver.resolve({ allowedRoles: [ROLE] })).rejects.toMatchObject({ code: "ROLE_NOT_ALLOWED" });
    expect(() => resolver.getClientForCommand(STSClient, { allowedRoles: [] })).toThrow(
      expect.objectContaining({ code: "ROLE_NOT_ALLOWED" }),
    );
    expect(sends()).toBe(0);
  });

  it.each([
    ["command.role_arn", {}, { role_arn: OTHER_ROLE }, {}],
    ["command.roleArn", {}, { roleArn: "" }, {}],
    ["instance.policy", { policy: "" }, {}, {}],
    ["options.session.policy", {}, {}, { policy: [] }],
    ["instance.tags", { tags: "team=a" }, {}, {}],
    ["instance.rolArn", { rolArn: OTHER_ROLE }, {}, {}],
  ])("if %s is invalid, even if the session without it is cached", async (field, extra, command, session) => {
    const { resolver, sends } = setUp();
    await resolver.resolve({ roleArn: ROLE });
    const before = resolver.stats();
    const instance = { roleArn: ROLE, region: "us-east-1", ...extra } as IntegrationInstance;
    const refused = { code: "INVALID_REQUEST", field };
    await expect(resolver.resolve(instance, command, { session })).rejects.toMatchObject(refused);
    expect(() => resolver.getClientForCommand(STSClient, instance, command, { session })).toThrow(
      expect.objectContaining(refused),
    );
    expect(resolver.stats()).toEqual(before);
    expect(sends()).toBe(1);
  });

  it("if the client's region is outside the role's partition", async () => {
    const { resolver } = setUp();
    await resolver.resolve({ roleArn: ROLE });
    expect(() => resolver.getClientForCommand(STSClient, { roleArn: ROLE }, { region: "cn-north-1" })).toThrow(
      expect.objectContaining({ code: "INVALID_REQUEST", field: "command.region", roleArn: ROLE }),
    );
  });
});

describe("a changed instance field takes effect at the next call", () => {
  it.each<[string, Partial<IntegrationInstance>]>([
    ["externalId", { externalId: "new" }],
    ["policy", { policy: { Statement: [] } }],
    ["tags", { tags: { team: "b" } }],
    ["roleSessionDuration", { roleSessionDuration: 900 }],
    ["credentials", { credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "s" } }],
  ])("%s", async (_, change) => {
    const { resolver, sends } = setUp();
    const instance: IntegrationInstance = { roleArn: ROLE };
    await resolver.resolve(instance);
    Object.assign(instance, change);
    await resolver.resolve(instance);
    expect(sends()).toBe(2);
  });
});
