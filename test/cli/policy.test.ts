import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type CommandPermissions,
  commandPolicy,
  ec2TrustPolicy,
  formatPolicy,
  identityPolicy,
  type MachineTrustPolicyOptions,
  machineTrustPolicy,
  permissionsTable,
  rolePermissions,
  trustPolicy,
} from "../../src/policies/index.js";
import { readCloudFormation, readTerraform } from "../policies/read-back.js";
import { runRolecall } from "./run-rolecall.js";

const HOST = "arn:aws:iam::111122223333:role/integration-host";
const INVENTORY = "arn:aws:iam::123456789012:role/Inventory";
const PATTERN = "arn:aws:iam::444455556666:role/integration-*";
const AUDIT = "arn:aws:iam::444455556666:role/integration-audit";

const run = (...args: string[]) => runRolecall(["policy", ...args]);

const configFile = (instance: unknown) => fileWith(JSON.stringify(instance));

async function fileWith(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rolecall-policy-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "instance.json");
  await writeFile(file, text);
  return file;
}

describe("rolecall policy identity", () => {
  it("prints only the document for the listed roles", async () => {
    const { document } = identityPolicy({ variant: "listed-roles", roles: [INVENTORY, PATTERN] });
    const { code, output, errors } = await run("identity", INVENTORY, PATTERN);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(JSON.parse(output)).toEqual(document);
  });

  it("prints warnings on stderr", async () => {
    const { code, output, errors } = await run("identity", "--variant", "any-role");
    expect(JSON.parse(output)).toMatchObject({ Statement: [{ Resource: "*" }] });
    expect({ code, errors }).toEqual({ code: 0, errors: expect.stringMatching(/^warning: Resource "\*" lets .*\n$/) });
  });

  it("reads the roles and session settings from a file, and what authors can set from options", async () => {
    const file = await configFile({ allowedRoles: [INVENTORY], tags: { team: "red" } });
    const { output } = await run("identity", "--config", file, "--source-identity", "ann", "--author-tag", "command");
    expect(JSON.parse(output).Statement).toEqual([
      { Effect: "Allow", Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], Resource: [INVENTORY] },
    ]);
  });

  it("prints the permissions of a machine that assumes no role", async () => {
    const { output } = await run("identity", "--variant=own-permissions", "--action=ec2:Describe*", "--action=s3:Get*");
    expect(JSON.parse(output).Statement).toMatchObject([
      { Effect: "Allow", Action: ["ec2:Describe*", "s3:Get*"] },
      { Effect: "Deny", Action: "sts:AssumeRole" },
    ]);
  });
});

describe("rolecall policy trust", () => {
  it("prints the trust policy of the instance's role, or of another role in its list", async () => {
    const instance = {
      roleArn: INVENTORY,
      allowedRoles: [INVENTORY, { roleArn: PATTERN, externalId: "partner-0815" }],
      externalId: "acme-4711",
      sourceIdentity: "inventory",
    };
    const file = await configFile(instance);
    const own = await run("trust", "--config", file, "--principal", HOST);
    expect(JSON.parse(own.output)).toEqual(trustPolicy({ instance, principal: HOST }).document);
    const other = await run("trust", AUDIT, "--config", file, "--principal", HOST);
    expect(JSON.parse(other.output)).toEqual(trustPolicy({ instance, role: AUDIT, principal: HOST }).document);
    expect(other.output).toContain("partner-0815");
  });

  it("reads the external id from an option", async () => {
    const { output } = await run("trust", INVENTORY, "--principal", HOST, "--external-id", "acme-4711");
    expect(JSON.parse(output).Statement[0].Condition).toEqual({ StringEquals: { "sts:ExternalId": "acme-4711" } });
  });

  it("trusts the account of the machine's role on request", async () => {
    const { code, output, errors } = await run("trust", INVENTORY, "--principal", HOST, "--account-root");
    const { document } = trustPolicy({ role: INVENTORY, principal: HOST, accountRoot: true });
    expect({ code, errors, document: JSON.parse(output) }).toEqual({ code: 0, errors: "", document });
  });
});

