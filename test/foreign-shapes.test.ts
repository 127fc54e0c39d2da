import { DynamoDBClient, DynamoDBServiceException } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import { DynamoDBDocument, DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createCredentialResolver, RolecallError, type SdkClientConstructor } from "../src/index.js";

const instance = { roleArn: "arn:aws:iam::123456789012:role/Inventory", region: "eu-west-1" };
const sessionOf = (accessKeyId: string) => ({
  Credentials: {
    AccessKeyId: accessKeyId,
    SecretAccessKey: "made-up",
    SessionToken: "made-up",
    Expiration: new Date(Date.now() + 3_600_000),
  },
});

afterEach(() => {
  vi.doUnmock("@aws-sdk/client-sts");
  vi.resetModules();
});

/** Loads the library with a different module as the SDK's STS client. */
async function libraryWith(sts: object) {
  vi.resetModules();
  vi.doMock("@aws-sdk/client-sts", () => ({ ...NOTHING, ...sts }));
  return import("../src/index.js");
}

/**
 * The exports that a mock leaves out. Unlike Jest, Vitest rejects reads of an export that the factory does not define.
 */
const NOTHING = { STSClient: undefined, AssumeRoleCommand: undefined, GetCallerIdentityCommand: undefined };

describe("a mock of the module @aws-sdk/client-sts", () => {
  it("with classes that have no configuration or middleware stack works like an injected client", async () => {
    const send = vi.fn(async () => sessionOf("ASIAFACTORY"));
    const AssumeRoleCommand = vi.fn(function (this: object, input: object) {
      Object.assign(this, { input });
    });
    const STSClient = vi.fn(function (this: object) {
      Object.assign(this, { send });
    });
    const { createCredentialResolver } = await libraryWith({ STSClient, AssumeRoleCommand });
    await using resolver = createCredentialResolver();

    expect(await resolver.resolve(instance)).toMatchObject({ accessKeyId: "ASIAFACTORY" });
    expect(AssumeRoleCommand).toHaveBeenCalledWith(expect.objectContaining({ RoleArn: instance.roleArn }));
    expect(send).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["AssumeRoleCommand", { STSClient: vi.fn(), AssumeRoleCommand: undefined }],
    ["AssumeRoleCommand", { STSClient: vi.fn(), AssumeRoleCommand: (input: object) => ({ input }) }],
    ["STSClient", { AssumeRoleCommand: vi.fn() }],
    ["STSClient", { STSClient: vi.fn(), AssumeRoleCommand: vi.fn() }],
    ["STSClient", { STSClient: vi.fn().mockImplementation(() => expect.fail("secret")), AssumeRoleCommand: vi.fn() }],
  ])("without a usable %s causes an error that names it", async (name, sts) => {
    const { createCredentialResolver, isRolecallError } = await libraryWith(sts);
    await using resolver = createCredentialResolver();
    const error = await resolver.resolve(instance).catch((reason: unknown) => reason);

    expect(isRolecallError(error)).toBe(true);
    expect(error).toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringContaining(`${name} of @aws-sdk/client-sts`),
      hint: expect.stringContaining("createCredentialResolver({ stsClient })"),
    });
  });

  it("without GetCallerIdentityCommand causes an error from verify()", async () => {
    const send = async () => sessionOf("ASIAVERIFY");
    const { createCredentialResolver } = await libraryWith({
      STSClient: class {
        send = send;
      },
      AssumeRoleCommand: vi.fn(),
    });
    await using resolver = createCredentialResolver();

    await expect(resolver.verify(instance)).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringContaining("GetCallerIdentityCommand of @aws-sdk/client-sts"),
    });
  });
});

