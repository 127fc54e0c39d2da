import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { packed, runNode, tools } from "./consumer.js";

const jest = join(tools, "jest", "bin", "jest.js");
const config = { testEnvironment: "node", transform: {}, testMatch: ["<rootDir>/jest/*.test.js"], watchman: false };

it("a consumer's Jest suite in CommonJS mocks STS in each way, and nothing asks for instance metadata", async () => {
  const metadataRequests: string[] = [];
  const metadata = createServer((request, response) => {
    metadataRequests.push(`${request.method} ${request.url}`);
    response.writeHead(404).end();
  });
  await new Promise<void>((listening) => metadata.listen(0, "127.0.0.1", listening));
  const { port } = metadata.address() as AddressInfo;

  const { code, stderr } = await runNode(
    [jest, "--rootDir", packed.consumer, "--config", JSON.stringify(config), "--ci"],
    { env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${port}` } },
  );
  metadata.close();

  expect(stderr).toMatch(/^Tests: +5 passed, 5 total$/m);
  expect(code).toBe(0);
  expect(metadataRequests).toEqual([]);
});