describe("rolecall policy with a source role in the file", () => {
  const HUB = "arn:aws:iam::111122223333:role/Hub";
  const instance = {
    roleArn: INVENTORY,
    externalId: "acme-4711",
    sourceRole: { roleArn: HUB, externalId: "hub-0815", tags: { team: "blue" }, transitiveTagKeys: ["team"] },
  };

  it("prints all four documents, in each format", async () => {
    const file = await configFile(instance);
    for (const format of ["json", "terraform", "cloudformation"] as const) {
      const print = async (...args: string[]) => {
        const { output, errors } = await run(...args, "--config", file, "--format", format);
        expect(errors).toBe("");
        return output;
      };
      const text = (policy: Parameters<typeof formatPolicy>[0]) => formatPolicy(policy, format);
      const listed = { variant: "listed-roles", instance } as const;
      expect(await print("identity", "--principal", HOST)).toBe(text(identityPolicy({ ...listed, principal: HOST })));
      expect(await print("trust", HUB, "--principal", HOST)).toBe(
        text(trustPolicy({ instance, role: HUB, principal: HOST })),
      );
      expect(await print("identity", "--principal", HUB)).toBe(text(identityPolicy({ ...listed, principal: HUB })));
      expect(await print("trust")).toBe(text(trustPolicy({ instance })));
    }
  });
});

describe("rolecall policy ec2-trust", () => {
  it("prints the trust policy of the machine's role", async () => {
    expect((await run("ec2-trust")).output).toBe(formatPolicy(ec2TrustPolicy(), "json"));
    expect((await run("ec2-trust", "--partition", "aws-cn")).output).toContain("ec2.amazonaws.com.cn");
  });

  it("prints Terraform and CloudFormation", async () => {
    const terraform = await run("ec2-trust", "--principal", HOST, "--format", "terraform");
    expect(Object.keys(readTerraform(terraform.output)).sort()).toEqual(["aws_iam_instance_profile", "aws_iam_role"]);
    const cloudFormation = await run("ec2-trust", "--principal", HOST, "--format", "cloudformation");
    expect(Object.keys(readCloudFormation(cloudFormation.output).Resources)).toEqual(["Role", "InstanceProfile"]);
  });
});

describe("rolecall policy for the role of another machine", () => {
  const ISSUER = "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE";
  const POD = ["--namespace", "integrations", "--service-account", "inventory"];
  const pod = { namespace: "integrations", serviceAccount: "inventory" };
  const cluster = "arn:aws:eks:eu-central-1:111122223333:cluster/production";
  const provider = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/EXAMPLE";

  it.each<[string[], MachineTrustPolicyOptions]>([
    [["ecs-trust", "--principal", HOST], { machine: "ecs", principal: HOST }],
    [
      ["ecs-trust", "--principal", HOST, "--region", "eu-central-1"],
      { machine: "ecs", principal: HOST, region: "eu-central-1" },
    ],
    [["lambda-trust"], { machine: "lambda" }],
    [["lambda-trust", "--partition", "aws-iso"], { machine: "lambda", partition: "aws-iso" }],
    [["pod-identity-trust"], { machine: "pod-identity" }],
    [
      ["pod-identity-trust", "--cluster-arn", cluster, ...POD, "--principal", HOST],
      { machine: "pod-identity", clusterArn: cluster, ...pod, principal: HOST },
    ],
    [
      ["irsa-trust", "--provider", provider, ...POD, "--audience", "integrations"],
      { machine: "irsa", provider, ...pod, audience: "integrations" },
    ],
    [
      ["irsa-trust", "--issuer", ISSUER, "--principal", HOST, ...POD],
      { machine: "irsa", issuer: ISSUER, principal: HOST, ...pod },
    ],
  ])("prints the document: %j", async (args, options) => {
    const policy = machineTrustPolicy(options);
    const { code, output, errors } = await run(...args);
    expect({ code, output, errors }).toEqual({ code: 0, output: formatPolicy(policy, "json"), errors: "" });
    if (!args.includes("--principal")) return;
    for (const format of ["terraform", "cloudformation"] as const) {
      expect((await run(...args, "--format", format)).output).toBe(formatPolicy(policy, format));
    }
  });

  it("prints a warning about a wildcard", async () => {
    const { code, errors } = await run("pod-identity-trust", "--namespace", "team-*");
    expect({ code, errors }).toEqual({ code: 0, errors: expect.stringMatching(/^warning: "team-\*" trusts every /) });
  });
});

