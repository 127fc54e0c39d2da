import { describe, expect, it } from "vitest";
import { CHINA_ROLE, expectInvalid, refusalOf, requestOf, roleRequestOf } from "./support.js";

const KEYS = "region, endpoint, useFipsEndpoint, useDualstackEndpoint";
const ENDPOINT = "Allowed: an https URL, or an http URL on the loopback interface, without user, query or fragment.";
const stsOf = (sts: unknown) => {
  const { partition, ...settings } = roleRequestOf({ instance: { sts } }).chain.sts;
  return settings;
};

describe("instance.sts", () => {
  it.each([undefined, null, {}, { region: null, endpoint: undefined, useFipsEndpoint: null }])("can be %j", (sts) => {
    expect(stsOf(sts)).toEqual({});
    expect(roleRequestOf({ instance: { sts } }).chain.key).toBe(roleRequestOf({}).chain.key);
  });

  it("is used as given", () => {
    const sts = { region: "eu-west-1", useFipsEndpoint: true, useDualstackEndpoint: true };
    expect(stsOf(sts)).toEqual(sts);
    expect(stsOf({ useFipsEndpoint: false, useDualstackEndpoint: false })).toEqual({});
  });

  it.each(["url", "maxAttempts"])("with the unknown key %s is rejected", (key) => {
    expectInvalid(
      () => stsOf({ [key]: undefined }),
      `instance.sts.${key}`,
      `instance.sts.${key} is not a setting. Known settings: ${KEYS}.`,
    );
  });

  it.each([
    ["Endpoint", "endpoint"],
    ["regions", "region"],
  ])("with the unknown key %s is rejected, and the error suggests %s", (key, right) => {
    expectInvalid(
      () => stsOf({ [key]: undefined }),
      `instance.sts.${key}`,
      `instance.sts.${key} is not a setting, but looks like ${right}. Write it as ${right}.`,
    );
  });

  it.each<[unknown, string]>([
    ["https://sts.example", "a string of 19 characters"],
    ["", "an empty string"],
    [[], "an empty array"],
    [new URL("https://sts.example"), "an object"],
    [new Map(), "an object"],
    [true, "a boolean"],
  ])("cannot be %s", (sts, received) => {
    expectInvalid(
      () => stsOf(sts),
      "instance.sts",
      `instance.sts is invalid: received ${received}. Allowed: an object with ${KEYS}.`,
    );
  });

  it.each(["useFipsEndpoint", "useDualstackEndpoint"])("must have a boolean for %s", (key) => {
    for (const [value, received] of [
      ["true", "a string of 4 characters"],
      [1, "a number"],
      ["", "an empty string"],
    ]) {
      expectInvalid(
        () => stsOf({ [key]: value }),
        `instance.sts.${key}`,
        `instance.sts.${key} is invalid: received ${received}. Allowed: true or false.`,
      );
    }
  });

  it.each(["useFipsEndpoint", "useDualstackEndpoint"])("cannot have an endpoint together with %s", (key) => {
    expectInvalid(
      () => stsOf({ endpoint: "https://sts.example", [key]: true }),
      "instance.sts.endpoint",
      "instance.sts.endpoint cannot be combined with useFipsEndpoint or useDualstackEndpoint. Set endpoint to the FIPS or dual-stack endpoint, or leave it out.",
    );
    expect(stsOf({ endpoint: "https://sts.example", [key]: false })).toEqual({ endpoint: "https://sts.example/" });
  });
});

