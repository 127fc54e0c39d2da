import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { packed, project, runNode, tools } from "./consumer.js";

const metadataRequests: string[] = [];
const metadata = createServer((request, response) => {
  metadataRequests.push(`${request.method} ${request.url}`);
  response.writeHead(404).end();
});

beforeAll(() => new Promise<void>((listening) => metadata.listen(0, "127.0.0.1", listening)));
beforeEach(() => void metadataRequests.splice(0));
afterAll(() => void metadata.close());

const jest = join(tools, "jest", "bin", "jest.js");
const node = { testEnvironment: "node", watchman: false };
const withJest = (config: object) => [
  jest,
  "--ci",
  "--rootDir",
  packed.consumer,
  "--config",
  JSON.stringify({ ...node, ...config }),
];

it.each([
  {
    runner: "Jest in CommonJS, with mocks of modules by itself and by a factory",
    args: withJest({ testMatch: ["<rootDir>/jest/*.test.js"], transform: {} }),
    passed: /^Tests: +11 passed, 11 total$/m,
  },
  {
    runner: "Jest with ES modules",
    args: [
      "--experimental-vm-modules",
      ...withJest({
        testMatch: ["<rootDir>/runners/jest.test.mjs"],
        transform: {},
        moduleFileExtensions: ["mjs", "js"],
      }),
    ],
    passed: /^Tests: +4 passed, 4 total$/m,
  },
  {
    runner: "ts-jest without a tsconfig",
    args: withJest({
      testMatch: ["<rootDir>/runners/ts-jest.test.ts"],
      transform: { "\\.ts$": join(tools, "ts-jest", "dist", "index.js") },
    }),
    passed: /^Tests: +2 passed, 2 total$/m,
  },
  {
    runner: "Vitest",
    args: [join(project, "node_modules", "vitest", "vitest.mjs"), "run", "runners/vitest.test.mjs", "--reporter=tap"],
    passed: /^ +1\.\.4$/m,
  },
  {
    runner: "Mocha",
    args: [join(tools, "mocha", "bin", "mocha.js"), "runners/mocha.test.mjs"],
    passed: /^ +4 passing/m,
  },
  {
    runner: "node:test",
    args: ["--test", "--test-reporter=tap", "runners/node.test.mjs"],
    passed: /^# pass 4$/m,
  },
])("a consumer's suite passes under $runner, and nothing requests instance metadata", async ({ args, passed }) => {
  const { port } = metadata.address() as AddressInfo;
  const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${port}`, NODE_NO_WARNINGS: "1" };
  const { code, stdout, stderr } = await runNode(args, { env });

  expect(`${stdout}\n${stderr}`).toMatch(passed);
  expect(code).toBe(0);
  expect(metadataRequests).toEqual([]);
});