describe("rolecall policy permissions", () => {
  const INSTANCES = "arn:aws:ec2:*:123456789012:instance/*";
  const commands: CommandPermissions = {
    "list-instances": ["ec2:DescribeInstances"],
    "stop-instances": ["ec2:DescribeInstances", { actions: ["ec2:StopInstances"], resources: [INSTANCES] }],
    nothing: [],
  };
  const print = async (contents: unknown, ...args: string[]) => {
    const file = await fileWith(typeof contents === "string" ? contents : JSON.stringify(contents));
    const { errors, ...result } = await run("permissions", "--commands", file, ...args);
    return { ...result, errors: errors.replaceAll(file, "commands.json") };
  };

  it("prints the permissions of the role, from a file with comments", async () => {
    const text = `// What each command needs.\n${JSON.stringify(commands).replace("]}", "],}")}`;
    const { document } = rolePermissions(commands);
    const { code, output, errors } = await print(text);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(JSON.parse(output)).toEqual(document);
  });

  it.each(["terraform", "cloudformation"] as const)("prints %s for the role", async (format) => {
    const { code, output } = await print(commands, "--format", format, "--principal", INVENTORY);
    expect({ code, output }).toEqual({
      code: 0,
      output: formatPolicy(rolePermissions(commands, { role: INVENTORY }), format),
    });
  });

  it("prints the session policy of a command", async () => {
    for (const name of ["stop-instances", "nothing"]) {
      const { code, output } = await print(commands, "--command", name);
      expect({ code, document: JSON.parse(output) }).toEqual({ code: 0, document: commandPolicy(commands, name) });
    }
  });

  it("prints a table", async () => {
    const { code, output } = await print(commands, "--format", "markdown");
    expect({ code, output }).toEqual({ code: 0, output: permissionsTable(commands) });
  });

  it("prints warnings on stderr", async () => {
    const { code, output, errors } = await print({ all: ["*"] });
    expect(JSON.parse(output)).toMatchObject({ Statement: [{ Action: "*" }] });
    expect({ code, errors }).toEqual({
      code: 0,
      errors:
        'warning: Action "*" (all) allows every action of every service. List only the actions that commands need.\n',
    });
  });

  it.each<[unknown, string[], number, string]>([
    ['{\n  "a": ["ec2:DescribeVpcs"]\n  "b": []\n}', [], 2, 'commands.json:3:3: expected ",", found a string.'],
    ['{\n  "a": [],\n  "a": []\n}', [], 2, 'commands.json:3:3: the key "a" is given twice, first on line 2.'],
    ["a:\n  - ec2:DescribeVpcs\n", [], 2, "commands.json is YAML. --commands takes a JSON file"],
    ["", [], 2, "commands.json is empty. --commands takes a JSON file with what each command needs."],
    [{ a: ["ec2"] }, [], 1, 'commands["a"][0] is invalid: received "ec2". Allowed: an action'],
    [[], ["--format", "markdown"], 1, "commands is invalid: received an empty array."],
    [commands, ["--command", "stop-instance"], 1, 'which is not in commands. Did you mean "stop-instances"?'],
    [commands, ["--principal", "Inventory"], 1, "--principal is invalid"],
    [commands, ["--format", "terraform"], 2, "needs --principal <arn> with --format terraform."],
    [commands, ["--command", "nothing", "--principal", INVENTORY], 2, "Use --command or --principal, not both."],
    [commands, ["--command", "nothing", "--format", "markdown"], 2, "Use --command or --format markdown, not both."],
    [
      commands,
      ["--principal", INVENTORY, "--format", "markdown"],
      2,
      "Use --principal or --format markdown, not both.",
    ],
  ])("reports an error and prints no document: %j %j", async (contents, args, code, message) => {
    expect(await print(contents, ...args)).toMatchObject({
      code,
      output: "",
      errors: expect.stringContaining(message),
    });
  });

  it("requires the file", async () => {
    const { code, errors } = await run("permissions");
    expect({ code, errors }).toEqual({ code: 2, errors: expect.stringContaining("needs --commands <file>.") });
    const missing = await run("permissions", "--commands", "/no/such/file");
    expect(missing).toMatchObject({ code: 2, errors: expect.stringContaining("Cannot read /no/such/file: ENOENT.") });
  });
});

