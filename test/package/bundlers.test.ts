import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/testing/index.js";
import { packed, runNode } from "./consumer.js";

const here = dirname(fileURLToPath(import.meta.url));
const ROLE_ARN = "arn:aws:iam::123456789012:role/Auditor";
let aws: LocalAws;

beforeAll(async () => {
  aws = await startLocalAws({ roles: [{ roleArn: ROLE_ARN }] });
});

afterAll(() => aws.close());

it.each([
  "esbuild",
  "esbuild, with conditions",
  "esbuild, with conditions, as an ES module",
  "webpack",
  "webpack, with conditionNames",
  "rspack",
  "rspack, with conditionNames",
  "rollup",
  "ncc",
  "bun",
  "deno",
])("a bundle by %s runs without installed packages, as the instance profile and as a role", async (bundler) => {
  const folder = await mkdtemp(join(tmpdir(), "rolecall-bundle-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const entry = join(packed.consumer, "bundled", "app.mjs");
  expect(await runNode([join(here, "bundle.mjs"), bundler, entry, folder])).toMatchObject({ code: 0, stderr: "" });
  const app = readdirSync(folder).find((file) => file.startsWith("app."));
  aws.clearRequests();

  const env = { ...aws.env, ROLE_ARN, NODE_NO_WARNINGS: "1" };
  expect(await runNode([join(folder, String(app))], { cwd: folder, env })).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(aws.requests.map(({ target, operation, status }) => `${target} ${operation} ${status}`)).toEqual([
    "imds token 200",
    "imds role-list 200",
    "imds credentials 200",
    "service ListTables 200",
    "sts AssumeRole 200",
    "service ListTables 200",
  ]);
});
