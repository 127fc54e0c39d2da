import { EC2Client } from "@aws-sdk/client-ec2";
import { afterEach, expect, it } from "vitest";
import { createCredentialResolver, getClientForCommand, setDefaultResolver } from "../src/index.js";

const instance = { roleArn: "arn:aws:iam::123456789012:role/A", region: "eu-west-1" };

afterEach(() => setDefaultResolver(undefined));

it("creates one default resolver at first use, whose clients share their sockets", () => {
  const ec2 = getClientForCommand(EC2Client, instance);
  const { requestHandler } = ec2.config;
  expect(ec2).toBeInstanceOf(EC2Client);
  expect(getClientForCommand(EC2Client, instance).config.requestHandler).toBe(requestHandler);
  setDefaultResolver(undefined);
  expect(getClientForCommand(EC2Client, instance).config.requestHandler).not.toBe(requestHandler);
});

it("uses the configured default resolver, or the one in the options", async () => {
  await using set = createCredentialResolver();
  await using own = createCredentialResolver();
  setDefaultResolver(set);
  getClientForCommand(EC2Client, instance);
  getClientForCommand(EC2Client, instance, {}, { resolver: own });
  expect([set.stats().clients, own.stats().clients]).toEqual([1, 1]);
});

it("uses inherited options, so that no limit is lost", () => {
  const options = Object.create({ session: { policy: "no policy" } });
  expect(() => getClientForCommand(EC2Client, instance, {}, options)).toThrow(
    expect.objectContaining({ code: "INVALID_REQUEST", field: "options.session.policy" }),
  );
});

it.each([
  ["options", []],
  ["options", new Map([["session", {}]])],
  ["options", "session"],
  ["options.resolver", { resolver: {} }],
])("rejects options that it would otherwise ignore: %s", (field, options) => {
  expect(() => getClientForCommand(EC2Client, instance, {}, options as never)).toThrow(
    expect.objectContaining({ code: "INVALID_REQUEST", field }),
  );
});

it("throws for invalid settings before any network call", () => {
  expect(() => getClientForCommand(EC2Client, instance, { roleArn: "Inventory" })).toThrow(
    expect.objectContaining({ code: "INVALID_REQUEST", field: "command.roleArn" }),
  );
  expect(() => getClientForCommand(EC2Client, instance, {}, { sesion: {} } as never)).toThrow(
    expect.objectContaining({ code: "INVALID_REQUEST", field: "options.sesion" }),
  );
  expect(() => getClientForCommand(EC2Client, undefined as never)).toThrow(
    expect.objectContaining({ code: "INVALID_REQUEST", field: "instance" }),
  );
  expect(() => setDefaultResolver({} as never)).toThrow(expect.objectContaining({ field: "resolver" }));
});