it("rolecall policy ecs-trust warns about a region that may be misspelled", async () => {
  const { code, output, errors } = await run("ecs-trust", "--principal", HOST, "--region", "eu-centrl-1");
  expect(code).toBe(0);
  expect(output).toContain("arn:aws:ecs:eu-centrl-1:111122223333:*");
  expect(errors).toMatch(/^warning: the region eu-centrl-1 is unknown to this release\. Did you mean eu-central-1\?/);
});

describe("rolecall policy reports an error and prints no document", () => {
  it.each<[string[], number, string]>([
    [[], 2, "Usage: rolecall policy <command>"],
    [["toString"], 2, 'Unknown command "policy toString".'],
    [["trust", INVENTORY], 2, "rolecall policy trust needs --principal <arn>, or --config with a sourceRole."],
    [["trust", INVENTORY, AUDIT, "--principal", HOST], 2, "rolecall policy trust takes only one <role>."],
    [["ec2-trust", HOST], 2, "rolecall policy ec2-trust takes options only."],
    [["identity", INVENTORY, "--external-id", "acme"], 2, "Unknown option '--external-id'."],
    [["ec2-trust", "--config", "instance.json"], 2, "Unknown option '--config'."],
    [["ecs-trust"], 2, "rolecall policy ecs-trust needs --principal <arn>."],
    [["irsa-trust", "--namespace", "x"], 2, "rolecall policy irsa-trust needs --service-account <name>."],
    [["irsa-trust", "--namespace", "x", "--service-account", "y"], 1, "provider is missing."],
    [["lambda-trust", "--partition", "aws-moon"], 1, "partition is aws-moon, and its Lambda service principal is not"],
    [["pod-identity-trust", "--cluster-arn", "production"], 1, "--cluster-arn is invalid"],
    [["identity", "--config", "/no/such/file"], 2, "Cannot read /no/such/file: ENOENT."],
    [["identity", INVENTORY, "--principal"], 2, "--principal"],
    [["identity"], 1, "<role> is missing."],
    [["identity", INVENTORY, "--variant", "all"], 2, "--variant must be listed-roles, any-role, or own-permissions."],
    [["identity", INVENTORY, "--format", "xml"], 2, "--format must be json, terraform, or cloudformation."],
    [["identity", INVENTORY, "--format", "terraform"], 1, "--principal is missing, but terraform requires it."],
    [["identity", INVENTORY, "arn:aws-cn:iam::123456789012:role/x"], 1, "not in the partition aws"],
    [["trust", "Inventory", "--principal", HOST], 1, "<role> is invalid"],
  ])("%j", async (args, code, message) => {
    const result = await run(...args);
    expect(result).toMatchObject({ code, output: "", errors: expect.stringContaining(message) });
    expect(result.errors).not.toMatch(/^\s+at /m);
  });

  it("requires a principal if the file has no source role", async () => {
    const file = await configFile({ roleArn: INVENTORY });
    const { code, errors } = await run("trust", "--config", file);
    expect({ code, errors }).toEqual({ code: 1, errors: expect.stringMatching(/^--principal is missing\./) });
  });

  it("does not print an external id in an error", async () => {
    const file = await configFile({ roleArn: INVENTORY, externalId: "acme-4711" });
    const { errors } = await run("trust", "--config", file, "--principal", HOST, "--external-id", "partner-0815");
    expect(errors).toContain("--external-id does not match what the instance sends for this role.");
    expect(errors).not.toMatch(/4711|0815/);
  });
});
