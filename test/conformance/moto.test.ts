import { DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { afterAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createCredentialResolver, getClientForCommand, setDefaultResolver } from "../../src/index.js";
import { type MotoServer, startMoto } from "./moto-server.js";

const TIMEOUT = 60_000;
/** Moto's account, which owns the IMDS role and the users, and a second one. */
const HOME = "123456789012";
const ELSEWHERE = "222233334444";
const ROLE_ELSEWHERE = `arn:aws:iam::${ELSEWHERE}:role/integrations/Inventory`;

/**
 * The number of IAM calls in `setUpIam`. Moto accepts them unchecked, and verifies the signature of every later call.
 */
const SET_UP_CALLS = 6;

const [open, verifying] = await Promise.all([
  startMoto(),
  startMoto({ INITIAL_NO_AUTH_ACTION_COUNT: String(SET_UP_CALLS) }),
]);
if (!open)
  console.log("The tests against Moto are not run: moto_server is not on the PATH (pip install 'moto[server]').");
afterAll(async () => {
  await Promise.all([open?.stop(), verifying?.stop()]);
});

function pointTo(moto: MotoServer | undefined) {
  for (const name of ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED"]) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", moto?.url);
  vi.stubEnv("AWS_ENDPOINT_URL", moto?.url);
}

function createResolver() {
  const resolver = createCredentialResolver();
  onTestFinished(() => resolver.close());
  return resolver;
}

describe.runIf(open)("Moto's metadata service and STS", { timeout: TIMEOUT }, () => {
  beforeEach(() => pointTo(open));

  it("serve the instance profile's own identity over IMDSv2", async () => {
    const credentials = await createResolver().resolve({});
    expect(credentials).toMatchObject({ accessKeyId: "test-key", sessionToken: "test-session-token" });
    expect(credentials.expiration?.getTime()).toBeGreaterThan(Date.now());
    expect(credentials.assumedRoleArn).toBeUndefined();
  });

  it("let it assume a role in another account, and confirm the role", async () => {
    const resolver = createResolver();
    const instance = { roleArn: ROLE_ELSEWHERE, roleSessionName: "moto-run", externalId: "an-id", tags: { team: "x" } };
    expect(await resolver.verify(instance)).toMatchObject({
      accountId: ELSEWHERE,
      arn: `arn:aws:sts::${ELSEWHERE}:assumed-role/Inventory/moto-run`,
      region: "us-east-1", // as its metadata service says
      roleArn: ROLE_ELSEWHERE,
      base: { accountId: HOME },
    });
    const { expiration, accountId } = await resolver.resolve(instance);
    expect(accountId).toBe(ELSEWHERE);
    expect(Math.abs((expiration?.getTime() ?? 0) - Date.now() - 3_600_000)).toBeLessThan(TIMEOUT);
    expect(resolver.stats()).toMatchObject({ refreshes: 2, refreshFailures: 0 }); // the base identity and the role
  });

  it("get an EC2 call in the role's account, and a call without the role in the machine's account", async () => {
    setDefaultResolver(createResolver());
    onTestFinished(() => setDefaultResolver(undefined));
    const ownerOfVpcs = async (command: object) => {
      const ec2 = getClientForCommand(EC2Client, {}, { region: "eu-west-1", ...command });
      const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
      return Vpcs.map(({ OwnerId }) => OwnerId);
    };
    expect(await ownerOfVpcs({ roleArn: ROLE_ELSEWHERE })).toEqual([ELSEWHERE]);
    expect(await ownerOfVpcs({})).toEqual([HOME]);
  });
});

describe.runIf(verifying)("a Moto that verifies signatures and policies", { timeout: TIMEOUT }, async () => {
  const roleArn = `arn:aws:iam::${HOME}:role/Inventory`;
  const forbiddenRoleArn = `arn:aws:iam::${HOME}:role/Forbidden`;
  const user = verifying ? await setUpIam(verifying) : { accessKeyId: "", secretAccessKey: "" };
  beforeEach(() => pointTo(verifying));

  it("accepts the AssumeRole call, the session's GetCallerIdentity and its EC2 call", async () => {
    const resolver = createResolver();
    const instance = { credentials: user, roleArn, roleSessionName: "moto-run", region: "eu-west-1" };
    expect(await resolver.verify(instance)).toMatchObject({
      arn: `arn:aws:sts::${HOME}:assumed-role/Inventory/moto-run`,
      base: { arn: `arn:aws:iam::${HOME}:user/engine` },
    });
    const { Vpcs } = await resolver.getClientForCommand(EC2Client, instance).send(new DescribeVpcsCommand({}));
    expect(Vpcs).toHaveLength(1);
  });

  it("denies a role whose trust policy names another principal", async () => {
    await expect(createResolver().resolve({ credentials: user, roleArn: forbiddenRoleArn })).rejects.toMatchObject({
      code: "ASSUME_ROLE_DENIED",
      awsCode: "AccessDenied",
      roleArn: forbiddenRoleArn,
    });
  });

  it.each([
    ["secret", { ...user, secretAccessKey: "not-the-secret" }, "SignatureDoesNotMatch"],
    ["access key id", { ...user, accessKeyId: "AKIAQWERTYUIOPASDFGH" }, "InvalidClientTokenId"],
  ])("rejects base keys with a wrong %s", async (_, credentials, awsCode) => {
    await expect(createResolver().resolve({ credentials, roleArn })).rejects.toMatchObject({
      code: "BASE_IDENTITY_REJECTED",
      awsCode,
    });
  });
});

/**
 * Creates a user that can assume any role, a role that trusts the user, and one that does not.
 * @returns the user's keys
 */
async function setUpIam({ url }: MotoServer) {
  const iam = async (Action: string, parameters: Record<string, string>) => {
    const response = await fetch(url, {
      method: "POST",
      body: new URLSearchParams({ Action, Version: "2010-05-08", ...parameters }),
      // Moto distinguishes services by the scope of the signature.
      headers: {
        authorization: "AWS4-HMAC-SHA256 Credential=none/20260101/us-east-1/iam/aws4_request, Signature=none",
      },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${Action}: ${text}`);
    return (element: string) => new RegExp(`<${element}>(.*)</${element}>`).exec(text)?.[1] ?? "";
  };
  const allow = (Action: string, rest: object) =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, ...rest }] });
  const trust = (name: string) => allow("sts:AssumeRole", { Principal: { AWS: `arn:aws:iam::${HOME}:user/${name}` } });
  const anything = { Resource: "*" };

  await iam("CreateUser", { UserName: "engine" });
  await iam("PutUserPolicy", {
    UserName: "engine",
    PolicyName: "assume",
    PolicyDocument: allow("sts:AssumeRole", anything),
  });
  await iam("CreateRole", { RoleName: "Inventory", AssumeRolePolicyDocument: trust("engine") });
  await iam("CreateRole", { RoleName: "Forbidden", AssumeRolePolicyDocument: trust("someone-else") });
  await iam("PutRolePolicy", {
    RoleName: "Inventory",
    PolicyName: "read",
    PolicyDocument: allow("ec2:DescribeVpcs", anything),
  });
  const field = await iam("CreateAccessKey", { UserName: "engine" });
  return { accessKeyId: field("AccessKeyId"), secretAccessKey: field("SecretAccessKey") };
}
