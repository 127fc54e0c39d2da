import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { RunProgram } from "../../src/cli/exec/run-program.js";
import type { IntegrationInstance } from "../../src/index.js";
import { type LocalAws, startLocalAws } from "../../src/testing/index.js";
import { whoAmI } from "../support/who-am-i.js";
import { runRolecall } from "./run-rolecall.js";

const ROLE = "arn:aws:iam::123456789012:role/integrations/Inventory";
const AUDIT = "arn:aws:iam::123456789012:role/integrations/Audit";
const INSTANCE = { roleArn: ROLE, roleSessionName: "exec", allowedRoles: [ROLE, AUDIT], region: "eu-central-1" };
const ENDED = { kind: "ended", exitCode: 0 } as const;

type Env = Parameters<RunProgram>[1];

async function setUp(instance: IntegrationInstance | ((aws: LocalAws) => IntegrationInstance) = INSTANCE) {
  const aws = await startLocalAws({ region: "us-east-1", roles: [{ roleArn: ROLE }, { roleArn: AUDIT }] });
  const folder = await mkdtemp(join(tmpdir(), "rolecall-exec-"));
  onTestFinished(async () => {
    await aws.close();
    await rm(folder, { recursive: true });
  });
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  const config = join(folder, "instance.json");
  const settings = typeof instance === "function" ? instance(aws) : instance;
  await writeFile(config, JSON.stringify(settings), { mode: 0o600 });

  const ran: { words: readonly string[]; env: Env }[] = [];
  const run = (
    args: readonly string[],
    program: (env: Env) => Promise<Awaited<ReturnType<RunProgram>>>,
    env: Env = {},
  ) =>
    runRolecall(
      ["exec", "--config", config, "--store", "none", ...args],
      { ...aws.env, ...env },
      {
        runProgram: (words, childEnv) => {
          ran.push({ words, env: childEnv });
          return program(childEnv);
        },
      },
    );
  return { aws, folder, run, ran };
}

describe("rolecall exec", () => {
  it("runs the program as the instance's role, in its region, and returns its exit code", async () => {
    const { run, ran } = await setUp();
    let arn: string | undefined;
    const { code, output, errors } = await run(["--", "prog", "--flag", "a b"], async (env) => {
      arn = await whoAmI(env);
      return { kind: "ended", exitCode: 42 };
    });
    expect({ code, output, errors }).toEqual({ code: 42, output: "", errors: "" });
    expect(arn).toBe("arn:aws:sts::123456789012:assumed-role/Inventory/exec");
    expect(ran).toMatchObject([{ words: ["prog", "--flag", "a b"], env: { AWS_REGION: "eu-central-1" } }]);
  });

  it("runs the program as the role of the command line, with its other settings", async () => {
    const { run } = await setUp();
    let arn: string | undefined;
    const args = [AUDIT, "--role-session-name", "by-hand", "--region", "eu-west-1", "--", "prog"];
    await run(args, async (env) => {
      expect(env.AWS_REGION).toBe("eu-west-1");
      arn = await whoAmI(env);
      return ENDED;
    });
    expect(arn).toBe("arn:aws:sts::123456789012:assumed-role/Audit/by-hand");
  });

  it("uses the machine's region if nothing names one", async () => {
    const { run, ran } = await setUp({ roleArn: ROLE });
    await run(["--", "prog"], async () => ENDED);
    expect(ran[0]?.env.AWS_REGION).toBe("us-east-1");
  });

  it("warns of a region that may be misspelled", async () => {
    const { run } = await setUp();
    const { code, errors } = await run(["--region", "eu-centrl-1", "--", "prog"], async () => ENDED);
    expect(code).toBe(0);
    expect(errors).toMatch(
      /^warning: the region eu-centrl-1 \(command.region\) is unknown to this release\. Did you mean eu-central-1\?/,
    );
  });

  it("serves one session for all requests of the program, and nothing after its end", async () => {
    const { aws, run, ran } = await setUp();
    await run(["--", "prog"], async (env) => {
      for (let times = 0; times < 5; times++) await whoAmI(env);
      return ENDED;
    });
    expect(aws.count({ operation: "AssumeRole" })).toBe(1);
    await expect(whoAmI(ran[0]?.env ?? {})).rejects.toThrow(/ECONNREFUSED/);
  });

  it("gives each program a token that opens only its own endpoint", async () => {
    const { run, ran } = await setUp();
    await run(["--", "one"], async (first) => {
      await run([AUDIT, "--", "two"], async (second) => {
        const mixed = { ...second, AWS_CONTAINER_AUTHORIZATION_TOKEN: first.AWS_CONTAINER_AUTHORIZATION_TOKEN };
        await expect(whoAmI(mixed)).rejects.toThrow("Server responded with status: 401");
        return ENDED;
      });
      return ENDED;
    });
    expect(new Set(ran.map(({ env }) => env.AWS_CONTAINER_AUTHORIZATION_TOKEN)).size).toBe(2);
  });

  it("leaves no identity of this process in the program's environment", async () => {
    const { run, ran } = await setUp();
    const other = { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY: "secret", AWS_PROFILE: "admin" };
    await run(["--", "prog"], async () => ENDED, other);
    for (const name of Object.keys(other)) expect(ran[0]?.env).not.toHaveProperty(name);
  });
});

