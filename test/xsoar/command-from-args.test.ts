import { describe, expect, it } from "vitest";
import { clientConfigFromParams, commandFromArgs, type XsoarArgs } from "../../src/xsoar/index.js";
import { ROLE } from "../support/local.js";

describe("commandFromArgs", () => {
  it.each<[string, unknown, object]>([
    ["nothing", undefined, {}],
    ["no arguments", {}, {}],
    ["roleArn alone", { roleArn: ROLE }, { roleArn: ROLE }],
    ["roleSessionName alone", { roleSessionName: "nightly" }, { roleSessionName: "nightly" }],
    ["roleSessionDuration as a string", { roleSessionDuration: "900" }, { roleSessionDuration: 900 }],
    ["region", { region: "us-east-1" }, { region: "us-east-1" }],
    ["empty strings", { roleArn: "", roleSessionName: "", roleSessionDuration: "", region: "", filters: "" }, {}],
    ["null", { roleArn: null, region: null }, {}],
    [
      "all of them, among the command's own arguments",
      { roleArn: ROLE, roleSessionName: "n1", roleSessionDuration: 3600, region: "us-east-1", policy: "{}", tags: "x" },
      { roleArn: ROLE, roleSessionName: "n1", roleSessionDuration: 3600, region: "us-east-1" },
    ],
    ["account_id, which is ignored", { account_id: "111122223333", accountId: 7 }, {}],
    ["an empty misspelled argument, which is ignored", { role_arn: "" }, {}],
  ])("%s", (_, args, command) => {
    expect(commandFromArgs(args as XsoarArgs)).toEqual(command);
  });

  it.each<[string, object]>([
    ["roleArn", { roleArn: "Inventory" }],
    ["roleSessionName", { roleSessionName: "a b" }],
    ["roleSessionDuration", { roleSessionDuration: "soon" }],
    ["region", { region: "Frankfurt" }],
    ["role_arn", { role_arn: ROLE }],
  ])("args.%s: %j is an error", (name, args) => {
    expect(() => commandFromArgs(args)).toThrow(
      expect.objectContaining({ code: "INVALID_REQUEST", field: `args.${name}` }),
    );
  });
});

describe("clientConfigFromParams", () => {
  it.each<[unknown, object]>([
    [undefined, {}],
    ["", {}],
    [
      "https://vpce-1.ec2.eu-central-1.vpce.amazonaws.com",
      { endpoint: "https://vpce-1.ec2.eu-central-1.vpce.amazonaws.com" },
    ],
    ["http://localhost:4566/aws", { endpoint: "http://localhost:4566/aws" }],
  ])("endpoint_url: %j", (endpoint_url, config) => {
    expect(clientConfigFromParams({ endpoint_url } as object)).toEqual(config);
  });

  it.each(["ec2.amazonaws.com", "ftp://ec2", "https://user:hush-hush@ec2", 7])(
    "endpoint_url: %j is an error",
    (url) => {
      const wrong = () => clientConfigFromParams({ endpoint_url: url } as object);
      expect(wrong).toThrow(expect.objectContaining({ code: "INVALID_REQUEST", field: "params.endpoint_url" }));
      expect(wrong).toThrow(expect.not.objectContaining({ message: expect.stringContaining("hush-hush") }));
    },
  );
});
