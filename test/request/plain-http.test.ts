import { describe, expect, it } from "vitest";
import { isOnThisMachine } from "../../src/request/plain-http.js";
import { expectInvalid, roleRequestOf } from "./support.js";

const keyOf = (instance: object) => roleRequestOf({ instance }).chain.key;
const baseKeyOf = (instance: object) => roleRequestOf({ instance }).chain.base.key;

describe("instance.dangerouslyAllowPlainHttp", () => {
  it.each([undefined, null, false])("%s is the default", (dangerouslyAllowPlainHttp) => {
    expect(keyOf({ dangerouslyAllowPlainHttp })).toBe(keyOf({}));
    expect(roleRequestOf({ instance: { dangerouslyAllowPlainHttp } }).chain.sts.plainHttp).toBeUndefined();
  });

  it("leads to separate sessions and a separate base identity, because anyone on the network could have responded", () => {
    expect(keyOf({ dangerouslyAllowPlainHttp: true })).not.toBe(keyOf({}));
    expect(baseKeyOf({ dangerouslyAllowPlainHttp: true })).not.toBe(baseKeyOf({}));
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    expect(keyOf({ credentials, dangerouslyAllowPlainHttp: true })).not.toBe(keyOf({ credentials }));
    expect(baseKeyOf({ credentials, dangerouslyAllowPlainHttp: true })).toBe(baseKeyOf({ credentials }));
  });

  it.each([
    ["true", "a string of 4 characters"],
    [1, "a number"],
    ["", "an empty string"],
  ])("cannot be %j", (value, received) => {
    expectInvalid(
      () => roleRequestOf({ instance: { dangerouslyAllowPlainHttp: value } }),
      "instance.dangerouslyAllowPlainHttp",
      `instance.dangerouslyAllowPlainHttp is invalid: received ${received}. Allowed: true or false.`,
    );
  });
});

describe("the metadata service", () => {
  it.each([
    "http://169.254.169.254",
    "http://[fd00:ec2::254]",
    "http://[fe80::1]",
    "http://127.0.0.1:1",
    "http://localhost:1",
    "https://imds.example",
  ])("at %s is on this machine or uses TLS", (endpoint) => {
    expect(isOnThisMachine(new URL(endpoint))).toBe(true);
  });

  it.each([
    "http://localstack:4566",
    "http://imds",
    "http://10.0.0.1",
    "http://169.253.0.1",
    "http://169.254.169.254.example",
    "http://[fd00:ec3::1]",
    "ftp://localhost",
  ])("at %s is neither on this machine nor uses TLS", (endpoint) => {
    expect(isOnThisMachine(new URL(endpoint))).toBe(false);
  });
});
