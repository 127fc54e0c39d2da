import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromHttp } from "@aws-sdk/credential-provider-http";
import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { fromTokenFile } from "@aws-sdk/credential-provider-web-identity";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createManualClock,
  type LocalAws,
  type LocalAwsOptions,
  type LocalPlatformName,
  startLocalAws,
} from "../../src/testing/index.js";
import { redirectEcsAgent } from "../support/link-local.js";
import { ROLE } from "./requests.js";

const PLATFORMS: readonly [LocalPlatformName, string][] = [
  ["EC2", "rolecall-instance-profile/i-0123456789abcdef0"],
  ["ECS", "rolecall-ecs-task/0123456789abcdef0123456789abcdef"],
  ["EKSPodIdentity", "rolecall-eks-pod/eks-rolecall-integration-0-00000000-0000-4000-8000-000000000000"],
  ["IRSA", "rolecall-web-identity/aws-sdk-js-session-"],
  ["Lambda", "rolecall-lambda/rolecall"],
];
const ASSUMED = "arn:aws:sts::111122223333:assumed-role/";

async function start(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const aws = await startLocalAws({ processEnv: true, ...options });
  onTestFinished(() => aws.close());
  return aws;
}

function sts() {
  const client = new STSClient({ region: "us-east-1", maxAttempts: 1 });
  onTestFinished(() => client.destroy());
  return client;
}

describe("a program on a platform", () => {
  it.each(PLATFORMS)("acts as the role of %s with the SDK's default credentials", async (platform, session) => {
    const aws = await start({ platform });

    const { Arn } = await sts().send(new GetCallerIdentityCommand({}));

    expect(Arn?.startsWith(ASSUMED + session), Arn).toBe(true);
    if (platform !== "EC2") expect(aws.count({ target: "imds" })).toBe(0);
    if (platform === "ECS" || platform === "EKSPodIdentity")
      expect(aws.count({ target: "container", status: 200 })).toBe(1);
    else expect(aws.count({ target: "container" })).toBe(0);
  });

  it.each(PLATFORMS)("may assume a role that names no principals from %s", async (platform) => {
    await start({ platform, roles: [{ roleArn: ROLE }] });

    const assumed = await sts().send(new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: "test" }));

    expect(assumed.AssumedRoleUser?.Arn).toBe("arn:aws:sts::123456789012:assumed-role/Inventory/test");
  });

  it.each(PLATFORMS.slice(1))("finds its region in the environment on %s", async (platform) => {
    const { env } = await start({ platform, region: "eu-central-1" });
    expect(env).toMatchObject({ AWS_REGION: "eu-central-1", AWS_DEFAULT_REGION: "eu-central-1" });
  });

  it("finds the role of the node in IMDS, but not its own", async () => {
    const aws = await start({ platform: "EKSPodIdentity" });
    expect(aws.instanceProfile.current()?.roleArn).toBe("arn:aws:iam::111122223333:role/rolecall-instance-profile");
    expect(aws.platform("EKSPodIdentity").role.current()?.roleArn).toBe(
      "arn:aws:iam::111122223333:role/rolecall-eks-pod",
    );
  });
});

describe("all platforms of one local AWS", () => {
  it("answer at the same time", async () => {
    const aws = await start();
    const { AWS_CONTAINER_CREDENTIALS_FULL_URI: task } = aws.platform("ECS").env;
    const pod = aws.platform("EKSPodIdentity").env;
    const lambda = aws.platform("Lambda").env;

    const ofTask = await fromHttp({ awsContainerCredentialsFullUri: task ?? "" })();
    const ofPod = await fromHttp({
      awsContainerCredentialsFullUri: pod.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? "",
      awsContainerAuthorizationTokenFile: pod.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE ?? "",
    })();

    const { role: taskRole } = aws.platform("ECS");
    const { role: podRole } = aws.platform("EKSPodIdentity");
    expect(ofTask.accessKeyId).toBe(taskRole.current()?.accessKeyId);
    expect(ofPod.accessKeyId).toBe(podRole.current()?.accessKeyId);
    expect(lambda.AWS_ACCESS_KEY_ID).toBe(aws.platform("Lambda").role.current()?.accessKeyId);
    expect(new Set([ofTask.accessKeyId, ofPod.accessKeyId, lambda.AWS_ACCESS_KEY_ID]).size).toBe(3);
  });

  it("use only the variables of AWS", async () => {
    const aws = await start();
    const names = PLATFORMS.flatMap(([platform]) => Object.keys(aws.platform(platform).env));
    expect(names.filter((name) => !name.startsWith("AWS_"))).toEqual([]);
  });

  it("have known names", async () => {
    const aws = await start();
    const message = 'must be one of EC2, ECS, EKSPodIdentity, IRSA, Lambda, got "EKS"';
    expect(() => aws.platform("EKS" as "ECS")).toThrow(`platform(name) ${message}`);
    await expect(startLocalAws({ platform: "EKS" as "ECS" })).rejects.toThrow(`platform ${message}`);
  });
});

