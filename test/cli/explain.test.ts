import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createRoleRequest } from "../../src/request/role-request.js";
import { PLATFORMS } from "../request/platform-env.js";
import { runRolecall } from "./run-rolecall.js";

const ROLE = "arn:aws:iam::123456789012:role/integrations/Inventory";
const AUDIT = "arn:aws:iam::444455556666:role/Audit";
const POLICY = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "ec2:Describe*", Resource: "*" }] };

const INSTANCE = {
  roleArn: ROLE,
  allowedRoles: ["arn:aws:iam::123456789012:role/integrations/*", { roleArn: AUDIT, externalId: "partner-0815" }],
  externalId: "acme-4711",
  region: "eu-central-1",
  policy: POLICY,
  policyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
  tags: { team: "platform" },
  transitiveTagKeys: ["team"],
  sourceIdentity: "inventory",
};

async function configOf(instance: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rolecall-explain-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const config = join(folder, "instance.json");
  await writeFile(config, JSON.stringify(instance), { mode: 0o600 });
  return config;
}

async function explained(instance: object, args: string[] = [], env: Record<string, string> = {}) {
  const { code, output, errors } = await runRolecall(
    ["explain", ...args, "--config", await configOf(instance), "--json"],
    env,
  );
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  const { settings, cacheKey } = JSON.parse(output);
  return { settings, cacheKey, output };
}

