import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/testing/index.js";
import { startMoto } from "../conformance/moto-server.js";
import { buildLibrary } from "../support/build-library.js";
import { isThere, PROGRAM_TIMEOUT, runProgram } from "../support/programs.js";
import { inTurns } from "./children.js";

const hasCli = isThere("the AWS CLI", "aws", "--version");
const hasCfnLint = isThere("cfn-lint", "cfn-lint", "--version");
const hasMoto = isThere("Moto", "moto_server", "--help");
const TIMEOUT = 5 * PROGRAM_TIMEOUT;

const PARTITIONS = [
  { partition: "aws", region: "eu-west-1" },
  { partition: "aws-cn", region: "cn-north-1" },
  { partition: "aws-us-gov", region: "us-gov-west-1" },
];

let cli: string;
let home: string;
let removeBuild: () => Promise<void>;
beforeAll(async () => {
  const built = await buildLibrary({ cli: "cli/index.ts" });
  cli = join(built.folder, "cli.mjs");
  removeBuild = built.remove;
  home = await mkdtemp(join(tmpdir(), "rolecall-policies-"));
});
afterAll(async () => {
  await removeBuild();
  await rm(home, { recursive: true });
});

/** The output of `rolecall policy` in a separate process. */
async function rolecallPolicy(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runProgram(process.execPath, [cli, "policy", ...args], home);
  expect({ code, stderr: stderr.replace(/^warning: .*\n/gm, "") }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** The roles in the test, and the administrator's instance configuration that lists two of them. */
function sceneOf(partition: string) {
  const role = (account: string, name: string) => `arn:${partition}:iam::${account}:role/${name}`;
  const roles = {
    host: role("111122223333", "integrations/integration-host"),
    /** In the list, with an external id. */
    listed: role("123456789012", "teams/red/Inventory"),
    /** In the list through its pattern. */
    matched: role("444455556666", "integration-audit"),
    /** Trusts the machine's role, but is not in the list. */
    unlisted: role("444455556666", "Admin"),
    /** Trusts a different machine's role. */
    untrusting: role("444455556666", "integration-other"),
    /** In the machine's own account, where a trust policy that names the machine's role is sufficient permission. */
    atHome: role("111122223333", "Admin"),
  };
  const allowedRoles = [{ roleArn: roles.listed, externalId: "acme-4711" }, role("444455556666", "integration-*")];
  return { roles, config: { allowedRoles } };
}

type RoleName = keyof ReturnType<typeof sceneOf>["roles"];

/** A local AWS that is set up only with the documents. */
async function setUp(partition: string, region: string, identityOptions: readonly string[]) {
  const { roles, config } = sceneOf(partition);
  const file = join(home, `${partition}.json`);
  await writeFile(file, JSON.stringify(config));
  const { host, ...others } = roles;
  const usesList = !identityOptions.includes("own-permissions");
  const source = usesList ? ["--config", file] : [];
  const identity = await rolecallPolicy("identity", ...source, ...identityOptions, "--principal", host);
  const ec2Trust = await rolecallPolicy("ec2-trust", "--principal", host);
  const trusting = Object.entries(others).map(async ([name, roleArn]) => {
    const isListed = name === "listed" || name === "matched";
    const principal = name === "untrusting" ? host.replace("integration-host", "other-host") : host;
    const list = isListed ? ["--config", file] : [];
    return { roleArn, trustPolicy: await rolecallPolicy("trust", roleArn, ...list, "--principal", principal) };
  });
  const aws = await startLocalAws({
    region,
    instanceProfile: { roleArn: host, policy: identity, trustPolicy: ec2Trust },
    roles: await Promise.all(trusting),
  });
  onTestFinished(() => aws.close());
  return { aws, roles };
}

/** Calls AWS with the AWS CLI on the machine, which has only its instance profile. */
async function assumeRole(aws: LocalAws, region: string, roleArn: string, ...options: string[]): Promise<string> {
  const args = ["sts", "assume-role", "--role-arn", roleArn, "--role-session-name", "check", ...options];
  const query = ["--query", "AssumedRoleUser.Arn", "--output", "text"];
  const { stdout, stderr } = await runProgram("aws", [...args, ...query], home, {
    ...aws.env,
    AWS_DEFAULT_REGION: region,
  });
  return stdout.trim() || (/\((\w+)\)/.exec(stderr)?.[1] ?? stderr);
}

describe.each(PARTITIONS)(
  "in $partition, with the documents of `rolecall policy` and the AWS CLI",
  ({ partition, region }) => {
    it.runIf(hasCli).each<{ variant: string; options: string[]; assumable: RoleName[]; others: RoleName[] }>([
      {
        variant: "listed-roles",
        options: [],
        // In the machine's own account, a trust policy that names it is sufficient permission.
        assumable: ["listed", "matched", "atHome"],
        others: ["unlisted", "untrusting"],
      },
      {
        variant: "any-role",
        options: ["--variant", "any-role"],
        assumable: ["listed", "matched", "unlisted", "atHome"],
        others: ["untrusting"],
      },
      {
        variant: "own-permissions",
        options: ["--variant", "own-permissions", "--action", "ec2:DescribeInstances"],
        assumable: [],
        others: ["listed", "matched", "atHome"],
      },
    ])("$variant: the machine can assume $assumable and none of $others", { timeout: TIMEOUT }, async (scene) => {
      const { aws, roles } = await setUp(partition, region, scene.options);
      const asked = [...scene.assumable, ...scene.others];
      const answers = await inTurns(asked.length, 2, async (index) => {
        const name = asked[index] as RoleName;
        const externalId = name === "listed" ? ["--external-id", "acme-4711"] : [];
        return [name, await assumeRole(aws, region, roles[name], ...externalId)];
      });
      const sessionOf = (name: RoleName) => {
        const [, , , , account, path = ""] = roles[name].split(":");
        return `arn:${partition}:sts::${account}:assumed-role/${path.split("/").at(-1)}/check`;
      };
      expect(Object.fromEntries(answers)).toEqual({
        ...Object.fromEntries(scene.assumable.map((name) => [name, sessionOf(name)])),
        ...Object.fromEntries(scene.others.map((name) => [name, "AccessDenied"])),
      });
      if (scene.assumable.includes("listed")) expect(await assumeRole(aws, region, roles.listed)).toBe("AccessDenied");
    });
  },
);

it.runIf(hasCli)("tags and a source identity are accepted only as configured", { timeout: TIMEOUT }, async () => {
  const { host, listed } = sceneOf("aws").roles;
  const file = join(home, "labels.json");
  const instance = { roleArn: listed, externalId: "acme-4711", tags: { team: "red" }, sourceIdentity: "inventory" };
  await writeFile(file, JSON.stringify(instance));
  const policy = await rolecallPolicy("identity", "--config", file, "--author-tag", "command");
  const trustPolicy = await rolecallPolicy("trust", "--config", file, "--author-tag", "command", "--principal", host);
  await using aws = await startLocalAws({
    instanceProfile: { roleArn: host, policy },
    roles: [{ roleArn: listed, trustPolicy }],
  });
  const tags = (...keys: string[]) => [
    "--tags",
    ...keys.map((key) => `Key=${key},Value=${key === "team" ? "red" : "x"}`),
  ];
  const ask = (...options: string[]) => assumeRole(aws, "eu-west-1", listed, "--external-id", "acme-4711", ...options);
  const session = "arn:aws:sts::123456789012:assumed-role/Inventory/check";
  const identity = ["--source-identity", "inventory"];
  expect(await ask(...identity, ...tags("team"))).toBe(session);
  expect(await ask(...identity, ...tags("team", "command"))).toBe(session);
  expect(await ask(...identity, ...tags("team", "other"))).toBe("AccessDenied");
  expect(await ask(...identity)).toBe("AccessDenied");
  expect(await ask(...tags("team"))).toBe("AccessDenied");
});

/** Every kind of document, with its arguments for `rolecall policy`. */
function everyDocument(partition: string): string[][] {
  const { host, listed } = sceneOf(partition).roles;
  const pattern = `arn:${partition}:iam::444455556666:role/integration-*`;
  const hostile = `arn:${partition}:iam::123456789012:role/\${a}"%{b}'\\{/Inventory`;
  const labels = ["--author-tag", "cost center", "--source-identity", "ann-*"];
  const pod = ["--namespace", "team-*", "--service-account", "inventory"];
  return [
    ["identity", listed, pattern, hostile, ...labels, "--principal", host],
    ["identity", "--variant", "any-role", "--principal", host],
    ["identity", "--variant", "own-permissions", "--action", "ec2:Describe*", "--principal", host],
    ["ecs-trust", "--principal", host],
    ["lambda-trust", "--principal", host],
    ["pod-identity-trust", ...pod, "--principal", host],
    ["irsa-trust", ...pod, "--issuer", "https://oidc.example.com/id/EXAMPLE", "--principal", host],
    ["trust", listed, "--external-id", "acme-4711", ...labels, "--principal", host, "--account-root"],
    ["trust", listed, "--external-id", "acme-4711", ...labels, "--principal", host],
    ["ec2-trust", "--principal", host],
  ];
}

it.runIf(hasCfnLint)(
  "cfn-lint, which checks IAM's grammar, finds nothing in the templates",
  { timeout: TIMEOUT },
  async () => {
    const asked = PARTITIONS.flatMap(({ partition }) => everyDocument(partition));
    const files = await inTurns(asked.length, 2, async (index) => {
      const file = join(home, `template-${index}.yaml`);
      await writeFile(file, await rolecallPolicy(...asked[index]!, "--format", "cloudformation"));
      return file;
    });
    const regions = PARTITIONS.map(({ region }) => region);
    const lint = (templates: string[]) => runProgram("cfn-lint", ["--regions", ...regions, "--", ...templates], home);
    expect(await lint(files)).toEqual({ code: 0, stdout: "", stderr: "" });

    const broken = join(home, "broken.yaml");
    await writeFile(broken, (await readFile(files[0]!, "utf8")).replace('Effect: "Allow"', 'Effect: "Permit"'));
    expect((await lint([broken])).stdout).toContain("'Permit' is not one of");
  },
);

it.runIf(hasCli && hasMoto)(
  "Moto accepts every document, and creates stacks from the templates",
  { timeout: TIMEOUT },
  async () => {
    const moto = await startMoto();
    if (!moto) throw new Error("moto_server is there and does not start");
    onTestFinished(moto.stop);
    const env = { AWS_ENDPOINT_URL: moto.url, AWS_ACCESS_KEY_ID: "testing", AWS_SECRET_ACCESS_KEY: "testing" };
    const aws = async (...args: string[]): Promise<unknown> => {
      const { code, stdout, stderr } = await runProgram("aws", [...args, "--output", "json"], home, env);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      return stdout === "" ? undefined : JSON.parse(stdout);
    };
    const documents = everyDocument("aws");
    const json = await Promise.all(documents.map((args) => rolecallPolicy(...args)));
    const stacks = [documents.length - 1, documents.length - 2, 0]; // the machine's role first
    for (const index of stacks) {
      const template = await rolecallPolicy(...documents[index]!, "--format", "cloudformation");
      const named = ["--stack-name", `stack-${index}`, "--capabilities", "CAPABILITY_NAMED_IAM"];
      await aws("cloudformation", "create-stack", ...named, "--template-body", template);
    }
    const roles = ["integration-host", "Inventory"].map((name) => aws("iam", "get-role", "--role-name", name));
    expect(await Promise.all(roles)).toMatchObject([
      { Role: { Path: "/integrations/", AssumeRolePolicyDocument: JSON.parse(json.at(-1)!) } },
      { Role: { Path: "/teams/red/", AssumeRolePolicyDocument: JSON.parse(json.at(-2)!) } },
    ]);
    const attached = ["--role-name", "integration-host", "--policy-name"];
    expect(await aws("iam", "get-role-policy", ...attached, "aws-rolecall")).toMatchObject({
      PolicyDocument: JSON.parse(json[0]!),
    });
    for (const [index, text] of json.slice(0, 3).entries()) {
      await aws("iam", "put-role-policy", ...attached, `policy-${index}`, "--policy-document", text);
    }
    for (const text of json.slice(3)) {
      const trust = ["--role-name", "integration-host", "--policy-document", text];
      await aws("iam", "update-assume-role-policy", ...trust);
      expect(await aws("iam", "get-role", "--role-name", "integration-host")).toMatchObject({
        Role: { AssumeRolePolicyDocument: JSON.parse(text) },
      });
    }
  },
);
