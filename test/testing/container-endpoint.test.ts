import { readFileSync } from "node:fs";
import { fromHttp } from "@aws-sdk/credential-provider-http";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createManualClock,
  type FaultEffect,
  type LocalAws,
  type LocalAwsOptions,
  startLocalAws,
} from "../../src/testing/index.js";
import { ROLE, readInstanceKeys } from "./requests.js";

const HOUR = 3_600_000;

async function start(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const aws = await startLocalAws(options);
  onTestFinished(() => aws.close());
  return aws;
}

async function get(uri = "", authorization?: string) {
  const response = await fetch(uri, { headers: authorization === undefined ? {} : { authorization } });
  return { status: response.status, body: await response.text() };
}

const taskUri = (aws: LocalAws) => aws.platform("ECS").env.AWS_CONTAINER_CREDENTIALS_FULL_URI;
const podUri = (aws: LocalAws) => aws.platform("EKSPodIdentity").env.AWS_CONTAINER_CREDENTIALS_FULL_URI;
const readToken = (aws: LocalAws) => readFileSync(aws.platform("EKSPodIdentity").tokenFile, "utf8");
const readTask = (aws: LocalAws) => get(taskUri(aws));
const readPod = (aws: LocalAws, token = readToken(aws)) => get(podUri(aws), token);

describe("the ECS agent", () => {
  it("responds with the fields of ECS", async () => {
    const clock = createManualClock({ now: Date.parse("2026-01-01T00:00:00Z") });
    const aws = await start({ clock });
    const { status, body } = await readTask(aws);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({
      RoleArn: "arn:aws:iam::111122223333:role/rolecall-ecs-task",
      AccessKeyId: aws.platform("ECS").role.current()?.accessKeyId,
      SecretAccessKey: expect.any(String),
      Token: expect.any(String),
      Expiration: "2026-01-01T06:00:00Z",
    });
  });

  it("returns an error for another task, and for a task without a role", async () => {
    const aws = await start();
    const notFound = {
      code: "InvalidIdInRequest",
      message: "CredentialsV2Request: Credentials not found",
      HTTPErrorCode: 400,
    };
    const other = await get(`${taskUri(aws)}0`);
    aws.platform("ECS").role.detach();
    const detached = await readTask(aws);
    for (const { status, body } of [other, detached]) {
      expect(status).toBe(400);
      expect(JSON.parse(body)).toEqual(notFound);
    }
  });

  it("has no credentials of a role that does not trust ECS", async () => {
    const aws = await start();
    const trust = (service: string) => ({
      roleArn: ROLE,
      trustPolicy: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
      },
    });
    aws.platform("ECS").role.attach(trust("ec2.amazonaws.com"));
    expect((await readTask(aws)).status).toBe(400);
    aws.platform("ECS").role.attach(trust("ecs-tasks.amazonaws.com"));
    expect((await readTask(aws)).status).toBe(200);
  });

  it("serves a set until an hour before it expires, and after rotate() a new one", async () => {
    const clock = createManualClock();
    const aws = await start({ clock });
    const { role } = aws.platform("ECS");
    const read = async () => JSON.parse((await readTask(aws)).body).AccessKeyId as string;
    const first = await read();
    await clock.advance(5 * HOUR - 1);
    expect(await read()).toBe(first);
    await clock.advance(1);
    const second = await read();
    expect(second).not.toBe(first);
    role.rotate();
    expect(await read()).not.toBe(second);
  });

  it("serves an expired set while it is pinned", async () => {
    const clock = createManualClock();
    const aws = await start({ clock });
    aws.platform("ECS").role.pin();
    await clock.advance(7 * HOUR);
    const { Expiration } = JSON.parse((await readTask(aws)).body);
    expect(Date.parse(Expiration)).toBe(clock.now() - HOUR);
  });
});