describe("a mock that returns the same keys for every call", () => {
  it.each([
    ["a new expiration", () => new Date(Date.now() + 900_000)],
    ["an expiration some years ahead", () => new Date("2099-01-01")],
  ])(
    "gives a new session under fake timers while the previous one is valid: %s",
    async (_, expiration) => {
      vi.useFakeTimers();
      onTestFinished(() => void vi.useRealTimers());
      const { Credentials } = sessionOf("ASIAFIXED");
      const send = vi.fn(async () => ({ Credentials: { ...Credentials, Expiration: expiration() } }));
      await using resolver = createCredentialResolver({ stsClient: { send } });
      await resolver.resolve(instance);
      vi.advanceTimersByTime(3_601_000);

      expect(await resolver.resolve(instance)).toMatchObject({ accessKeyId: "ASIAFIXED" });
      expect(send).toHaveBeenCalledTimes(2);
    },
    10_000,
  );
});

describe("a class that is not an SDK client", () => {
  const get = (Client: unknown, clientConfig?: object) => {
    const resolver = createCredentialResolver();
    return resolver.getClientForCommand(Client as SdkClientConstructor, instance, {}, { clientConfig } as never);
  };
  const errorOf = (act: () => unknown) => {
    try {
      act();
    } catch (error) {
      return error;
    }
    return expect.fail("no error");
  };

  it.each([[DynamoDBDocumentClient], [DynamoDBDocument]])(
    "is rejected with the class to pass instead if it wraps a client: %o",
    (Client) => {
      const error = errorOf(() => get(Client));

      expect(error).toBeInstanceOf(RolecallError);
      expect(error).toMatchObject({
        code: "INVALID_REQUEST",
        field: "Client",
        hint: `Pass the class of the client that it wraps, such as DynamoDBClient. Then wrap the client with ${Client.name}.from(client).`,
      });
    },
  );

  it("works as the hint says if it wraps a client", async () => {
    await using resolver = createCredentialResolver({ stsClient: { send: async () => sessionOf("ASIAWRAPPED") } });
    const client = DynamoDBDocumentClient.from(resolver.getClientForCommand(DynamoDBClient, instance));
    expect(await client.config.credentials()).toMatchObject({ accessKeyId: "ASIAWRAPPED" });
  });

  it.each([
    [
      "has no configuration",
      class {
        send() {}
      },
    ],
    [
      "has no middleware stack",
      class {
        config = { requestHandler: { handle() {} } };
        send() {}
      },
    ],
    [
      "has no request handler",
      class {
        config = {};
        middlewareStack = { add() {} };
        send() {}
      },
    ],
  ])("is rejected before anything is sent if it %s", (_, Client) => {
    expect(errorOf(() => get(Client))).toMatchObject({
      code: "INVALID_REQUEST",
      field: "Client",
      message: expect.stringContaining("AWS SDK v3"),
    });
  });

  it("is rejected with its own message if its constructor throws", () => {
    class Picky extends DynamoDBClient {
      constructor() {
        super({});
        throw new DynamoDBServiceException({
          name: "Picky",
          $fault: "client",
          $metadata: {},
          message: "no such table",
        });
      }
    }
    expect(errorOf(() => get(Picky))).toMatchObject({
      code: "INVALID_REQUEST",
      field: "Client",
      message: expect.stringContaining("no such table"),
    });
    expect(errorOf(() => get(Picky, { maxAttempts: 2 }))).toMatchObject({ code: "INVALID_REQUEST" });
  });

  it.each([undefined, { maxAttempts: 2 }])(
    "is replaced by the object that it returns if it is a mock function (%j)",
    (clientConfig) => {
      const send = vi.fn();
      const Mock = vi.fn(function (this: object) {
        Object.assign(this, { send });
      });
      expect(get(Mock, clientConfig).send).toBe(send);
      expect(Mock).toHaveBeenCalledWith(expect.objectContaining({ region: "eu-west-1", ...clientConfig }));
    },
  );

  it("is guarded as usual if it is a mock function that returns a real client", () => {
    const Spied = vi.fn(EC2Client);
    expect((get(Spied) as EC2Client).middlewareStack.identify().join()).toContain("rolecallSignAgain");
  });

  it("is rejected if it is a mock function whose result has no send()", () => {
    expect(errorOf(() => get(vi.fn()))).toMatchObject({ code: "INVALID_REQUEST", field: "Client" });
  });
});
