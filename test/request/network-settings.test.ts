import { inspect } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import type { IntegrationInstance } from "../../src/request/integration-instance.js";
import { createRoleRequest } from "../../src/request/role-request.js";
import { createCertificates, type TestCertificates } from "../support/certificates.js";
import { ROLE } from "./support.js";

const requestOf = (network: unknown) =>
  createRoleRequest({ roleArn: ROLE, region: "us-east-1", network } as IntegrationInstance, {}, undefined, {});
const settingsOf = (network: unknown) => requestOf(network).network?.settings();

let certificates: TestCertificates;
beforeAll(() => {
  certificates = createCertificates();
});

describe("instance.network", () => {
  it("accepts every setting, and numbers also as digits", () => {
    expect(
      settingsOf({
        requestTimeout: 1,
        socketTimeout: "86400000",
        connectionTimeout: 10_000,
        maxAttempts: "100",
        proxy: "https://user:p%40ss@[::1]:8080/",
        extraCa: certificates.ca,
      }),
    ).toEqual({
      requestTimeout: 1,
      socketTimeout: 86_400_000,
      connectionTimeout: 10_000,
      maxAttempts: 100,
      proxy: "https://user:p%40ss@[::1]:8080/",
      extraCa: [certificates.ca.trim()],
    });
    expect(settingsOf({ dangerouslyDisableTlsVerification: true })).toEqual({
      dangerouslyDisableTlsVerification: true,
    });
  });

  it.each([undefined, null, {}, { proxy: undefined, maxAttempts: null, dangerouslyDisableTlsVerification: false }])(
    "without a value is ignored: %j",
    (network) => {
      expect(requestOf(network).network).toBeUndefined();
      expect(requestOf(network)).toEqual(requestOf(undefined));
    },
  );

  it("accepts one or more certificates, with any text around them", () => {
    const { ca, cert } = certificates;
    for (const extraCa of [ca + cert, `Subject: us\n${ca}\n\n${cert}`]) {
      expect(settingsOf({ extraCa })).toEqual({ extraCa: [ca.trim(), cert.trim()] });
    }
  });

  it.each<[string, unknown]>([
    ["requestTimeout", 0],
    ["requestTimeout", 86_400_001],
    ["socketTimeout", 1.5],
    ["socketTimeout", "1s"],
    ["connectionTimeout", ""],
    ["connectionTimeout", -1],
    ["maxAttempts", 0],
    ["maxAttempts", 101],
    ["proxy", ""],
    ["proxy", "proxy.example.com:3128"],
    ["proxy", "socks5://proxy.example.com"],
    ["proxy", "http://"],
    ["proxy", "http://proxy.example.com/path"],
    ["proxy", "http://proxy.example.com?query"],
    ["proxy", "http://user:%zz@proxy.example.com"],
    ["proxy", new URL("http://proxy.example.com")],
    ["extraCa", ""],
    ["extraCa", ["-----BEGIN CERTIFICATE-----"]],
    ["extraCa", "/etc/ssl/ca.pem"],
    ["extraCa", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"],
    ["extraCa", Buffer.from("")],
    ["dangerouslyDisableTlsVerification", "true"],
    ["dangerouslyDisableTlsVerification", 1],
  ])("rejects %s: %j", (key, value) => {
    const field = `instance.network.${key}`;
    expect(() => requestOf({ [key]: value })).toThrow(expect.objectContaining({ code: "INVALID_REQUEST", field }));
  });

  it("rejects a private key, an unknown setting, a wrong type and a contradiction", () => {
    const { ca, key } = certificates;
    for (const [network, field] of [
      [{ extraCa: ca + key }, "instance.network.extraCa"],
      [{ timeout: 5 }, "instance.network.timeout"],
      ["http://proxy.example.com", "instance.network"],
      [{ extraCa: ca, dangerouslyDisableTlsVerification: true }, "instance.network.dangerouslyDisableTlsVerification"],
    ] as const) {
      expect(() => requestOf(network)).toThrow(expect.objectContaining({ code: "INVALID_REQUEST", field }));
    }
  });

  it("never shows a proxy's password in an error or a request", () => {
    const secret = "password-that-stays";
    const proxy = `http://engine:${secret}@proxy.example.com`;
    for (const network of [{ proxy: `${proxy}/path` }, { proxy: `${proxy} ` }, { proxy: [proxy] }, proxy]) {
      expect(() => requestOf(network)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining(secret) }),
      );
    }
    const request = requestOf({ proxy });
    expect(inspect(request, { depth: 10, showHidden: true }) + JSON.stringify(request)).not.toContain(secret);
  });

  it("is not part of the session key, except for the settings that decide which certificates are trusted", () => {
    const { key } = requestOf(undefined).chain;
    for (const network of [{ proxy: "http://proxy.example.com" }, { requestTimeout: 5, maxAttempts: 1 }]) {
      expect(requestOf(network).chain.key).toBe(key);
    }
    const { ca, cert } = certificates;
    const others = [{ extraCa: ca }, { extraCa: cert }, { dangerouslyDisableTlsVerification: true }];
    expect(new Set([key, ...others.map((network) => requestOf(network).chain.key)]).size).toBe(4);
    expect(requestOf({ extraCa: ca + cert }).chain.key).toBe(
      requestOf({ extraCa: cert + ca, requestTimeout: 5 }).chain.key,
    );
  });
});
