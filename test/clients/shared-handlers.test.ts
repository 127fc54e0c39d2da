import { EC2Client } from "@aws-sdk/client-ec2";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { S3Client } from "@aws-sdk/client-s3";
import { describe, expect, it, onTestFinished } from "vitest";
import type { SdkClientConstructor } from "../../src/clients/client-types.js";
import { customHandlerError, SharedHandlers } from "../../src/clients/shared-handlers.js";
import { type NetworkSettings, readNetworkSettings } from "../../src/request/network-settings.js";

const EC2 = EC2Client as unknown as SdkClientConstructor;
const S3 = S3Client as unknown as SdkClientConstructor;
const Kinesis = KinesisClient as unknown as SdkClientConstructor;
const CONFIG = {
  region: "eu-west-1",
  credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "made-up" },
};

const networkOf = (settings: NetworkSettings) => readNetworkSettings("instance.network", settings);

function setUp(env: Record<string, string | undefined> = {}) {
  const handlers = new SharedHandlers(env);
  onTestFinished(() => handlers.destroy());
  const handlerOf = (...args: Parameters<SharedHandlers["create"]>) =>
    (handlers.create(...args) as unknown as { config: { requestHandler: object } }).config.requestHandler;
  return { handlers, handlerOf };
}

describe("the handler of a client", () => {
  it("is the same for all clients of a class, whatever their other configuration", () => {
    const { handlerOf } = setUp();
    const first = handlerOf(EC2, CONFIG, {});
    expect(handlerOf(EC2, { ...CONFIG, region: "us-east-1" }, {})).toBe(first);
    expect(handlerOf(EC2, CONFIG, { maxAttempts: 2 })).toBe(first);
    expect(handlerOf(S3, CONFIG, {})).not.toBe(first);
  });

  it("is the same if the first client of its class has a configuration of the caller", () => {
    const { handlerOf } = setUp();
    expect(handlerOf(EC2, CONFIG, { maxAttempts: 2 })).toBe(handlerOf(EC2, CONFIG, {}));
  });

  it("is another one for another network, and for another decision about TLS", () => {
    const { handlerOf } = setUp();
    const network = networkOf({ requestTimeout: 1000 });
    const all = [
      handlerOf(EC2, CONFIG, {}),
      handlerOf(EC2, CONFIG, {}, undefined, true),
      handlerOf(EC2, CONFIG, {}, network),
      handlerOf(EC2, CONFIG, {}, networkOf({ requestTimeout: 2000 })),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(handlerOf(EC2, CONFIG, {}, networkOf({ requestTimeout: 1000 }))).toBe(all[2]);
  });

  it("is recognized as shared, and the caller's own one is not", () => {
    const { handlers, handlerOf } = setUp();
    const own = { handle: async () => ({ response: {} }) };
    const shared = handlerOf(EC2, CONFIG, {});
    expect(handlerOf(EC2, CONFIG, { requestHandler: own })).toBe(own);
    expect([shared, own].map((handler) => handlers.find(EC2)?.has(handler))).toEqual([true, false]);
  });

  it("cannot be changed, and a client that is destroyed leaves its sockets open", () => {
    const { handlerOf } = setUp();
    const handler = handlerOf(EC2, CONFIG, {}) as { destroy(): void; httpHandlerConfigs(): object };
    expect(Object.isFrozen(handler)).toBe(true);
    expect(handler.destroy()).toBeUndefined();
    expect(handler.httpHandlerConfigs()).toEqual({});
  });

  it("speaks the protocol of its class", () => {
    const { handlerOf } = setUp();
    const protocolOf = (Client: SdkClientConstructor) =>
      (handlerOf(Client, CONFIG, {}) as { metadata?: { handlerProtocol?: string } }).metadata?.handlerProtocol;
    expect(protocolOf(EC2)).toMatch(/^http\/1/);
    expect(protocolOf(Kinesis)).toBe("h2");
  });
});

describe("a class from outside the SDK, such as a mock,", () => {
  it("is only constructed", () => {
    const { handlers } = setUp();
    const Mock = class {
      constructor(readonly config: object) {}
    } as unknown as SdkClientConstructor;
    expect(handlers.find(Mock)).toBeUndefined();
    expect(handlers.create(Mock, CONFIG, { maxAttempts: 2 })).toEqual({ config: { ...CONFIG, maxAttempts: 2 } });
  });
});

describe("network settings that a class cannot apply", () => {
  it.each<[string, NetworkSettings]>([
    ["proxy", { proxy: "http://proxy.example.com:3128" }],
    ["connectionTimeout", { connectionTimeout: 1000 }],
  ])("are rejected for HTTP/2: %s", (setting, settings) => {
    const { handlerOf } = setUp();
    expect(() => handlerOf(Kinesis, CONFIG, {}, networkOf(settings))).toThrow(
      expect.objectContaining({ code: "INVALID_REQUEST", field: `instance.network.${setting}` }),
    );
    expect(() => handlerOf(EC2, CONFIG, {}, networkOf(settings))).not.toThrow();
  });

  it.each(["requestTimeout", "socketTimeout"])(
    "are accepted for HTTP/2 with %s beside a connection timeout",
    (other) => {
      const { handlerOf } = setUp();
      const network = networkOf({ connectionTimeout: 1000, [other]: 1000 });
      expect(() => handlerOf(Kinesis, CONFIG, {}, network)).not.toThrow();
    },
  );

  it("are rejected for a class that brings its own handler", () => {
    const { handlerOf } = setUp();
    const Own = class extends EC2Client {
      constructor(config: object) {
        super(config);
        Object.assign(this.config, { requestHandler: { handle: async () => ({}) } });
      }
    } as unknown as SdkClientConstructor;
    expect(() => handlerOf(Own, CONFIG, {}, networkOf({ requestTimeout: 1000 }))).toThrow(
      "instance.network is set, but the client's class or an extension has its own request handler.",
    );
  });

  it("are named in an error that says what to leave out", () => {
    expect(customHandlerError("the resolver")).toMatchObject({ code: "INVALID_REQUEST", field: "instance.network" });
    expect(customHandlerError("the resolver", "Leave it out.").hint).toBe("Leave it out.");
  });
});
