import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import {
  type FromTemporaryCredentialsOptions,
  fromInstanceMetadata,
  fromTemporaryCredentials,
} from "@aws-sdk/credential-providers";
import { ConfigReader } from "@backstage/config";
import { type AwsCredentialProviderOptions, DefaultAwsCredentialsManager } from "@backstage/integration-aws-node";
import {
  createCredentialResolver,
  getClientForCommand,
  type IntegrationInstance,
  setDefaultResolver,
} from "aws-rolecall";
import { createManualClock, type LocalAws, type LocalAwsOptions, startLocalAws } from "aws-rolecall/testing";
import { afterAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import * as backstageAfter from "../../docs/examples/moving-backstage-after.js";
import * as backstageBefore from "../../docs/examples/moving-backstage-before.js";
import { credentialsManager } from "../../docs/examples/moving-backstage-halfway.js";
import { ec2For } from "../../docs/examples/moving-cache-after.js";
import { RoleClients } from "../../docs/examples/moving-cache-before.js";
import * as temporaryAfter from "../../docs/examples/moving-temporary-credentials-after.js";
import * as temporaryBefore from "../../docs/examples/moving-temporary-credentials-before.js";
import { ec2For as halfwayEc2For } from "../../docs/examples/moving-temporary-credentials-halfway.js";
import { instanceWithMfa } from "../../docs/examples/moving-temporary-credentials-mfa.js";
import { describeInstances } from "../../docs/examples/moving-xsoar-after.js";
import { read } from "./code-blocks.js";

const MACHINE = "arn:aws:iam::111122223333:role/rolecall-instance-profile";
const HUB = "arn:aws:iam::444455556666:role/integration-central";
const PAYMENTS = "arn:aws:iam::123456789012:role/integrations/Audit";
const DATA = "arn:aws:iam::777788889999:role/integrations/Audit";
const PARTNER = "arn:aws:iam::444455556666:role/partners/Audit";
const REGIONS = ["eu-central-1", "us-east-1"];
const MINUTE = 60_000;

async function setUp(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const aws = await startLocalAws({ processEnv: true, ...options });
  onTestFinished(() => aws.close());
  return aws;
}

const assumeRoleCalls = (aws: LocalAws) => aws.count({ operation: "AssumeRole" });
const sentToSts = (aws: LocalAws) => aws.requests.filter(({ operation }) => operation === "AssumeRole");
/** Who signed each command, and for which region. */
const commands = (aws: LocalAws) =>
  aws.requests.filter(({ service }) => service === "ec2").map(({ session, region }) => ({ arn: session?.arn, region }));
const describeWith = (ec2: EC2Client) => ec2.send(new DescribeInstancesCommand({}));

const page = read("docs/moving.md");
/** The page states what the tests measure. */
const expectOnPage = (row: string) => expect(page).toContain(row);
/** The section of the page with this heading. */
function sectionOf(heading: string): string {
  const from = page.indexOf(`\n## ${heading}\n`);
  expect(from).toBeGreaterThan(0);
  return page.slice(from, page.indexOf("\n## ", from + 1));
}
/** The names in backticks that begin the rows of its tables. */
const rowsOf = (heading: string) =>
  [...sectionOf(heading).matchAll(/^\| ([^|]*) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([\w.]+)`/g)].map(([, name = ""]) => name),
  );

beforeEach(() => setDefaultResolver(undefined));
afterAll(() => setDefaultResolver(undefined));

describe("from fromTemporaryCredentials", () => {
  const SECTION = "From `fromTemporaryCredentials`";
  const roles = [
    { roleArn: HUB, externalId: "central-0815", allowAssumeRole: ["*"] },
    ...[PAYMENTS, DATA].map((roleArn) => ({ roleArn, externalId: "acme-4711", trustedPrincipals: [HUB] })),
  ];
  const inAllRegions = async (listInstances: (roleArn: string, region: string) => Promise<unknown>) => {
    for (const roleArn of [PAYMENTS, DATA]) for (const region of REGIONS) await listInstances(roleArn, region);
  };

  it("acts as the same identities, with fewer calls to STS", async () => {
    const aws = await setUp({ roles });
    await inAllRegions(temporaryBefore.listInstances);
    const before = { commands: commands(aws), calls: assumeRoleCalls(aws) };
    aws.clearRequests();
    await inAllRegions(temporaryAfter.listInstances);

    expect(before.commands[1]).toEqual({
      arn: "arn:aws:sts::123456789012:assumed-role/Audit/inventory",
      region: "us-east-1",
    });
    expect(commands(aws)).toEqual(before.commands);
    expectOnPage(
      `| AssumeRole calls for two roles in two regions, with one client each | ${before.calls} | ${assumeRoleCalls(aws)} |`,
    );
  });

  it("lets the central role's session do nothing but assume roles", async () => {
    const aws = await setUp({ roles });
    await temporaryAfter.listInstances(PAYMENTS, "eu-central-1");
    const [ofHub] = sentToSts(aws);
    expect(ofHub?.roleArn).toBe(HUB);
    const { Statement } = JSON.parse(ofHub?.parameters.Policy ?? "{}");
    expect(Statement).toMatchObject([{ Effect: "Allow", Resource: ["arn:aws:iam::*:role/integrations/*"] }]);
    expect(Statement[0].Action.every((action: string) => action.startsWith("sts:"))).toBe(true);
  });

  it("shares sessions between clients of your own and those of the library", async () => {
    const aws = await setUp({ roles });
    await using resolver = createCredentialResolver();
    setDefaultResolver(resolver);
    for (const roleArn of [PAYMENTS, DATA]) await describeWith(halfwayEc2For(resolver, roleArn, "us-east-1"));
    await inAllRegions(temporaryAfter.listInstances);
    expect(commands(aws).slice(0, 2)).toEqual([
      { arn: "arn:aws:sts::123456789012:assumed-role/Audit/inventory", region: "us-east-1" },
      { arn: "arn:aws:sts::777788889999:assumed-role/Audit/inventory", region: "us-east-1" },
    ]);
    expect(assumeRoleCalls(aws)).toBe(3);
  });

  it("reports a refusal by code, and a role that is not listed without a call", async () => {
    const aws = await setUp({ roles: [] });
    const client = () =>
      new EC2Client({
        region: "eu-central-1",
        credentials: fromTemporaryCredentials({
          masterCredentials: fromInstanceMetadata(),
          params: { RoleArn: PAYMENTS },
          clientConfig: { region: "eu-central-1" },
        }),
      });
    await expect(describeWith(client())).rejects.toMatchObject({ name: "AccessDenied" });
    await expect(temporaryAfter.listInstances(PAYMENTS, "eu-central-1")).rejects.toMatchObject({
      code: "ASSUME_ROLE_DENIED",
      step: "source-role",
      roleArn: HUB,
      awsCode: "AccessDenied",
    });
    aws.clearRequests();
    const other = "arn:aws:iam::123456789012:role/Admin";
    await expect(temporaryAfter.listInstances(other, "eu-central-1")).rejects.toMatchObject({
      code: "ROLE_NOT_ALLOWED",
    });
    expect(aws.requests).toEqual([]);
  });

  it("takes the identity of the environment before, and only the chosen one after", async () => {
    const aws = await setUp({ roles: [{ roleArn: PAYMENTS, trustedPrincipals: ["*"] }] });
    const userArn = "arn:aws:iam::111122223333:user/operator";
    const keys = aws.issueUserKeys({ userArn });
    process.env.AWS_ACCESS_KEY_ID = keys.accessKeyId; // close() of the local AWS restores the variables
    process.env.AWS_SECRET_ACCESS_KEY = keys.secretAccessKey;
    const credentials = fromTemporaryCredentials({ params: { RoleArn: PAYMENTS } });
    await describeWith(new EC2Client({ region: "eu-central-1", credentials }));
    await describeWith(ec2For({ region: "eu-central-1" }, { roleArn: PAYMENTS }));
    expect(sentToSts(aws).map(({ session }) => session?.roleArn ?? session?.arn)).toEqual([userArn, MACHINE]);
  });

  it("sends to STS what the table says for each setting", async () => {
    const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "ec2:*", Resource: "*" }] };
    const managed = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    const aws = await setUp({ roles: [{ roleArn: PAYMENTS, externalId: "acme-4711" }] });
    const params = {
      RoleArn: PAYMENTS,
      RoleSessionName: "inventory",
      DurationSeconds: 1800,
      ExternalId: "acme-4711",
      Policy: JSON.stringify(policy),
      PolicyArns: [{ arn: managed }],
      Tags: [{ Key: "team", Value: "platform" }],
      TransitiveTagKeys: ["team"],
      SourceIdentity: "inventory",
    };
    await fromTemporaryCredentials({
      masterCredentials: fromInstanceMetadata(),
      params,
      clientConfig: { region: "eu-west-1" },
    })();
    const [before] = sentToSts(aws);
    aws.clearRequests();
    await using resolver = createCredentialResolver();
    await resolver.resolve({
      roleArn: PAYMENTS,
      roleSessionName: "inventory",
      roleSessionDuration: 1800,
      externalId: "acme-4711",
      policy,
      policyArns: [managed],
      tags: { team: "platform" },
      transitiveTagKeys: ["team"],
      sourceIdentity: "inventory",
      credentials: "Ec2InstanceMetadata",
      sts: { region: "eu-west-1" },
    });
    const [after] = sentToSts(aws);
    expect(before?.status).toBe(200);
    const parsed = ({ Policy = "", ...others } = {} as Record<string, string>) => ({
      ...others,
      Policy: JSON.parse(Policy),
    });
    expect(parsed(after?.parameters)).toEqual(parsed(before?.parameters));
    expect([after?.session?.roleArn, after?.region]).toEqual([before?.session?.roleArn, "eu-west-1"]);
  });

  it("has a row for each option and each parameter", () => {
    // Records and not lists: the compiler reports one that is missing.
    const options: Record<keyof FromTemporaryCredentialsOptions, true> = {
      params: true,
      masterCredentials: true,
      clientConfig: true,
      parentClientConfig: true,
      logger: true,
      clientPlugins: true,
      mfaCodeProvider: true,
    };
    const parameters: Record<keyof FromTemporaryCredentialsOptions["params"], true> = {
      RoleArn: true,
      RoleSessionName: true,
      PolicyArns: true,
      Policy: true,
      DurationSeconds: true,
      Tags: true,
      TransitiveTagKeys: true,
      ExternalId: true,
      SerialNumber: true,
      TokenCode: true,
      SourceIdentity: true,
      ProvidedContexts: true,
      MinimumSessionTokenSize: true,
    };
    const { params: _, ...others } = options;
    const rows = rowsOf(SECTION).map((name) => name.replace(/^params\./, ""));
    expect(rows).toEqual(expect.arrayContaining([...Object.keys(others), ...Object.keys(parameters)]));
  });

  describe("with MFA", () => {
    const OPERATORS = "arn:aws:iam::444455556666:role/operators";
    const PROFILE = "operator";

    async function setUpProfile(more = "") {
      const aws = await setUp({
        roles: [
          { roleArn: OPERATORS, trustedPrincipals: ["*"], allowAssumeRole: ["*"] },
          ...[PAYMENTS, DATA].map((roleArn) => ({ roleArn, trustedPrincipals: [OPERATORS] })),
        ],
      });
      const { accessKeyId, secretAccessKey } = aws.issueUserKeys({
        userArn: "arn:aws:iam::444455556666:user/operator",
      });
      const folder = await mkdtemp(join(tmpdir(), "rolecall-moving-"));
      onTestFinished(() => rm(folder, { recursive: true }));
      const keys = `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
      await writeFile(join(folder, "credentials"), `[${PROFILE}]\n${keys}`);
      await writeFile(join(folder, "config"), more);
      process.env.AWS_SHARED_CREDENTIALS_FILE = join(folder, "credentials");
      process.env.AWS_CONFIG_FILE = join(folder, "config");
      return aws;
    }

    it("asks for one code for all roles behind the session", async () => {
      const aws = await setUpProfile();
      const asked: string[] = [];
      const instance = instanceWithMfa(PROFILE, async (serial) => {
        asked.push(serial);
        return "123456";
      });
      for (const roleArn of [PAYMENTS, DATA]) {
        await describeWith(getClientForCommand(EC2Client, instance, { roleArn }));
      }
      expect(asked).toEqual(["arn:aws:iam::444455556666:mfa/operator"]);
      expect(commands(aws).map(({ arn }) => arn?.split("/")[0])).toEqual([
        "arn:aws:sts::123456789012:assumed-role",
        "arn:aws:sts::777788889999:assumed-role",
      ]);
      expect(assumeRoleCalls(aws)).toBe(3);
    });

    it("waits for a code for 60 s", async () => {
      await setUpProfile();
      const clock = createManualClock({ now: Date.now() });
      await using resolver = createCredentialResolver({ runtime: clock });
      const isAsked = vi.fn();
      const instance = instanceWithMfa(PROFILE, () => {
        isAsked();
        return new Promise(() => {});
      });
      const failed = expect(resolver.resolve(instance, { roleArn: PAYMENTS })).rejects.toMatchObject({
        code: "TIMEOUT",
        step: "base-identity",
      });
      await vi.waitFor(() => expect(isAsked).toHaveBeenCalled());
      await clock.advance(MINUTE);
      await failed;
    });

    it("reports a profile that needs a code", async () => {
      await setUpProfile(
        `[profile with-mfa]\nrole_arn = ${OPERATORS}\nsource_profile = ${PROFILE}\nmfa_serial = arn:aws:iam::444455556666:mfa/operator\n`,
      );
      const instance: IntegrationInstance = { credentials: { profile: "with-mfa" }, region: "eu-central-1" };
      await using resolver = createCredentialResolver();
      await expect(resolver.resolve(instance, { roleArn: PAYMENTS })).rejects.toMatchObject({
        code: "BASE_IDENTITY_UNAVAILABLE",
      });
    });
  });
});

