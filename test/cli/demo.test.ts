import { ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { runDemo } from "../../src/cli/demo.js";

const environment = { ...process.env };
const answers: string[] = [];

beforeEach(() => {
  const end = ServerResponse.prototype.end as (...args: unknown[]) => ServerResponse;
  vi.spyOn(ServerResponse.prototype, "end").mockImplementation(function (this: ServerResponse, ...args: unknown[]) {
    answers.push(String(args[0]));
    return end.apply(this, args);
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, environment);
});

it("passes all checks, fits on one screen and prints none of the secrets that were sent", async () => {
  process.env.AWS_REGION = "not-a-region"; // the user's own setup has no effect
  process.env.AWS_ENDPOINT_URL_EC2 = "http://127.0.0.1:9";
  const parts: string[] = [];
  expect(await runDemo({ write: (text: string) => parts.push(text) })).toBe(0);
  const text = parts.join("");
  expect(text).toMatch(/\nAll checks passed\.\n$/);
  expect(text).not.toContain("✗");
  expect(text.match(/✓/g)).toHaveLength(10);
  expect(text.trim().split("\n").length).toBeLessThanOrEqual(40);
  expect(text).not.toContain("\u001b[");

  const wire = answers.join("\n");
  const secrets = [...wire.matchAll(/(?:SecretAccessKey|SessionToken|Token)(?:>|"\s*:\s*")([^<"]{20,})/g)].map(
    ([, secret]) => secret,
  );
  expect(new Set(secrets).size).toBeGreaterThan(10);
  for (const secret of secrets) expect(text).not.toContain(secret);
});