describe("a platform's role", () => {
  it("can be replaced, and the next read has the new role's credentials", async () => {
    const aws = await start({ platform: "ECS" });
    const first = await fromHttp()();
    aws.platform("ECS").role.attach({ roleArn: "arn:aws:iam::111122223333:role/next-task" });

    const second = await fromHttp()();

    expect(second.accessKeyId).not.toBe(first.accessKeyId);
    const { Arn } = await sts().send(new GetCallerIdentityCommand({}));
    expect(Arn).toContain(":assumed-role/next-task/");
  });

  it("limits what the program may do by its own policy", async () => {
    const aws = await start({ platform: "Lambda", roles: [{ roleArn: ROLE }] });
    const { role } = aws.platform("Lambda");
    role.attach({ roleArn: role.current()?.roleArn ?? "", allowAssumeRole: [] });
    const call = sts().send(new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: "test" }));
    await expect(call).rejects.toMatchObject({ name: "AccessDenied" });
  });

  it("must be a role's ARN", async () => {
    const { role } = (await start()).platform("ECS");
    expect(() => role.attach({ roleArn: "task" })).toThrow('role.roleArn must be a role ARN, got "task"');
    // As text, it would be longer than a string can be.
    const roleArn = new Array(4_000_000_000) as never;
    expect(() => role.attach({ roleArn })).toThrow("role.roleArn must be a role ARN, got a object");
  });

  it("leaves a function without keys if it does not trust Lambda", async () => {
    const aws = await start();
    const { role } = aws.platform("Lambda");
    const Statement = [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }];
    role.attach({ roleArn: ROLE, trustPolicy: { Version: "2012-10-17", Statement } });
    expect(aws.platform("Lambda").env).not.toHaveProperty("AWS_ACCESS_KEY_ID");
  });

  it("gives a function new keys in its environment after a rotation", async () => {
    const lambda = (await start()).platform("Lambda");
    const before = lambda.env.AWS_ACCESS_KEY_ID;
    expect(lambda.env.AWS_ACCESS_KEY_ID).toBe(before);
    lambda.role.rotate();
    expect(lambda.env.AWS_ACCESS_KEY_ID).not.toBe(before);
  });
});

describe("a pod's session", () => {
  it("has transitive tags, so a role that does not allow sts:TagSession refuses it", async () => {
    const aws = await start({ platform: "EKSPodIdentity", roles: [{ roleArn: ROLE, allowTagSession: false }] });
    const assume = () => sts().send(new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: "test" }));
    await expect(assume()).rejects.toMatchObject({
      name: "AccessDenied",
      message: expect.stringContaining("sts:TagSession"),
    });
    aws.setRole({ roleArn: ROLE });
    await expect(assume()).resolves.toMatchObject({ Credentials: expect.anything() });
  });
});

describe("token files", () => {
  it("can be read by this user only, and close() removes them", async () => {
    const aws = await startLocalAws();
    const { tokenFile } = aws.platform("IRSA");
    const other = aws.platform("EKSPodIdentity").tokenFile;
    expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(tokenFile)).mode & 0o777).toBe(0o700);
    expect(dirname(other)).toBe(dirname(tokenFile));

    await aws.close();

    expect(existsSync(dirname(tokenFile))).toBe(false);
  });

  it("hold a token that is registered as a secret, and another one after rotateToken()", async () => {
    const aws = await start();
    const { tokenFile, rotateToken } = aws.platform("IRSA");
    const first = readFileSync(tokenFile, "utf8");
    rotateToken();
    const second = readFileSync(tokenFile, "utf8");
    expect(second).not.toBe(first);
    expect(aws.secrets()).toEqual(expect.arrayContaining([first, second]));
    expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
  });
});

describe("the SDK's providers", () => {
  it("read a relative URI at the ECS agent's address", async () => {
    const aws = await start();
    const { AWS_CONTAINER_CREDENTIALS_FULL_URI = "" } = aws.platform("ECS").env;
    redirectEcsAgent(AWS_CONTAINER_CREDENTIALS_FULL_URI);
    const { pathname } = new URL(AWS_CONTAINER_CREDENTIALS_FULL_URI);

    const { accessKeyId } = await fromHttp({ awsContainerCredentialsRelativeUri: pathname })();

    expect(accessKeyId).toBe(aws.platform("ECS").role.current()?.accessKeyId);
  });

  it("read a pod's token from the environment as well as from the file", async () => {
    const aws = await start({ platform: "EKSPodIdentity" });
    const { tokenFile, role } = aws.platform("EKSPodIdentity");
    delete process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
    process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN = readFileSync(tokenFile, "utf8");
    expect((await fromHttp()()).accessKeyId).toBe(role.current()?.accessKeyId);
  });

  it("use a rotated web identity token at the next read", async () => {
    const clock = createManualClock({ now: Date.now() });
    const aws = await start({ platform: "IRSA", clock });
    await expect(fromTokenFile()()).resolves.toMatchObject({ accountId: "111122223333" });
    await clock.advance(24 * 3_600_000);
    await expect(fromTokenFile()()).rejects.toMatchObject({ name: "ExpiredTokenException" });
    aws.platform("IRSA").rotateToken();
    await expect(fromTokenFile()()).resolves.toMatchObject({ accountId: "111122223333" });
  });

  it("read the role of the node from IMDS in a pod without an announced role", async () => {
    const aws = await start({ platform: "EKSPodIdentity" });
    delete process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI;
    const { accessKeyId } = await defaultProvider()();
    expect(accessKeyId).toBe(aws.instanceProfile.current()?.accessKeyId);
  });
});