describe("instance.sts.endpoint", () => {
  it.each([
    ["HTTPS://STS.Example", "https://sts.example/"],
    ["http://localhost:4566", "http://localhost:4566/"],
    ["http://127.0.0.1:1", "http://127.0.0.1:1/"],
    ["http://127.255.0.9", "http://127.255.0.9/"],
    ["http://[::1]:8080", "http://[::1]:8080/"],
  ])("can be %s", (endpoint, href) => {
    expect(stsOf({ endpoint })).toEqual({ endpoint: href });
  });

  it.each<[unknown, string]>([
    ["", "an empty string"],
    ["sts.amazonaws.com", '"sts.amazonaws.com"'],
    ["ftp://localhost", '"ftp://localhost"'],
    ["file:///etc/passwd", '"file:///etc/passwd"'],
    ["https://", '"https://"'],
    [" https://sts.example", '" https://sts.example"'],
    ["https://sts.exa\nmple", '"https://sts.exa\\nmple"'],
    ["https://sts.example?", "a string of 20 characters"],
    ["https://sts.example#", "a string of 20 characters"],
    ["https://sts.example/#part", "a string of 25 characters"],
    ["https://sts.example/?token=hush", "a string of 31 characters"],
    ["https://user@sts.example", "a string of 24 characters"],
    ["https://user:hush@sts.example", "a string of 29 characters"],
    ["https://:hush@sts.example", "a string of 25 characters"],
    [5, "a number"],
    [new URL("https://sts.example"), "an object"],
    [() => "https://sts.example", "a function"],
  ])("cannot be %s", (endpoint, received) => {
    expectInvalid(
      () => stsOf({ endpoint }),
      "instance.sts.endpoint",
      `instance.sts.endpoint is invalid: received ${received}. ${ENDPOINT}`,
    );
  });

  it.each([
    "http://sts.amazonaws.com",
    "http://169.254.169.254",
    "http://10.0.0.1",
    "http://128.0.0.1",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "http://localstack:4566",
    "http://[::2]",
    "http://0.0.0.0",
  ])("%s would send keys in plain text, so it is rejected unless the instance allows it", (endpoint) => {
    const { protocol, hostname, href } = new URL(endpoint);
    expectInvalid(
      () => stsOf({ endpoint }),
      "instance.sts.endpoint",
      `instance.sts.endpoint would reach STS over ${protocol}//${hostname}. Use https, or http on the loopback interface; for a simulator such as LocalStack, set instance.dangerouslyAllowPlainHttp.`,
    );
    const allowed = roleRequestOf({ instance: { sts: { endpoint }, dangerouslyAllowPlainHttp: true } });
    expect(allowed.chain.sts).toMatchObject({ endpoint: href, plainHttp: true });
  });

  it.each([
    "https://user:hush@sts.example:99999",
    "https://user:hush@sts exa mple",
    "user:hush@sts.example",
    "http://user:hush@evil.example",
    "//user:hush@sts.example",
    "https://sts.example:x/?token=hush",
    "https://sts.example:x/#hush",
  ])("is never shown with its password: %s", (endpoint) => {
    expect(refusalOf(() => stsOf({ endpoint })).message).not.toContain("hush");
  });

  describe("with a region in its name", () => {
    const ENDPOINTS = [
      ["https://sts.eu-west-1.amazonaws.com/", "eu-west-1"],
      ["https://sts-fips.us-gov-west-1.amazonaws.com/", "us-gov-west-1"],
      ["https://sts.cn-north-1.amazonaws.com.cn/", "cn-north-1"],
      ["https://sts.eu-west-1.api.aws/", "eu-west-1"],
      ["https://vpce-0a1b-c2d3.sts.us-east-1.vpce.amazonaws.com:8443/path", "us-east-1"],
      ["https://vpce-0a1b-c2d3-us-east-1a.sts.us-east-1.vpce.amazonaws.com/", "us-east-1"],
      ["https://sts.moon-base-1.amazonaws.com/", "moon-base-1"],
      ["https://sts.amazonaws.com/", "us-east-1"],
    ] as const;

    it.each(ENDPOINTS)("%s is signed for that region, whatever the other settings", (endpoint, region) => {
      expect(requestOf({ instance: { sts: { endpoint } } }).chain.sts).toEqual({ endpoint, region });
      expect(requestOf({ instance: { sts: { endpoint, region } } }).chain.sts).toEqual({ endpoint, region });
      const sts = requestOf({
        instance: { region: "ap-south-1", sts: { endpoint } },
        env: { AWS_REGION: "ap-east-1" },
      });
      expect(sts.chain.sts.region).toBe(region);
    });

    it.each(ENDPOINTS)("%s is rejected for a different region", (endpoint, region) => {
      expectInvalid(
        () => stsOf({ endpoint, region: "ap-south-2" }),
        "instance.sts.endpoint",
        `instance.sts.endpoint is in ${region}, but instance.sts.region is ap-south-2. Set instance.sts.region to ${region}, or use the STS endpoint of ap-south-2: AWS rejects a signature for another region.`,
      );
    });

    it.each([
      "https://sts.example.com/",
      "https://sts.us-east-1.localhost.localstack.cloud:4566/",
      "https://sts.eu-west-1.amazonaws.com.evil.example/",
      "https://proxy.example/sts.eu-west-1.amazonaws.com",
      "http://127.0.0.1:4566/",
    ])("%s has no region in its name", (endpoint) => {
      expect(stsOf({ endpoint })).toEqual({ endpoint });
      expect(stsOf({ endpoint, region: "ap-south-2" })).toEqual({ endpoint, region: "ap-south-2" });
    });

    it("is rejected for a role in a different partition", () => {
      const instance = { roleArn: CHINA_ROLE, sts: { endpoint: "https://sts.us-east-1.amazonaws.com" } };
      expectInvalid(() => requestOf({ instance }), "instance.sts.endpoint", /the role is in partition aws-cn/);
    });
  });

  it("is part of the session key in normalized form", () => {
    const keyOf = (endpoint: string) => roleRequestOf({ instance: { sts: { endpoint } } }).chain.key;
    expect(keyOf("https://sts.example")).toBe(keyOf("https://STS.example:443/"));
    expect(keyOf("https://sts.example")).not.toBe(keyOf("https://sts.example/a"));
  });
});
