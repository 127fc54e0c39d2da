import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packed, runNode } from "./consumer.js";

/** What a user sees on a terminal: Node quotes the line that threw, then the error with its fields and its cause. */
const MOST_BYTES = 2048;

const folder = join(packed.consumer, "uncaught");
const scripts = readdirSync(folder);

describe.each(scripts)("an uncaught error: %s", (script) => {
  it.each([[[]], [["--enable-source-maps"]]])("is short and has a hint (flags %j)", async (flags) => {
    // The SDK's warning about the end of Node 20 is not ours.
    const env = { NODE_NO_WARNINGS: "1" };
    const { code, stderr } = await runNode([...flags, join(folder, script)], { env });

    expect(code).toBe(1);
    expect(stderr).toMatch(/^RolecallError: .+\. .+\.$/m); // what failed, then the hint
    expect(stderr).toMatch(/^ {2}code: '[A-Z_]+',$/m);
    expect(Buffer.byteLength(stderr), stderr.slice(0, 5000)).toBeLessThanOrEqual(MOST_BYTES);
  });
});
