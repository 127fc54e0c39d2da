import { describe, expect, it } from "vitest";
import type { RolecallError } from "../src/index.js";
import { OTHER_ROLE, ROLE, SECOND, setUpLocal } from "./support/local.js";

const REGION = { region: "eu-central-1" };
const instance = { ...REGION, roleArn: ROLE };

type Call = () => unknown;

/** Two callers with different function names, which their errors must contain. */
async function firstCaller(call: Call): Promise<RolecallError> {
  try {
    await call();
  } catch (error) {
    return error as RolecallError;
  }
  return expect.fail("it did not fail");
}

async function secondCaller(call: Call): Promise<RolecallError> {
  try {
    await call();
  } catch (error) {
    return error as RolecallError;
  }
  return expect.fail("it did not fail");
}

function expectOwn(first: RolecallError, second: RolecallError): void {
  expect(first).not.toBe(second);
  Object.assign(first, { seenBy: "first" });
  expect(second).not.toHaveProperty("seenBy");
  expect(first.stack).toContain("firstCaller");
  expect(first.stack).not.toContain("secondCaller");
  expect(second.stack).toContain("secondCaller");
  expect(second.stack).not.toContain("firstCaller");
  expect(second.message).toBe(first.message);
  expect(second.hint).toBe(first.hint);
  expect(second.cause).toBe(first.cause);
}

describe("every caller gets a separate error, with the caller's own stack and the shared cause", () => {
  it("when they wait for the same load", async () => {
    const { aws, resolver } = await setUpLocal();
    aws.fault({ on: { operation: "AssumeRole" }, status: 403, code: "AccessDenied" });
    const [first, second] = await Promise.all([
      firstCaller(() => resolver.resolve(instance)),
      secondCaller(() => resolver.resolve(instance)),
    ]);
    expect(first).toMatchObject({ code: "ASSUME_ROLE_DENIED", roleArn: ROLE, awsCode: "AccessDenied" });
    expect(first.requestId).toBe(second.requestId);
    expect(first.cause).toBeInstanceOf(Error);
    expectOwn(first, second);
  });

  it("when a denial is remembered", async () => {
    const { aws, resolver } = await setUpLocal();
    aws.fault({ on: { operation: "AssumeRole" }, status: 403, code: "AccessDenied" });
    const first = await firstCaller(() => resolver.resolve(instance));
    const second = await secondCaller(() => resolver.resolve(instance));
    expect(aws.count({ operation: "AssumeRole" })).toBe(1);
    expectOwn(first, second);
  });

  it("when two roles need a base identity that cannot be read", async () => {
    const { aws, resolver } = await setUpLocal();
    aws.fault({ on: { target: "imds" }, status: 403 });
    const [first, second] = await Promise.all([
      firstCaller(() => resolver.resolve(instance)),
      secondCaller(() => resolver.resolve({ ...REGION, roleArn: OTHER_ROLE })),
    ]);
    expect(first).toMatchObject({ code: "IMDS_UNREACHABLE", step: "base-identity" });
    expectOwn(first, second);
  });

  it("when they need the machine's region", async () => {
    const { aws, resolver } = await setUpLocal();
    aws.fault({ on: { target: "imds" }, status: 403 });
    const keys = { credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "made-up" } };
    const [first, second] = await Promise.all([
      firstCaller(() => resolver.verify(keys)),
      secondCaller(() => resolver.verify(keys)),
    ]);
    expect(first).toMatchObject({ code: "IMDS_UNREACHABLE" });
    expectOwn(first, second);
  });

  it.each(["resolve", "provider", "verify", "invalidate"] as const)(
    "from %s after close(), with the caller's stack instead of the stack of close()",
    async (method) => {
      const { resolver } = await setUpLocal();
      await resolver.close();
      const first = await firstCaller(() => resolver[method](instance));
      const second = await secondCaller(() => resolver[method](instance));
      expect(first).toMatchObject({ code: "RESOLVER_CLOSED" });
      expect(first.stack).not.toMatch(/ at (async )?(Object\.)?close\b/);
      expectOwn(first, second);
    },
  );

  it.each(["resolve", "verify"] as const)("from %s if close() is called while it waits", async (method) => {
    const { aws, clock, resolver } = await setUpLocal();
    aws.fault({ on: { target: "sts" }, kind: "hang" });
    const waiting = Promise.all([
      firstCaller(() => resolver[method](instance)),
      secondCaller(() => resolver[method](instance)),
    ]);
    await clock.advance(SECOND);
    await resolver.close();
    const [first, second] = await waiting;
    expect(first).toMatchObject({ code: "RESOLVER_CLOSED" });
    expect(first.stack).not.toMatch(/ at (async )?(Object\.)?close\b/);
    expectOwn(first, second);
  });
});