describe("on a platform with its own identity", () => {
  const chosen = { roleArn: ROLE, roleSessionName: "exec", credentials: "Runtime" } as const;

  it.each(["ECS", "EKSPodIdentity", "IRSA", "Lambda"] as const)(
    "%s: rolecall uses that identity, and the program sees only the role's",
    async (platform) => {
      const { aws, run, ran } = await setUp(chosen);
      const { env } = aws.platform(platform);
      let arn: string | undefined;
      const { code, errors } = await run(
        ["--", "prog"],
        async (childEnv) => {
          arn = await whoAmI(childEnv);
          return ENDED;
        },
        env,
      );
      expect({ code, errors, arn }).toEqual({
        code: 0,
        errors: "",
        arn: "arn:aws:sts::123456789012:assumed-role/Inventory/exec",
      });
      expect(aws.count({ target: "imds" })).toBe(0);
      const announced = Object.entries(env).filter(([name]) => /CREDENTIALS|TOKEN|ROLE|KEY/.test(name));
      expect(announced.length).toBeGreaterThan(0);
      for (const [name, value] of announced) expect(ran[0]?.env[name]).not.toBe(value);
    },
  );
});

describe("rolecall in rolecall exec", () => {
  it("acts as the outer role only if the instance says so", async () => {
    const { run } = await setUp({ region: "eu-central-1", credentials: "EcsContainer" });
    const { run: runOuter } = await setUp();
    let arn: string | undefined;
    await runOuter(["--", "rolecall"], async (outer) => {
      const args = ["--base-identity", "--", "prog"];
      await run(
        args,
        async (env) => {
          arn = await whoAmI({ ...env, AWS_ENDPOINT_URL: outer.AWS_ENDPOINT_URL });
          return ENDED;
        },
        outer,
      );
      return ENDED;
    });
    expect(arn).toBe("arn:aws:sts::123456789012:assumed-role/Inventory/exec");
  });

  it.each([
    [{ region: "eu-central-1" }, "the environment announces a container's role"],
    [{ region: "eu-central-1", credentials: "Ec2InstanceMetadata" as const }, "AWS_EC2_METADATA_DISABLED is true"],
  ])("says what to write if the instance does not: %j", async (instance, said) => {
    const { run, ran } = await setUp(instance);
    const { run: runOuter } = await setUp();
    await runOuter(["--", "rolecall"], async (outer) => {
      const { code, errors } = await run([ROLE, "--", "prog"], async () => ENDED, outer);
      expect({ code, ran }).toEqual({ code: 125, ran: [] });
      expect(errors).toContain(said);
      expect(errors).toContain('"credentials": "EcsContainer"');
      expect(errors).not.toContain(outer.AWS_CONTAINER_AUTHORIZATION_TOKEN);
      return ENDED;
    });
  });
});

