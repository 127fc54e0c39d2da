import { describe, expect, it, onTestFinished, vi } from "vitest";
import { runAs } from "../../../src/cli/exec/run-as.js";
import { createCredentialResolver, type IntegrationInstance } from "../../../src/index.js";
import { createManualClock, startLocalAws } from "../../../src/testing/index.js";

const ROLE = "arn:aws:iam::123456789012:role/integrations/Inventory";
const INSTANCE = { roleArn: ROLE, roleSessionName: "exec", region: "eu-central-1" };
const MINUTE = 60_000;
const ENDED = { kind: "ended", exitCode: 0 } as const;

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, string>>;
}

/** A program that asks its endpoint while time passes. */
async function setUp(instance: IntegrationInstance = INSTANCE) {
  const clock = createManualClock({ now: Date.parse("2026-01-31T08:00:00Z") });
  const aws = await startLocalAws({ clock, region: "eu-central-1", roles: [{ roleArn: ROLE }] });
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  const resolver = createCredentialResolver({ runtime: { ...clock, env: aws.env } });
  onTestFinished(async () => {
    await resolver.close();
    await aws.close();
  });
  const run = async (program: (ask: () => Promise<Answer>) => Promise<void>) => {
    const io = {
      stderr: { write: () => undefined },
      env: aws.env,
      runProgram: async (_: readonly string[], env: Record<string, string | undefined>) => {
        const authorization = env.AWS_CONTAINER_AUTHORIZATION_TOKEN ?? "";
        await program(async () => {
          const answer = await fetch(env.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? "", { headers: { authorization } });
          return { status: answer.status, body: (await answer.json()) as Record<string, string> };
        });
        return ENDED;
      },
    };
    return runAs(resolver, instance, {}, ["prog"], io, clock.now);
  };
  return { aws, clock, run };
}

describe("a program that runs for long", () => {
  it("keeps its session while STS is down, is then told why there is none, and goes on when STS is back", async () => {
    const { aws, clock, run } = await setUp();
    await run(async (ask) => {
      const first = await ask();
      const outage = aws.fault({ on: { target: "sts" }, status: 503, code: "ServiceUnavailable" });
      await clock.advance(59 * MINUTE);
      expect(await ask()).toEqual(first);
      await clock.advance(MINUTE);
      const waiting = ask();
      const advancing = advanceUntilSettled(clock, waiting);
      const refused = await waiting;
      await advancing;
      expect(refused).toMatchObject({ status: 503, body: { code: "STS_UNAVAILABLE" } });
      expect(JSON.stringify(refused)).not.toContain(first.body.SecretAccessKey);
      outage.clear();
      await clock.advance(61 * MINUTE);
      const next = await ask();
      expect(next.status).toBe(200);
      expect(next.body.AccessKeyId).not.toBe(first.body.AccessKeyId);
    });
  });

  it("keeps its session when the role is denied, and is told so after its expiry", async () => {
    const { aws, clock, run } = await setUp();
    await run(async (ask) => {
      const first = await ask();
      aws.fault({ on: { operation: "AssumeRole" }, status: 403, code: "AccessDenied" });
      await clock.advance(59 * MINUTE);
      expect(await ask()).toEqual(first);
      await clock.advance(2 * MINUTE);
      const { status, body } = await ask();
      expect(status).toBe(403);
      expect(body.code).toBe("ASSUME_ROLE_DENIED");
      expect(body.message).toContain(ROLE);
    });
  });

  it("still gets the base identity's keys while the metadata service has no others", async () => {
    const { aws, clock, run } = await setUp({ region: "eu-central-1" });
    await run(async (ask) => {
      const first = await ask();
      aws.fault({ on: { target: "imds" }, status: 500 });
      await clock.advance(Date.parse(first.body.Expiration ?? "") - clock.now() + MINUTE);
      const waiting = ask();
      const advancing = advanceUntilSettled(clock, waiting);
      const { status, body } = await waiting;
      await advancing;
      expect({ status, key: body.AccessKeyId }).toEqual({ status: 200, key: first.body.AccessKeyId });
      expect(Date.parse(body.Expiration ?? "")).toBeGreaterThan(clock.now());
    });
  });
});

/** Lets the attempts of a load pass, between which it sleeps. */
async function advanceUntilSettled(clock: { advance(ms: number): Promise<void> }, task: Promise<unknown>) {
  let settled = false;
  void task.finally(() => {
    settled = true;
  });
  while (!settled) await clock.advance(200);
}
