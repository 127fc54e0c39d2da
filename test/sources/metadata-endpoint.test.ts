import type * as Http from "node:http";
import type * as Os from "node:os";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createCredentialResolver } from "../../src/index.js";
import { createManualClock } from "../../src/testing/index.js";
import { runRolecall } from "../cli/run-rolecall.js";
import { freePort } from "../support/free-port.js";
import { setUpLocal } from "../support/local.js";

/** The machine's addresses, and a loopback port in place of the metadata service's own address. */
const machine = vi.hoisted(() => ({
  interfaces: undefined as ReturnType<typeof Os.networkInterfaces> | undefined,
  port: undefined as number | undefined,
}));
vi.mock("node:os", async (original) => {
  const real = await original<typeof Os>();
  return { ...real, networkInterfaces: () => machine.interfaces ?? real.networkInterfaces() };
});

vi.mock("node:http", async (original) => {
  const real = await original<typeof Http>();
  const request = (options: Http.RequestOptions) =>
    real.request(machine.port === undefined ? options : { ...options, hostname: "127.0.0.1", port: machine.port });
  return { ...real, request };
});
beforeEach(() => Object.assign(machine, { interfaces: undefined, port: undefined }));

const ENDPOINT = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
const MODE = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";
const instance = { region: "eu-west-1" };
const address = (family: "IPv4" | "IPv6", internal = false) => ({ family, internal }) as Os.NetworkInterfaceInfo;

async function failure() {
  await using resolver = createCredentialResolver({ runtime: createManualClock({ now: Date.now() }) });
  return await resolver.resolve(instance).catch((error) => error);
}

async function firstFinding() {
  const { output } = await runRolecall(["doctor", "--json"], { AWS_REGION: "eu-west-1" });
  return JSON.parse(output).findings[0];
}

describe("the hint names the environment variable first", () => {
  it.each([
    ["without a scheme", "169.254.169.254"],
    ["without a scheme, and with a port", "169.254.169.254:80"],
    ["that is only a host", "metadata"],
    ["with a different scheme", "https://169.254.169.254"],
    ["that is a file", "file:///etc/passwd"],
  ])("for an address %s", async (_, value) => {
    vi.stubEnv(ENDPOINT, value);
    const error = await failure();
    expect(error).toMatchObject({ code: "IMDS_UNREACHABLE", retryable: false });
    expect(error.hint).toMatch(
      /^AWS_EC2_METADATA_SERVICE_ENDPOINT is not an http URL: set it to http:\/\/<host>, or unset it;/,
    );
    expect(await firstFinding()).toMatchObject({
      step: "metadata",
      status: "failed",
      summary: "AWS_EC2_METADATA_SERVICE_ENDPOINT is not an http URL.",
    });
  });

  it("for an address where nothing listens", async () => {
    vi.stubEnv(ENDPOINT, `http://127.0.0.1:${await freePort()}`);
    expect((await failure()).hint).toMatch(
      /^AWS_EC2_METADATA_SERVICE_ENDPOINT is set, but nothing responds at that address: correct it, or unset it;/,
    );
    expect((await firstFinding()).summary).toBe(
      "AWS_EC2_METADATA_SERVICE_ENDPOINT is set, but nothing responds at that address.",
    );
  });

  it("for an address that never responds", async () => {
    const { aws, clock, resolver } = await setUpLocal();
    aws.fault({ on: { target: "imds" }, kind: "hang" });
    const outcome = expect(resolver.resolve(instance)).rejects.toMatchObject({
      hint: expect.stringMatching(/^AWS_EC2_METADATA_SERVICE_ENDPOINT is set, but nothing responds at that address: /),
    });
    await clock.advance(5000);
    await outcome;
  });

  it.each(["IPv5", "ipv6", "6"])("for an unknown mode: %s", async (mode) => {
    vi.stubEnv(MODE, mode);
    expect((await failure()).hint).toMatch(
      /^AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is neither IPv4 nor IPv6: set it to one of them, or unset it;/,
    );
  });

  it("for IPv6 on a machine with only IPv4", async () => {
    machine.port = await freePort();
    vi.stubEnv(MODE, "IPv6");
    machine.interfaces = { lo: [address("IPv4", true)], eth0: [address("IPv4")] };
    const cause = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is set to IPv6, but nothing responds over IPv6";
    expect((await failure()).hint).toContain(`${cause}: unset it`);
    expect((await firstFinding()).summary).toBe(`${cause}.`);
  });
});

describe("a machine with only IPv6", () => {
  beforeEach(async () => {
    machine.port = await freePort();
  });
  const said = /AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6/;

  it("gets a hint about the variable for metadata over IPv6", async () => {
    machine.interfaces = { lo: [address("IPv4", true), address("IPv6", true)], eth0: [address("IPv6")] };
    const error = await failure();
    expect(error.code).toBe("IMDS_UNREACHABLE");
    expect(error.hint).toMatch(
      /^This machine has no IPv4 address, but the library calls the metadata service over IPv4: set AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6/,
    );
    const finding = await firstFinding();
    expect(finding.summary).toBe(
      "This machine has no IPv4 address, but the library calls the metadata service over IPv4.",
    );
    expect(finding.next[0]).toMatch(said);
  });

  it.each([
    ["both", { eth0: [address("IPv4"), address("IPv6")] }],
    ["no address at all", { lo: [address("IPv4", true)] }],
  ])("is not a machine with %s", async (_, interfaces) => {
    machine.interfaces = interfaces;
    expect((await failure()).hint).not.toMatch(said);
  });
});