describe("the base identity", () => {
  it("is never served because nothing names a role", async () => {
    const { aws, run, ran } = await setUp({ region: "eu-central-1" });
    const { code, errors } = await run(["--", "prog"], async () => ENDED);
    expect(code).toBe(2);
    expect(errors).toContain("To run the program as the base identity itself, add --base-identity");
    expect(ran).toEqual([]);
    expect(aws.requests).toEqual([]);
  });

  it("is served on request", async () => {
    const { run } = await setUp({ region: "eu-central-1" });
    let arn: string | undefined;
    await run(["--base-identity", "--", "prog"], async (env) => {
      arn = await whoAmI(env);
      return ENDED;
    });
    expect(arn).toBe("arn:aws:sts::111122223333:assumed-role/rolecall-instance-profile/i-0123456789abcdef0");
  });

  it("is not served if the instance names a role, so that a slip is not an escalation", async () => {
    const { run, ran } = await setUp();
    const { code, errors } = await run(["--base-identity", "--", "prog"], async () => ENDED);
    expect({ code, ran }).toEqual({ code: 2, ran: [] });
    expect(errors).toContain("To run the program as that role, remove --base-identity.");
  });

  it("with keys that do not expire is refused, because SDKs take no such keys from an endpoint", async () => {
    const { run, ran } = await setUp((aws) => {
      const { accessKeyId, secretAccessKey } = aws.issueUserKeys({
        userArn: "arn:aws:iam::111122223333:user/operator",
      });
      return { region: "eu-central-1", credentials: { accessKeyId, secretAccessKey } };
    });
    const { code, errors } = await run(["--base-identity", "--", "prog"], async () => ENDED);
    expect({ code, ran }).toEqual({ code: 125, ran: [] });
    expect(errors).toContain("keys that do not expire");
  });
});

describe("without credentials", () => {
  it.each([
    ["a role that is not allowed", "arn:aws:iam::123456789012:role/Admin", "Admin"],
    ["a role that STS denies", AUDIT, "AssumeRole"],
  ])("the program is not started, and the exit code tells that: %s", async (_, role, said) => {
    const { aws, run, ran } = await setUp();
    aws.fault({ on: { operation: "AssumeRole" }, status: 403, code: "AccessDenied" });
    const { code, output, errors } = await run([role, "--", "prog"], async () => ENDED);
    expect({ code, output, ran }).toEqual({ code: 125, output: "", ran: [] });
    expect(errors).toContain(said);
  });
});

describe("without a loopback interface, as in some sandboxes", () => {
  it("the program is not started, and the exit code tells that", async () => {
    const { run, ran } = await setUp();
    const listen = vi.spyOn(Server.prototype, "listen").mockImplementation(function (this: Server) {
      process.nextTick(() => this.emit("error", Object.assign(new Error("listen"), { code: "EADDRNOTAVAIL" })));
      return this;
    });
    onTestFinished(() => listen.mockRestore());
    const { code, errors } = await run(["--", "prog"], async () => ENDED);
    expect({ code, errors, ran }).toEqual({
      code: 125,
      errors: "Can't serve credentials on 127.0.0.1: EADDRNOTAVAIL.\n",
      ran: [],
    });
  });
});

describe("a program that can't be run", () => {
  it("is named, with the reason and without control characters", async () => {
    const { run } = await setUp();
    const { code, errors } = await run(["--", "no\u001b[2Jprog"], async () => {
      return { kind: "not-started", exitCode: 127, reason: "it was not found" };
    });
    expect(code).toBe(127);
    expect(errors).toBe(`Can't run "no\\u001b[2Jprog": it was not found.\n`);
  });
});
