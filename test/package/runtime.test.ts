import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { createCertificates } from "../support/certificates.js";
import { freePort } from "../support/free-port.js";
import { type Outcome, packed, runConsumer, runNode } from "./consumer.js";

const assumed = {
  accessKeyId: "ASIAEXAMPLEEXAMPLE00",
  asked: ["arn:aws:iam::123456789012:role/Auditor"],
  refused: "INVALID_REQUEST",
};

describe("an installed package", () => {
  it("works for an ESM consumer", async () => {
    expect(await runConsumer("esm.mjs")).toEqual(assumed);
  });

  it("works for a CommonJS consumer", async () => {
    expect(await runConsumer("cjs.cjs")).toEqual(assumed);
  });

  it("works for a consumer of the CJS build, with bundled p-retry and p-queue", async () => {
    expect(await runConsumer("cjs-build.cjs")).toEqual(assumed);
  });

  it("is one module instance for import and require in the same process", async () => {
    expect(await runConsumer("both.mjs")).toMatchObject({ sameClass: true, sameEntry: true, sameTesting: true });
  });

  it("recognizes an error from its other build", async () => {
    expect(await runConsumer("both.mjs")).toMatchObject({ otherBuild: { sameClass: false, recognised: true } });
  });

  it("resolves every subpath for import and for require", async () => {
    const manifest = await installedManifest();
    const subpaths = Object.keys(manifest.exports).map((key) => key.replace(/^\./, manifest.name));
    const importEach = `for (const path of ${JSON.stringify(subpaths)}) import.meta.resolve(path);`;
    const requireEach = `for (const path of ${JSON.stringify(subpaths)}) require(path);`;

    expect(await runNode(["--input-type=module", "--eval", importEach])).toMatchObject({ code: 0 });
    expect(await runNode(["--input-type=commonjs", "--eval", requireEach])).toMatchObject({ code: 0 });
  });

  it.each(["proxy.mjs", "proxy-cjs-build.cjs"])("reaches AWS through a proxy: %s", async (script) => {
    expect(await runConsumer(script)).toEqual({ roleArn: assumed.asked[0], connected: [true] });
  });

  it("bypasses a proxy from the environment for the metadata service", async () => {
    const PROXY_PORT = String(await freePort());
    const env = { PROXY_PORT, HTTP_PROXY: `http://127.0.0.1:${PROXY_PORT}`, NODE_USE_ENV_PROXY: "1" };
    const { nodeUsesTheProxy, ...asked } = (await runConsumer("environment-proxy.mjs", env)) as Record<string, unknown>;
    if (!nodeUsesTheProxy)
      console.warn(`Node ${process.version} takes no proxy from the environment: nothing to pass by.`);
    expect(asked).toEqual({ byNode: nodeUsesTheProxy ? ["/by-node"] : [], byTheLibrary: [], read: 3 });
  });

  it("adds an instance's certificates to those that Node.js trusts, including NODE_EXTRA_CA_CERTS", async () => {
    const { ca, ...server } = createCertificates();
    const file = join(packed.consumer, "extra-ca.pem");
    await writeFile(file, ca);
    const CERTIFICATES = JSON.stringify({ ...server, otherCa: createCertificates().ca });
    const trusted = { withoutNetwork: "123456789012", withNetwork: "123456789012" };
    expect(await runConsumer("extra-ca.mjs", { CERTIFICATES, NODE_EXTRA_CA_CERTS: file })).toEqual(trusted);
    const untrusted = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";
    expect(await runConsumer("extra-ca.mjs", { CERTIFICATES })).toEqual({
      withoutNetwork: untrusted,
      withNetwork: untrusted,
    });
  });

  it("makes no network calls if STS is mocked", async () => {
    expect(await runConsumer("mocked-sts.mjs")).toEqual([]);
  });

  it("does not expose its internals", async () => {
    const { code, stderr } = await runNode(["--eval", 'require("aws-rolecall/dist/index.cjs")']);

    expect(code).not.toBe(0);
    expect(stderr).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });

  it("runs its demo", async () => {
    const { code, stdout } = await runDemo(packed.consumer);

    expect(stdout).toContain("All checks passed.");
    expect(code).toBe(0);
  });

  it("reports what its demo needs if only its own dependencies are installed", async () => {
    const { code, stdout } = await runDemo(packed.bare);

    expect(stdout).toContain("npm install @aws-sdk/client-ec2 @aws-sdk/client-dynamodb");
    expect(code).toBe(1);
  });
});

describe("a consumer's bundle", () => {
  it("runs as an ES module", async () => {
    expect(await runConsumer(await bundleOf("esm.mjs", "esm"))).toEqual(assumed);
  });

  it("reaches AWS through a proxy", async () => {
    expect(await runConsumer(await bundleOf("proxy.mjs", "esm"))).toMatchObject({ connected: [true] });
  });

  it("runs as CommonJS", async () => {
    expect(await runConsumer(await bundleOf("cjs.cjs", "cjs"))).toEqual(assumed);
  });

  it("contains one module instance if one file imports and another requires", async () => {
    const bundle = await bundleOf("bundled-both.mjs", "cjs");

    expect(await runConsumer(bundle)).toEqual({ sameClass: true, sameTesting: true });
  });
});

async function runDemo(cwd: string): Promise<Outcome> {
  const { bin } = await installedManifest();
  return runNode([join(cwd, "node_modules", "aws-rolecall", bin.rolecall), "demo"], { cwd });
}

async function installedManifest() {
  const text = await readFile(join(packed.bare, "node_modules", "aws-rolecall", "package.json"), "utf8");
  return JSON.parse(text) as { name: string; exports: Record<string, unknown>; bin: { rolecall: string } };
}

async function bundleOf(entry: string, format: "esm" | "cjs"): Promise<string> {
  const outfile = join(await mkdtemp(join(packed.consumer, "bundle-")), format === "esm" ? "out.mjs" : "out.cjs");
  // The AWS SDK's Node build is CommonJS: inside an ES module it needs a `require`.
  const banner = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';
  await build({
    absWorkingDir: packed.consumer,
    entryPoints: [entry],
    outfile,
    format,
    bundle: true,
    platform: "node",
    target: "node20",
    logLevel: "error",
    ...(format === "esm" ? { banner: { js: banner } } : {}),
  });
  return outfile;
}
