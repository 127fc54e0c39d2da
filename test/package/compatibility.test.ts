import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { packed, project, runConsumer } from "./consumer.js";

const manifestOf = async (folder: string) => JSON.parse(await readFile(join(folder, "package.json"), "utf8"));

it("the docs list the tested version of each part of the SDK, which is the oldest allowed one", async () => {
  const { dependencies } = await manifestOf(join(packed.bare, "node_modules", "aws-rolecall"));
  const compatibility = await readFile(join(project, "docs", "getting-started.md"), "utf8");

  for (const [name, range] of Object.entries(dependencies)) {
    const { version } = await manifestOf(join(project, "node_modules", name));
    expect({ name, range }).toEqual({ name, range: `^${version}` });
    expect(compatibility).toContain(`| \`${name}\` | ${version} |`);
  }
});

it("a service client of an old SDK acts as the role", async () => {
  expect(await runConsumer("old-client.mjs")).toEqual({
    operation: "ListTables",
    region: "eu-west-1",
    signedAs: "arn:aws:iam::123456789012:role/Auditor",
    status: 200,
  });
});