describe("rolecall explain", () => {
  it.each([
    [{ AWS_ENDPOINT_URL: "https://sts.example.com/x" }, { value: "https://sts.example.com", from: "AWS_ENDPOINT_URL" }],
    [{ AWS_USE_FIPS_ENDPOINT: "true" }, { value: "the region's own, FIPS", from: "AWS_USE_FIPS_ENDPOINT" }],
    [{ AWS_USE_DUALSTACK_ENDPOINT: "false" }, { from: "default" }],
  ])("shows the STS endpoint from the environment: %j", async (env, endpoint) => {
    expect((await explained(INSTANCE, [], env)).settings.stsEndpoint).toMatchObject(endpoint);
  });

  it.each([
    ["ECS", "the container's credential endpoint http://169.254.170.2"],
    ["EKS Pod Identity", "the container's credential endpoint http://169.254.170.23"],
    ["IRSA", "the web identity for arn:aws:iam::111122223333:role/pods/Reader"],
    ["Lambda", "the key pair ASIAIOSFODNN7EXAMPLE in the environment"],
  ] as const)("shows the base identity on %s, without a secret", async (platform, value) => {
    const instance = { ...INSTANCE, credentials: "Runtime" };
    const { settings, output } = await explained(instance, [], PLATFORMS[platform]);
    expect(settings.baseIdentity).toEqual({ value, from: "instance.credentials" });
    expect(output).not.toContain("hush");
  });

  it("refuses an identity that the environment announces and nobody chose, like a command would", async () => {
    const config = await configOf(INSTANCE);
    const { code, output, errors } = await runRolecall(["explain", "--config", config], PLATFORMS.ECS);
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(errors).toMatch(/^instance\.credentials is not set, and the environment announces a container's role/);
  });

  it("rejects an unencrypted endpoint, like a command would", async () => {
    const env = { AWS_ENDPOINT_URL: "http://sts.test" };
    const { code, output, errors } = await runRolecall(["explain", "--config", await configOf(INSTANCE)], env);
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(errors).toMatch(/^AWS_ENDPOINT_URL would reach STS over http:\/\/sts\.test\. Use https/);
  });

  it("rejects an endpoint in a different region than STS, like a command would", async () => {
    const env = { AWS_ENDPOINT_URL_STS: "https://sts.eu-west-1.amazonaws.com" };
    const { code, output, errors } = await runRolecall(["explain", "--config", await configOf(INSTANCE)], env);
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(errors).toMatch(/^AWS_ENDPOINT_URL_STS is in eu-west-1, but the region of STS is eu-central-1\./);
  });

  it.each([
    ["eu-centrall-1", " Did you mean eu-central-1?"],
    ["us-west-22", " Did you mean us-west-2?"],
    ["moon-base-1", ""],
  ])("warns about the unknown region %s", async (region, suggestion) => {
    const config = await configOf({ ...INSTANCE, region: undefined });
    const { code, output, errors } = await runRolecall(["explain", "--config", config], { AWS_REGION: region });
    expect(code).toBe(0);
    expect(output).toMatch(new RegExp(`^region +${region} +AWS_REGION$`, "m"));
    expect(errors).toBe(
      `warning: the region ${region} (AWS_REGION) is unknown to this release.${suggestion} A region newer than this release still works.\n`,
    );
  });

  it("warns about each misspelled region once, wherever it is set", async () => {
    const config = await configOf({ ...INSTANCE, region: "eu-centrall-1", sts: { region: "us-eest-1" } });
    const { errors } = await runRolecall(["explain", "--config", config, "--region", "eu-wst-1"]);
    expect(errors.split("\n").map((line) => /region \S+ \(\S+\)/.exec(line)?.[0])).toEqual([
      "region eu-wst-1 (command.region)",
      "region us-eest-1 (instance.sts.region)",
      undefined,
    ]);
  });

  it("uses the region in the endpoint's name", async () => {
    const sts = { endpoint: "https://vpce-1.sts.eu-west-1.vpce.amazonaws.com" };
    const { settings } = await explained({ ...INSTANCE, sts });
    expect(settings.stsRegion).toEqual({ value: "eu-west-1", from: "instance.sts.endpoint" });
  });

  it("names the network settings that are set, without showing the proxy", async () => {
    const network = { proxy: "http://user:hush-hush@proxy.example.com:3128", maxAttempts: 2 };
    const { settings, cacheKey, output } = await explained({ ...INSTANCE, network });
    expect(settings.network).toEqual({ value: ["maxAttempts", "proxy"], from: "instance.network" });
    expect(output).not.toMatch(/proxy\.example|hush/);
    expect(cacheKey).toEqual((await explained(INSTANCE)).cacheKey);
  });

  it("shows each setting and where it comes from, but no external id and no policy", async () => {
    const { settings, cacheKey, output } = await explained(INSTANCE);
    expect(settings).toEqual({
      baseIdentity: { value: "the instance profile", from: "IMDS, at first use" },
      roleArn: { value: ROLE, from: "instance.roleArn" },
      allowedBy: { value: "arn:aws:iam::123456789012:role/integrations/*", from: "instance.allowedRoles" },
      roleSessionName: { value: `rolecall-${hostname()}`, from: "default" },
      roleSessionDuration: { value: 3600, from: "default" },
      externalId: { from: "instance.externalId" },
      policy: { from: "instance.policy" },
      policyArns: { value: INSTANCE.policyArns, from: "instance.policyArns" },
      sourceIdentity: { value: "inventory", from: "instance.sourceIdentity" },
      tags: { value: { team: "platform" }, from: "instance.tags" },
      transitiveTagKeys: { value: ["team"], from: "instance.transitiveTagKeys" },
      region: { value: "eu-central-1", from: "instance.region" },
      stsRegion: { value: "eu-central-1", from: "instance.region" },
      stsEndpoint: { value: "the region's own, unless the SDK's configuration file names one", from: "default" },
    });
    expect(Object.keys(cacheKey)).toEqual(["madeOf"]);
    const { digest } = createRoleRequest(INSTANCE, {}, undefined, {}).chain;
    for (const secret of [digest, "acme-4711", "partner-0815", "ec2:Describe"]) expect(output).not.toContain(secret);
  });

  it("shows what a command overrides, and the external id bound to its role", async () => {
    const { settings } = await explained(INSTANCE, [
      AUDIT,
      "--role-session-name",
      "nightly",
      "--role-session-duration",
      "7200",
      "--region",
      "us-east-1",
    ]);
    expect(settings).toMatchObject({
      roleArn: { value: AUDIT, from: "command.roleArn" },
      allowedBy: { value: AUDIT, from: "instance.allowedRoles" },
      roleSessionName: { value: "nightly", from: "command.roleSessionName" },
      roleSessionDuration: { value: 7200, from: "command.roleSessionDuration" },
      externalId: { from: "instance.allowedRoles" },
      region: { value: "us-east-1", from: "command.region" },
      stsRegion: { value: "eu-central-1", from: "instance.region" },
    });
  });

  it.each<[string, object, Record<string, string>, string, object]>([
    ["the environment's region", {}, { AWS_REGION: "eu-west-1" }, "region", { value: "eu-west-1", from: "AWS_REGION" }],
    [
      "the older variable",
      {},
      { AWS_DEFAULT_REGION: "eu-west-2" },
      "region",
      { value: "eu-west-2", from: "AWS_DEFAULT_REGION" },
    ],
    ["the machine's region", {}, {}, "region", { value: "the machine's", from: "IMDS, at first use" }],
    [
      "the partition's STS if the machine is in another partition",
      { roleArn: "arn:aws-cn:iam::123456789012:role/Inventory" },
      {},
      "stsRegion",
      { value: "the machine's, otherwise cn-northwest-1", from: "IMDS, at first use" },
    ],
    [
      "its own STS region",
      { sts: { region: "us-east-1" } },
      {},
      "stsRegion",
      { value: "us-east-1", from: "instance.sts.region" },
    ],
    [
      "its own STS endpoint",
      { sts: { endpoint: "https://vpce.example.com", region: "us-east-1" } },
      {},
      "stsEndpoint",
      { value: "https://vpce.example.com/", from: "instance.sts.endpoint" },
    ],
    [
      "FIPS",
      { sts: { useFipsEndpoint: true } },
      {},
      "stsEndpoint",
      { value: "the region's own, FIPS", from: "instance.sts" },
    ],
    [
      "the SDK's variable, without its password",
      {},
      { AWS_ENDPOINT_URL: "https://user:secret@proxy.example.com/sts" },
      "stsEndpoint",
      { value: "https://proxy.example.com", from: "AWS_ENDPOINT_URL" },
    ],
    ["no role", {}, {}, "roleArn", { value: "none: commands run as the base identity", from: "default" }],
    ["no allowedRoles", { roleArn: ROLE }, {}, "allowedBy", { value: "IAM alone", from: "default" }],
    [
      "the id of static keys",
      { credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "made-up-secret" } },
      {},
      "baseIdentity",
      { value: "static keys AKIAIOSFODNN7EXAMPLE", from: "instance.credentials" },
    ],
  ])("%s", async (_title, instance, env, setting, expected) => {
    const { settings, output } = await explained(instance, [], env);
    expect(settings[setting]).toEqual(expected);
    for (const secret of ["made-up-secret", "user:secret"]) expect(output).not.toContain(secret);
  });

  it("names the parts of the cache key that are set", async () => {
    expect((await explained({})).cacheKey.madeOf).toEqual(["base"]);
    expect((await explained({ roleArn: ROLE })).cacheKey.madeOf).toEqual(["base", "roleArn", "durationSeconds"]);
    expect((await explained({ ...INSTANCE, sts: { region: "eu-central-1" } })).cacheKey.madeOf.sort()).toEqual([
      "base",
      "durationSeconds",
      "externalId",
      "policy",
      "policyArns",
      "roleArn",
      "sourceIdentity",
      "sts",
      "tags",
      "transitiveTagKeys",
    ]);
  });

  describe("with a source role", () => {
    const HUB = "arn:aws:iam::111122223333:role/Hub";
    const sourceRole = {
      roleArn: HUB,
      externalId: "hub-4242",
      roleSessionName: "central",
      roleSessionDuration: 7200,
      tags: { team: "blue", stage: "prod" },
      transitiveTagKeys: ["team"],
      sourceIdentity: "inventory",
    };
    const BEHIND = {
      roleArn: ROLE,
      allowedRoles: [ROLE],
      externalId: "acme-4711",
      tags: { command: "list" },
      region: "eu-central-1",
      sourceRole,
    };

    it("shows what each identity of the chain adds, but no external id and no policy", async () => {
      const { settings, cacheKey, output } = await explained(BEHIND);
      expect(settings).toMatchObject({
        baseIdentity: { value: "the instance profile", from: "IMDS, at first use" },
        sourceRole: { value: HUB, from: "instance.sourceRole" },
        "sourceRole.roleSessionName": { value: "central", from: "instance.sourceRole.roleSessionName" },
        "sourceRole.roleSessionDuration": { value: 7200, from: "instance.sourceRole.roleSessionDuration" },
        "sourceRole.externalId": { from: "instance.sourceRole.externalId" },
        "sourceRole.policy": {
          value: "limited to assuming the listed roles",
          from: "instance.allowedRoles",
        },
        "sourceRole.sourceIdentity": { value: "inventory", from: "instance.sourceRole.sourceIdentity" },
        "sourceRole.tags": { value: sourceRole.tags, from: "instance.sourceRole.tags" },
        "sourceRole.transitiveTagKeys": { value: ["team"], from: "instance.sourceRole.transitiveTagKeys" },
        roleArn: { value: ROLE, from: "instance.roleArn" },
        externalId: { from: "instance.externalId" },
        tags: { value: { command: "list" }, from: "instance.tags" },
        inheritedSourceIdentity: { value: "inventory", from: "instance.sourceRole" },
        inheritedTags: { value: { team: "blue" }, from: "instance.sourceRole" },
      });
      expect(cacheKey.madeOf).toEqual(["sourceRole", "roleArn", "durationSeconds", "tags", "externalId"]);
      const { chain } = createRoleRequest(BEHIND, {}, undefined, {});
      const secrets = ["hub-4242", "acme-4711", chain.digest, chain.parent?.digest, "2012-10-17", "sts:AssumeRole"];
      for (const secret of secrets) expect(output).not.toContain(secret);
    });

    it("prints the chain in the order of its calls", async () => {
      const { output } = await runRolecall(["explain", "--config", await configOf(BEHIND)]);
      expect(output).toMatch(/^base identity .*\nsource role +arn:aws:iam::111122223333:role\/Hub .*\n/);
      expect(output).toMatch(/^source role external id +\(set, not shown\) .*\n(source role .*\n)+role +arn:/m);
      expect(output).not.toMatch(/hub-4242|acme-4711/);
      expect(output.split("\n").length).toBeLessThan(25);
    });

    it.each([
      ["without allowedRoles", undefined, "limited to assuming roles", "default"],
      [
        "with a list that does not fit",
        [
          ROLE,
          ...Array.from({ length: 50 }, (_, index) => `arn:aws:iam::123456789012:role/integrations/Role-${index}`),
        ],
        "limited to assuming any role, because the list is too long for a session policy",
        "instance.allowedRoles",
      ],
    ])("shows the roles that it may assume: %s", async (_title, allowedRoles, value, from) => {
      const { settings } = await explained({ roleArn: ROLE, allowedRoles, sourceRole: HUB });
      expect(settings["sourceRole.policy"]).toEqual({ value, from });
      expect(settings).toMatchObject({
        "sourceRole.roleSessionName": { value: `rolecall-${hostname()}`, from: "default" },
        "sourceRole.roleSessionDuration": { value: 3600, from: "default" },
      });
      expect(Object.keys(settings)).not.toContain("inheritedTags");
    });
  });

  it("prints a table for people", async () => {
    const { output } = await runRolecall(["explain", "--config", await configOf(INSTANCE)]);
    expect(output).toMatch(/^base identity +the instance profile +IMDS, at first use\nrole +arn:/);
    expect(output).toMatch(/^external id +\(set, not shown\) +instance\.externalId$/m);
    expect(output).toMatch(/^tags +team=platform +instance\.tags$/m);
    expect(output).toMatch(/\n\ncache key parts: base, /);
  });

  it.each<[string, string[], object, number, RegExp]>([
    ["a role that is not allowed", [AUDIT], { allowedRoles: [ROLE] }, 1, /not in the instance's allowedRoles\. Ask an/],
    ["no role, but allowedRoles", [], { allowedRoles: [ROLE] }, 1, /No role was requested/],
    ["a role in another partition", [ROLE], { region: "cn-north-1" }, 1, /the role is in partition aws/],
    ["a user's ARN", ["arn:aws:iam::123456789012:user/ann"], {}, 1, /A user cannot be assumed/],
    ["an invalid duration", [ROLE, "--role-session-duration", "60"], {}, 1, /from 900 to 43200/],
    ["two roles", [ROLE, AUDIT], {}, 2, /takes only one <role ARN>/],
    [
      "no role, but a source role",
      [],
      { sourceRole: AUDIT },
      1,
      /^instance\.sourceRole is set without a role to assume/,
    ],
    ["the source role itself", [AUDIT], { sourceRole: AUDIT }, 1, /^<role ARN> is the instance's sourceRole/],
    [
      "a duration over the limit of role chaining",
      [ROLE, "--role-session-duration", "7200"],
      { sourceRole: AUDIT },
      1,
      /^--role-session-duration is 7200, but role chaining limits a session to one hour/,
    ],
  ])("rejects what a command would reject: %s", async (_title, args, instance, code, message) => {
    const {
      output,
      errors,
      code: actual,
    } = await runRolecall(["explain", ...args, "--config", await configOf(instance)]);
    expect({ output, code: actual }).toEqual({ output: "", code });
    expect(errors).toMatch(message);
    expect(errors).not.toMatch(/^\s+at /m);
  });
});