describe("the EKS Pod Identity Agent", () => {
  it("responds with the fields of EKS", async () => {
    const clock = createManualClock({ now: Date.parse("2026-01-01T00:00:00Z") });
    const aws = await start({ clock });
    const { status, body } = await readPod(aws);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({
      AccountId: "111122223333",
      AccessKeyId: aws.platform("EKSPodIdentity").role.current()?.accessKeyId,
      SecretAccessKey: expect.any(String),
      Token: expect.any(String),
      Expiration: "2026-01-01T06:00:00Z",
    });
  });

  it("accepts only the newest token", async () => {
    const aws = await start();
    const old = readToken(aws);
    aws.platform("EKSPodIdentity").rotateToken();
    expect(await readPod(aws, old)).toMatchObject({
      status: 400,
      body: expect.stringContaining(
        "(InvalidTokenException): The specified Kubernetes service account token is invalid.",
      ),
    });
    expect((await readPod(aws)).status).toBe(200);
  });

  it.each([
    ["no token", undefined, "Service account token cannot be empty"],
    ["a text that is not a JWT", "made-up", "Service account token cannot be parsed"],
  ])("rejects a request with %s", async (_, token, message) => {
    const aws = await start();
    expect(await get(podUri(aws), token)).toEqual({ status: 400, body: `${message}\n` });
  });

  it("rejects an expired token", async () => {
    const clock = createManualClock();
    const aws = await start({ clock });
    const token = readToken(aws);
    await clock.advance(24 * HOUR);
    expect(await readPod(aws, token)).toMatchObject({
      status: 400,
      body: expect.stringContaining("ExpiredTokenException"),
    });
  });

  it.each([
    ["sts:AssumeRole", {}, 400],
    [["sts:AssumeRole", "sts:TagSession"], {}, 200],
    [["sts:AssumeRole", "sts:TagSession"], { "aws:RequestTag/kubernetes-namespace": "default" }, 200],
    [["sts:AssumeRole", "sts:TagSession"], { "aws:RequestTag/kubernetes-namespace": "other" }, 400],
  ])("evaluates a trust policy with %j and %j: %i", async (Action, tags, status) => {
    const aws = await start();
    const Principal = { Service: "pods.eks.amazonaws.com" };
    const Statement = [{ Effect: "Allow", Principal, Action, Condition: { StringEquals: tags } }];
    aws.platform("EKSPodIdentity").role.attach({ roleArn: ROLE, trustPolicy: { Version: "2012-10-17", Statement } });
    expect((await readPod(aws)).status).toBe(status);
  });

  it("has no credentials without an association, or for a role that does not trust EKS", async () => {
    const aws = await start();
    const { role } = aws.platform("EKSPodIdentity");
    role.attach({
      roleArn: ROLE,
      trustPolicy: { Version: "2012-10-17", Statement: [{ Effect: "Deny", Principal: "*", Action: "sts:*" }] },
    });
    expect(await readPod(aws)).toMatchObject({ status: 400, body: expect.stringContaining("AccessDeniedException") });
    role.detach();
    expect(await readPod(aws)).toMatchObject({
      status: 404,
      body: expect.stringContaining("ResourceNotFoundException"),
    });
  });
});

describe("requests to the container endpoint", () => {
  it("are recorded without the token and the keys", async () => {
    const aws = await start();
    await readTask(aws);
    await readPod(aws);
    await readPod(aws, "made-up");
    await get(`${new URL(podUri(aws) ?? "").origin}/`);

    expect(aws.requests.map(({ target, operation, status }) => [target, operation, status])).toEqual([
      ["container", "credentials", 200],
      ["container", "credentials", 200],
      ["container", "credentials", 400],
      ["container", "unknown", 404],
    ]);
    expect(aws.secrets().filter((secret) => JSON.stringify(aws.requests).includes(secret))).toEqual([]);
    expect(aws.sockets.container.total).toBeGreaterThan(0);
  });

  it("must be GET", async () => {
    const aws = await start();
    expect((await fetch(taskUri(aws) ?? "", { method: "POST" })).status).toBe(405);
  });

  it("are not affected by faults of IMDS, and the other way around", async () => {
    const aws = await start();
    aws.fault({ on: { target: "imds" }, status: 500 });
    expect((await readTask(aws)).status).toBe(200);
    aws.fault({ on: { target: "container" }, status: 500 }).clear();
    expect((await readTask(aws)).status).toBe(200);
  });
});

describe("faults of the container endpoint", () => {
  it.each([
    ["ECS", 403, "Server responded with status: 403"],
    ["ECS", 500, "Server responded with status: 500"],
    ["EKSPodIdentity", 403, "Server responded with status: 403"],
  ] as const)("answer the SDK's provider on %s with status %i", async (platform, status, message) => {
    const aws = await start({ platform, processEnv: true });
    aws.fault({ on: { target: "container" }, status });
    await expect(fromHttp({ maxRetries: 0 })()).rejects.toThrow(message);
    expect(aws.count({ target: "container", status })).toBe(1);
  });

  it.each<[string, FaultEffect, string]>([
    ["a reset", { kind: "reset" }, "ECONNRESET"],
    ["a body cut in half", { kind: "truncated" }, "JSON"],
    ["HTML", { kind: "body", contentType: "text/html", body: "<html>" }, "JSON"],
    [
      "a set without a secret key",
      { kind: "patch-credentials", patch: ({ SecretAccessKey: _, ...fields }) => fields },
      "not of the required format",
    ],
  ])("give the SDK's provider %s", async (_, fault, message) => {
    const aws = await start({ platform: "ECS", processEnv: true });
    aws.fault({ on: { target: "container" }, ...fault });
    await expect(fromHttp({ maxRetries: 0 })()).rejects.toThrow(message);
  });
});

it("IMDS serves the node's role while the container endpoint is down", async () => {
  const aws = await start({ platform: "EKSPodIdentity" });
  aws.fault({ on: { target: "container" }, kind: "reset" });
  expect((await readInstanceKeys(aws)).accessKeyId).toBe(aws.instanceProfile.current()?.accessKeyId);
});