describe("from Backstage's DefaultAwsCredentialsManager", () => {
  const SECTION = "From Backstage's `DefaultAwsCredentialsManager`";
  const roles = [
    { roleArn: PAYMENTS, externalId: "acme-4711" },
    { roleArn: DATA, externalId: "acme-4711" },
    { roleArn: PARTNER, externalId: "partner-0815" },
  ];
  const ACCOUNTS = ["123456789012", "444455556666"];
  const inAllRegions = async (listInstances: (accountId: string, region: string) => Promise<unknown>) => {
    for (const accountId of ACCOUNTS) for (const region of REGIONS) await listInstances(accountId, region);
  };
  const accountDefaults = { roleName: "integrations/Audit", externalId: "acme-4711", region: "eu-central-1" };

  /** Who a manager with these settings acts as. */
  async function actsAs(settings: object, request?: AwsCredentialProviderOptions): Promise<string | undefined> {
    const manager = DefaultAwsCredentialsManager.fromConfig(new ConfigReader({ aws: settings as never }));
    const { sdkCredentialProvider } = await manager.getCredentialProvider(request);
    const sts = new STSClient({ region: "eu-central-1", credentials: sdkCredentialProvider });
    return (await sts.send(new GetCallerIdentityCommand({}))).Arn;
  }

  it("acts as the same identities, with fewer calls to STS", async () => {
    const aws = await setUp({ roles });
    await inAllRegions(backstageBefore.listInstances);
    const before = { commands: commands(aws), calls: assumeRoleCalls(aws) };
    aws.clearRequests();
    await inAllRegions(backstageAfter.listInstances);

    expect(before.commands[3]).toEqual({
      arn: "arn:aws:sts::444455556666:assumed-role/Audit/backstage",
      region: "us-east-1",
    });
    expect(commands(aws)).toEqual(before.commands);
    expectOnPage(
      `| AssumeRole calls for two accounts in two regions, with one client each | ${before.calls} | ${assumeRoleCalls(aws)} |`,
    );
  });

  it("serves plugins that take a credentials manager, with the same sessions", async () => {
    const aws = await setUp({ roles });
    await using resolver = createCredentialResolver();
    setDefaultResolver(resolver);
    const manager = credentialsManager(resolver);
    const byArn = await manager.getCredentialProvider({ arn: "arn:aws:ecs:us-west-2:444455556666:service/web" });
    const byId = await manager.getCredentialProvider({ accountId: "123456789012" });
    expect([byArn.accountId, byId.accountId]).toEqual(["444455556666", "123456789012"]);
    for (const { sdkCredentialProvider } of [byArn, byId, byArn]) {
      await describeWith(new EC2Client({ region: "eu-central-1", credentials: sdkCredentialProvider }));
    }
    await inAllRegions(backstageAfter.listInstances);
    expect(assumeRoleCalls(aws)).toBe(2);
    await expect(manager.getCredentialProvider({ arn: "arn:aws:s3:::reports" })).rejects.toThrow("No account id");
    await expect(manager.getCredentialProvider()).rejects.toThrow("No account id");
    await expect(
      manager.getCredentialProvider({
        accountId: "123456789012",
        arn: "arn:aws:ecs:us-west-2:444455556666:service/web",
      }),
    ).rejects.toThrow("is not in account 123456789012");
    await expect(manager.getCredentialProvider({ accountId: "777788889999" })).rejects.toMatchObject({
      code: "ROLE_NOT_ALLOWED",
    });
  });

  describe("its traps that the page names", () => {
    it("an account without a role name takes neither accountDefaults nor mainAccount", async () => {
      const aws = await setUp({ roles });
      const { accessKeyId, secretAccessKey } = aws.issueUserKeys({ userArn: "arn:aws:iam::111122223333:user/main" });
      const mainAccount = { accessKeyId, secretAccessKey };
      const accounts = [{ accountId: "123456789012" }];
      const arn = await actsAs({ accountDefaults, mainAccount, accounts }, { accountId: "123456789012" });
      expect(arn).toContain("arn:aws:sts::111122223333:assumed-role/rolecall-instance-profile/");
    });

    it("a listed account does not inherit the external id of accountDefaults", async () => {
      await setUp({ roles });
      const accounts = [{ accountId: "123456789012", roleName: "integrations/Audit" }];
      await expect(actsAs({ accountDefaults, accounts }, { accountId: "123456789012" })).rejects.toMatchObject({
        name: "AccessDenied",
      });
    });

    it("an ARN without an account acts as the main account", async () => {
      await setUp({ roles });
      const arn = await actsAs({ accountDefaults }, { arn: "arn:aws:s3:::reports" });
      expect(arn).toContain("assumed-role/rolecall-instance-profile/");
    });

    it("an account id beats the account of the ARN", async () => {
      await setUp({ roles });
      const request = { accountId: "777788889999", arn: "arn:aws:ecs:us-west-2:123456789012:service/web" };
      expect(await actsAs({ accountDefaults }, request)).toBe("arn:aws:sts::777788889999:assumed-role/Audit/backstage");
    });

    it("with accountDefaults, the caller can name any account", async () => {
      await setUp({ roles });
      await expect(actsAs({ accountDefaults }, { accountId: "777788889999" })).resolves.toContain("777788889999");
      await expect(backstageAfter.listInstances("777788889999", "eu-central-1")).rejects.toMatchObject({
        code: "ROLE_NOT_ALLOWED",
      });
    });

    it("without accountDefaults, an account that is not listed is an error after a call to STS", async () => {
      const aws = await setUp({ roles });
      await expect(actsAs({}, { accountId: "777788889999" })).rejects.toThrow("no AWS integration that matches");
      expect(aws.count({ operation: "GetCallerIdentity" })).toBe(1);
    });

    it("the main account has no role: a role name there is ignored", async () => {
      await setUp({ roles });
      const arn = await actsAs({ mainAccount: { roleName: "integrations/Audit" } });
      expect(arn).toContain("assumed-role/rolecall-instance-profile/");
    });

    it("temporary keys lose their session token", async () => {
      const aws = await setUp({ roles });
      const { accessKeyId, secretAccessKey, sessionToken } = aws.issueSession({ roleArn: MACHINE });
      const settings = { mainAccount: { accessKeyId, secretAccessKey, sessionToken } };
      await expect(actsAs(settings)).rejects.toMatchObject({ name: "InvalidClientTokenId" });
    });

    it("a listed account without a region calls STS in us-east-1", async () => {
      const aws = await setUp({ roles, region: "eu-central-1" });
      const accounts = [{ accountId: "123456789012", roleName: "integrations/Audit", externalId: "acme-4711" }];
      await actsAs({ accounts }, { accountId: "123456789012" });
      expect(sentToSts(aws)).toMatchObject([{ region: "us-east-1", status: 200 }]);
    });

    it("a web identity goes to the account's role without the main account", async () => {
      const aws = await setUp({ platform: "IRSA" });
      const { tokenFile, roleArn } = aws.platform("IRSA");
      const [, , , , accountId = "", resource = ""] = roleArn.split(":");
      const webIdentityTokenFile = tokenFile;
      const accounts = [{ accountId, roleName: resource.replace("role/", ""), webIdentityTokenFile }];
      const before = await actsAs({ accounts }, { accountId });
      await using resolver = createCredentialResolver();
      const credentials = { webIdentityTokenFile, roleArn, roleSessionName: "backstage" };
      const { arn } = await resolver.verify({ credentials, region: "eu-central-1" });
      expect(arn).toBe(before);
      expect(aws.count({ operation: "AssumeRoleWithWebIdentity", status: 200 })).toBe(2);
      expect(assumeRoleCalls(aws)).toBe(0);
    });

    it.each([
      ["a profile and a role name", { profile: "work", roleName: "Audit" }],
      ["a web identity and an external id", { webIdentityTokenFile: "token", roleName: "Audit", externalId: "acme" }],
    ])("%s in one account is an error", async (_, account) => {
      await expect(actsAs({ accounts: [{ accountId: "123456789012", ...account }] })).rejects.toThrow(/has both/);
    });
  });

  it("has a row for each setting that the manager reads", () => {
    const names = new Set<string>();
    const recorded = (config: ConfigReader, path: string): ConfigReader =>
      new Proxy(config, {
        get(target, property) {
          const method = Reflect.get(target, property);
          return (key: string) => {
            const name = path === "" ? key : `${path}.${key}`;
            if (/^get(Optional)?String$/.test(String(property))) names.add(name.replace(/^aws\./, ""));
            const value = method.call(target, key);
            if (Array.isArray(value)) return value.map((each) => recorded(each, name));
            return value instanceof ConfigReader ? recorded(value, name) : value;
          };
        },
      });
    const aws = { accounts: [{ accountId: "123456789012" }], accountDefaults: {}, mainAccount: {} };
    DefaultAwsCredentialsManager.fromConfig(recorded(new ConfigReader({ aws }), ""));
    expect(names.size).toBeGreaterThan(10);
    expect(rowsOf(SECTION)).toEqual(expect.arrayContaining([...names]));
  });
});

