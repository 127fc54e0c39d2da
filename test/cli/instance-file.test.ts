import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { runRolecall } from "./run-rolecall.js";

const ROLE = "arn:aws:iam::123456789012:role/Inventory";
const SECRET = "hush-hush-secret";
const KEYS = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: SECRET };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rolecall-file-"));
  onTestFinished(() => rm(folder, { recursive: true }));
});

async function explain(contents: string | Buffer, { name = "instance.json", mode = 0o600 } = {}) {
  const file = join(folder, name);
  await writeFile(file, contents);
  await chmod(file, mode);
  const { code, output, errors } = await runRolecall(["explain", "--config", file]);
  return { code, output, errors: errors.replaceAll(file, name) };
}

describe("--config reads", () => {
  it.each<[string, string | Buffer]>([
    ["a trailing comma", `{ "roleArn": "${ROLE}", "allowedRoles": ["${ROLE}",], }`],
    ["comments", `// The role.\n{ /* ours */ "roleArn": "${ROLE}" } // end`],
    ["a byte order mark", `\ufeff{ "roleArn": "${ROLE}" }`],
    ["Windows line endings", `{\r\n  "roleArn": "${ROLE}"\r\n}\r\n`],
    ["comment markers inside a string", `{ "roleArn": "${ROLE}", "sts": { "endpoint": "https://sts.example.com" } }`],
    ["JSON in a file with a different name", Buffer.from(`{ "roleArn": "${ROLE}" }`)],
  ])("%s", async (_, contents) => {
    const { code, output, errors } = await explain(contents);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(output).toMatch(new RegExp(`^role +${ROLE} +instance\\.roleArn$`, "m"));
  });
});

describe("--config reports a file that it cannot use", () => {
  const EXPECTED = "--config takes a JSON file with the instance's settings.";

  it.each<[string, string | Buffer, string]>([
    ["an empty file", "", `instance.json is empty. ${EXPECTED}`],
    ["only white space", "\ufeff \n\t\n", `instance.json is empty. ${EXPECTED}`],
    [
      "UTF-16 with a byte order mark",
      Buffer.from('\ufeff{"region":"x"}', "utf16le"),
      "instance.json is UTF-16. Save it as UTF-8.",
    ],
    [
      "UTF-16 without a byte order mark",
      Buffer.from('{"region":"x"}', "utf16le"),
      "instance.json is UTF-16. Save it as UTF-8.",
    ],
    [
      "big-endian UTF-16",
      Buffer.from('{"region":"x"}', "utf16le").swap16(),
      "instance.json is UTF-16. Save it as UTF-8.",
    ],
    [
      "a different encoding",
      Buffer.from('{"tags":{"a":"größe"}}', "latin1"),
      "instance.json is not UTF-8. Save it as UTF-8.",
    ],
    ["YAML", `# ours\nroleArn: ${ROLE}\nregion: eu-central-1\n`, `instance.json is YAML. ${EXPECTED}`],
    ["a YAML document", `---\nroleArn: ${ROLE}\n`, `instance.json is YAML. ${EXPECTED}`],
    ["a missing comma", '{\n  "roleArn": "x"\n  "region": "y"\n}', 'instance.json:3:3: expected ",", found a string.'],
    ["nesting that is too deep", "[".repeat(100_000), `instance.json is nested too deeply. ${EXPECTED}`],
  ])("%s", async (_, contents, said) => {
    const { code, output, errors } = await explain(contents);
    expect({ code, output }).toEqual({ code: 2, output: "" });
    expect(errors.split("\n")[0]).toBe(said);
    expect(errors).toMatch(/\nSee: npx aws-rolecall explain --help\n$/);
  });

  it("reports a directory", async () => {
    const { code, output, errors } = await runRolecall(["explain", "--config", folder]);
    expect({ code, output }).toEqual({ code: 2, output: "" });
    expect(errors).toBe(`${folder} is a directory. ${EXPECTED}\nSee: npx aws-rolecall explain --help\n`);
  });

  it("recognizes YAML by the file name", async () => {
    const { errors } = await explain("just words", { name: "instance.yml" });
    expect(errors).toContain(`instance.yml is YAML. ${EXPECTED}`);
  });

  it.each([
    [
      "a key twice",
      `{\n  "roleArn": "${ROLE}",\n  "roleArn": "${ROLE}"\n}`,
      'instance.json:3:3: the key "roleArn" is given twice, first on line 2.',
    ],
  ])("%s", async (_, contents, said) => {
    const { code, errors } = await explain(contents);
    expect({ code, first: errors.split("\n")[0] }).toEqual({ code: 2, first: said });
  });

  it.each([
    ["an object", { Version: "2012-10-17" }],
    ["a string", '{"Version":"2012-10-17"}'],
    ["a document inside another", { policy: { Version: "2012-10-17", Statement: [] } }],
  ])("a session policy without Statement: %s", async (_, policy) => {
    const { code, output, errors } = await explain(JSON.stringify({ roleArn: ROLE, policy }));
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(errors).toMatch(/^instance\.policy has no Statement\. /);
  });

  it("never quotes the contents of the file", async () => {
    for (const broken of [
      `{ "credentials": { "secretAccessKey": "${SECRET}`,
      `{ "credentials": { "secretAccessKey": ${SECRET} } }`,
      `{ "credentials": { "secretAccessKey": "a" "${SECRET}" } }`,
      `secretAccessKey: ${SECRET}`,
      `{ "externalId": "\\${SECRET}" }`,
    ]) {
      const { code, errors } = await explain(broken);
      expect(code).toBe(2);
      expect(errors).not.toContain("hush");
    }
  });
});

describe.runIf(process.platform !== "win32")("an instance file that other users can read", () => {
  it.each([
    ["keys", { region: "eu-central-1", credentials: KEYS }],
    ["a proxy's password", { network: { proxy: `http://user:${SECRET}@proxy.example.com:3128` } }],
  ])("causes a warning on stderr that does not quote it: %s", async (_, instance) => {
    for (const mode of [0o644, 0o640, 0o604]) {
      const { code, errors } = await explain(JSON.stringify(instance), { mode });
      expect(code).toBe(0);
      expect(errors).toBe(
        `warning: instance.json contains secrets, and other users can read it (mode ${mode.toString(8)}). Run chmod 600 on it.\n`,
      );
    }
    expect(await explain(JSON.stringify(instance), { mode: 0o600 })).toMatchObject({ code: 0, errors: "" });
  });

  it("is accepted without a warning if it has no secrets", async () => {
    const instance = { roleArn: ROLE, externalId: "acme-4711", network: { proxy: "http://proxy.example.com:3128" } };
    expect(await explain(JSON.stringify(instance), { mode: 0o644 })).toMatchObject({ code: 0, errors: "" });
  });
});