describe("from a cache made by hand", () => {
  const settings = { roleArn: PAYMENTS, region: "eu-central-1", externalId: "acme-4711" };
  const { roleArn, ...instance } = settings;
  const ONLY_S3 = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
  });

  async function setUpClock(roles = [{ roleArn: PAYMENTS, externalId: "acme-4711" }]) {
    const clock = createManualClock({ now: Date.now() });
    const aws = await setUp({ clock, roles });
    const resolver = createCredentialResolver({ runtime: clock });
    setDefaultResolver(resolver);
    onTestFinished(() => resolver.close());
    return { aws, clock, clients: new RoleClients(() => clock.now()) };
  }
  /** Counts the calls to STS of the code before, then those of the code after. */
  async function compare(aws: LocalAws, byHand: () => Promise<unknown>, byLibrary: () => Promise<unknown>) {
    await byHand();
    const calls = assumeRoleCalls(aws);
    aws.clearRequests();
    await byLibrary();
    return [calls, assumeRoleCalls(aws)];
  }

  it("both call STS once for commands with equal settings", async () => {
    const { aws, clients } = await setUpClock();
    const times = Array.from({ length: 10 });
    const calls = await compare(
      aws,
      () => Promise.all(times.map(async () => describeWith(await clients.ec2For(settings)))),
      () => Promise.all(times.map(() => describeWith(ec2For(instance, { roleArn })))),
    );
    expect(calls).toEqual([1, 1]);
  });

  it("a wrong external id gets the session of the right one before, and is denied after", async () => {
    const { aws, clients } = await setUpClock();
    const wrong = "umbrella-1";
    await describeWith(await clients.ec2For(settings));
    await expect(describeWith(await clients.ec2For({ ...settings, externalId: wrong }))).resolves.toBeDefined();
    expect(assumeRoleCalls(aws)).toBe(1);

    await describeWith(ec2For(instance, { roleArn }));
    await expect(describeWith(ec2For({ ...instance, externalId: wrong }, { roleArn }))).rejects.toMatchObject({
      code: "ASSUME_ROLE_DENIED",
    });
  });

  it("a narrowed command gets the wide session before, and its own after", async () => {
    const { aws, clients } = await setUpClock();
    await describeWith(await clients.ec2For(settings));
    await expect(describeWith(await clients.ec2For({ ...settings, policy: ONLY_S3 }))).resolves.toBeDefined();
    expect(assumeRoleCalls(aws)).toBe(1);

    await describeWith(ec2For(instance, { roleArn }));
    await expect(describeWith(ec2For(instance, { roleArn }, ONLY_S3))).rejects.toMatchObject({
      name: "UnauthorizedOperation",
    });
    expect(assumeRoleCalls(aws)).toBe(3);
  });

  it("a command gets the region of the first one before, and its own after, with one session", async () => {
    const { aws, clients } = await setUpClock();
    const calls = await compare(
      aws,
      async () => {
        for (const region of REGIONS) await describeWith(await clients.ec2For({ ...settings, region }));
        expect(commands(aws).map(({ region }) => region)).toEqual(["eu-central-1", "eu-central-1"]);
      },
      async () => {
        for (const region of REGIONS) await describeWith(ec2For(instance, { roleArn, region }));
        expect(commands(aws).map(({ region }) => region)).toEqual(REGIONS);
      },
    );
    expect(calls).toEqual([1, 1]);
  });

  it("a refusal lasts forever before, and a second after", async () => {
    const { aws, clock, clients } = await setUpClock([]);
    const byHand = async () => describeWith(await clients.ec2For(settings));
    const byLibrary = () => describeWith(ec2For(instance, { roleArn }));
    await expect(byHand()).rejects.toMatchObject({ name: "AccessDenied" });
    await expect(byLibrary()).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED" });
    aws.setRole({ roleArn, externalId: "acme-4711" });
    await clock.advance(1_000);
    await expect(byLibrary()).resolves.toBeDefined();
    await clock.advance(24 * 60 * MINUTE);
    await expect(byHand()).rejects.toMatchObject({ name: "AccessDenied" });
  });

  it("a command outlives its session before, and has enough time after", async () => {
    const { aws, clock, clients } = await setUpClock();
    const lastSecond = 60 * MINUTE - 1_000;
    const byHand = () => clients.ec2For(settings);
    const byLibrary = () => ec2For(instance, { roleArn });
    for (const client of [await byHand(), byLibrary()]) await describeWith(client);
    await clock.advance(30 * MINUTE);
    for (const client of [await byHand(), byLibrary()]) await describeWith(client);
    await clock.advance(lastSecond - 30 * MINUTE);
    aws.clearRequests();
    const [old, current] = [await byHand(), byLibrary()];
    clock.freeze(2_000);
    await expect(describeWith(old)).rejects.toMatchObject({ name: "ExpiredToken" });
    await expect(describeWith(current)).resolves.toBeDefined();
    expect(assumeRoleCalls(aws)).toBe(0);
  });

  it("after expiry, each waiting command calls STS before, and one for all after", async () => {
    const { aws, clock, clients } = await setUpClock();
    await describeWith(await clients.ec2For(settings));
    await describeWith(ec2For(instance, { roleArn }));
    await clock.advance(61 * MINUTE);
    aws.clearRequests();
    const hundred = Array.from({ length: 100 });
    const [before, after] = await compare(
      aws,
      () => Promise.all(hundred.map(() => clients.ec2For(settings))),
      () => Promise.all(hundred.map(() => describeWith(ec2For(instance, { roleArn })))),
    );
    expectOnPage(`| AssumeRole calls of 100 commands right after expiry | ${before} | ${after} |`);
  });
});

it("from Python in Cortex XSOAR: ten commands in two regions call STS once", async () => {
  const aws = await setUp({ roles: [{ roleArn: PAYMENTS }] });
  const params = { defaultRegion: "eu-central-1", roleArn: PAYMENTS, roleSessionName: "xsoar", sessionDuration: "900" };
  for (let command = 0; command < 10; command++) {
    const args = { region: REGIONS[command % 2] };
    expect(await describeInstances(params, args)).toEqual([expect.stringMatching(/^i-/)]);
  }
  expect(commands(aws)[1]).toEqual({
    arn: "arn:aws:sts::123456789012:assumed-role/Audit/xsoar",
    region: "us-east-1",
  });
  expectOnPage(`| AssumeRole calls for ten commands | 10 | ${assumeRoleCalls(aws)} |`);
});
