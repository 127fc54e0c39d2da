import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { AuthorSession, IntegrationInstance, SourceRoleSettings } from "../../src/index.js";
import { createCredentialResolver } from "../../src/index.js";
import { formatPolicy, identityPolicy, type PolicyDocument, trustPolicy } from "../../src/policies/index.js";
import { type LocalAws, startLocalAws } from "../../src/testing/index.js";
import { readCloudFormation, readTerraform } from "./read-back.js";

const MACHINE = "arn:aws:iam::111122223333:role/integration-host";
const HUB = "arn:aws:iam::444455556666:role/central/Hub";
const INVENTORY = "arn:aws:iam::123456789012:role/Inventory";
const AUDIT = "arn:aws:iam::444455556666:role/Audit";
const CHINA = "arn:aws-cn:iam::123456789012:role/Inventory";

const behindHub = (settings: IntegrationInstance = {}, sourceRole: Partial<SourceRoleSettings> = {}) => ({
  roleArn: INVENTORY,
  ...settings,
  sourceRole: { roleArn: HUB, ...sourceRole },
});

/** Sets everything that a document can require, at both hops. */
const DEMANDING = behindHub(
  { externalId: "of-the-target", tags: { command: "list" }, transitiveTagKeys: ["command"] },
  {
    externalId: "of-the-hub",
    tags: { team: "blue", stage: "prod" },
    transitiveTagKeys: ["team"],
    sourceIdentity: "inventory",
  },
);

const DOCUMENTS = ["machine's permissions", "hub's trust", "hub's permissions", "role's trust"] as const;
type Documents = Record<(typeof DOCUMENTS)[number], PolicyDocument>;

function documentsOf(
  instance: IntegrationInstance,
  authors: { authorTagKeys?: string[]; sourceIdentities?: string[] },
) {
  const setup = { instance, ...authors };
  return {
    "machine's permissions": identityPolicy({ variant: "listed-roles", principal: MACHINE, ...setup }).document,
    "hub's trust": trustPolicy({ role: HUB, principal: MACHINE, ...setup }).document,
    "hub's permissions": identityPolicy({ variant: "listed-roles", principal: HUB, ...setup }).document,
    "role's trust": trustPolicy(setup).document,
  };
}

async function startWith(documents: Documents): Promise<LocalAws> {
  const aws = await startLocalAws({
    region: "eu-central-1",
    instanceProfile: { roleArn: MACHINE, policy: documents["machine's permissions"] },
    roles: [
      { roleArn: HUB, trustPolicy: documents["hub's trust"], policy: documents["hub's permissions"] },
      { roleArn: INVENTORY, trustPolicy: documents["role's trust"] },
    ],
  });
  onTestFinished(() => aws.close());
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  return aws;
}

/** The error's step and the denied action, or the role that the command acts as. */
async function outcomeOf(instance: IntegrationInstance, session?: AuthorSession) {
  await using resolver = createCredentialResolver();
  return await resolver.resolve(instance, {}, { session }).then(
    ({ assumedRoleArn }) => assumedRoleArn?.replace(/\/[^/]*$/, ""),
    (error) => `${error.step}: ${/perform: (\S+)/.exec(error.message)?.[1] ?? error.message}`,
  );
}

const SUCCESS = "arn:aws:sts::123456789012:assumed-role/Inventory";

describe("the four documents of an instance with a source role", () => {
  it.each<[string, IntegrationInstance, Parameters<typeof documentsOf>[1], AuthorSession | undefined]>([
    ["only the ARN", behindHub(), {}, undefined],
    ["everything that they can require", DEMANDING, {}, undefined],
    [
      "what authors add",
      behindHub(),
      { authorTagKeys: ["x"], sourceIdentities: ["ann"] },
      { tags: { x: "1" }, sourceIdentity: "ann" },
    ],
    ["a source identity at both hops", behindHub({ sourceIdentity: "ann" }, { sourceIdentity: "ann" }), {}, undefined],
    ["tags that are not inherited", behindHub({ tags: { team: "red" } }, { tags: { team: "blue" } }), {}, undefined],
  ])("let both hops pass: %s", async (_title, instance, authors, session) => {
    await startWith(documentsOf(instance, authors));
    expect(await outcomeOf(instance, session)).toBe(SUCCESS);
  });

  const complete = documentsOf(DEMANDING, {});
  const without = DOCUMENTS.flatMap((name) =>
    complete[name].Statement.flatMap((statement, index) =>
      [statement.Action].flat().map((action) => {
        const rest = [statement.Action].flat().filter((other) => other !== action);
        const kept = rest.length > 0 ? [{ ...statement, Action: rest }] : [];
        const Statement = complete[name].Statement.toSpliced(index, 1, ...kept);
        return [action, name, { ...complete, [name]: { ...complete[name], Statement } }] as const;
      }),
    ),
  );

  it("allow three actions in each document", () => {
    expect(without.map(([action, name]) => `${name}: ${action}`)).toEqual(
      DOCUMENTS.flatMap((name) =>
        ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"].map((action) => `${name}: ${action}`),
      ),
    );
  });

  it.each(without)("deny the chain without %s in the %s", async (action, name, documents) => {
    // Without a statement, a document is not valid.
    const empty = [{ Effect: "Deny", Principal: { AWS: AUDIT }, Action: "sts:AssumeRole" }] as const;
    const left = documents[name].Statement.length > 0 ? documents[name].Statement : empty;
    await startWith({ ...documents, [name]: { ...documents[name], Statement: left } });
    const step = name === "machine's permissions" || name === "hub's trust" ? "source-role" : "assume-role";
    expect(await outcomeOf(DEMANDING)).toBe(`${step}: ${action}`);
  });

  it.each<[string, Partial<SourceRoleSettings>, string]>([
    ["another external id", { externalId: "of-somebody-else" }, "source-role: sts:AssumeRole"],
    ["another transitive tag", { tags: { team: "red", stage: "prod" } }, "source-role: sts:AssumeRole"],
    ["another source identity", { sourceIdentity: "ann" }, "source-role: sts:AssumeRole"],
    ["one tag more", { tags: { team: "blue", stage: "prod", x: "1" } }, "source-role: sts:TagSession"],
  ])("deny a source role with %s", async (_title, change, outcome) => {
    await startWith(complete);
    expect(await outcomeOf({ ...DEMANDING, sourceRole: { ...DEMANDING.sourceRole, ...change } })).toBe(outcome);
  });

  it("deny a source role whose session lacks what the role's trust policy requires", async () => {
    const { "role's trust": strict } = complete;
    const lax = behindHub({ externalId: "of-the-target", tags: { command: "list" } });
    await startWith({ ...documentsOf(lax, {}), "role's trust": strict });
    expect(await outcomeOf(lax)).toBe("assume-role: sts:AssumeRole");
  });

  it("deny the machine that skips the source role", async () => {
    const role = "arn:aws:iam::123456789012:role/Inventory";
    await startWith({ ...complete, "machine's permissions": identityPolicy({ variant: "any-role" }).document });
    const { sourceRole: _, ...direct } = DEMANDING;
    expect(await outcomeOf({ ...direct, roleArn: role })).toBe("assume-role: sts:AssumeRole");
  });
});

describe("the documents for the transitive tags of the base identity's session", () => {
  const POD_TAGS = [
    "eks-cluster-arn",
    "eks-cluster-name",
    "kubernetes-namespace",
    "kubernetes-service-account",
    "kubernetes-pod-name",
    "kubernetes-pod-uid",
  ];

  it.each<[string, IntegrationInstance]>([
    ["behind a source role", behindHub({ credentials: "EcsContainer" })],
    ["without a source role", { roleArn: INVENTORY, credentials: "EcsContainer" }],
  ])("let an EKS pod pass only if they name its tags: %s", async (_title, instance) => {
    const outcome = async (inheritedTagKeys: string[]) => {
      const aws = await startLocalAws({ region: "eu-central-1" });
      onTestFinished(() => aws.close());
      const pod = aws.platform("EKSPodIdentity");
      const setup = { instance, inheritedTagKeys };
      const principal = "arn:aws:iam::111122223333:role/integration-pod";
      pod.role.attach({
        roleArn: principal,
        policy: identityPolicy({ variant: "listed-roles", principal, ...setup }).document,
      });
      const { sourceRole } = instance;
      const hub = sourceRole && {
        roleArn: HUB,
        trustPolicy: trustPolicy({ role: HUB, principal, ...setup }).document,
        policy: identityPolicy({ variant: "listed-roles", principal: HUB, ...setup }).document,
      };
      if (hub) aws.setRole(hub);
      const trust = trustPolicy({ ...(hub ? {} : { principal }), ...setup }).document;
      aws.setRole({ roleArn: INVENTORY, trustPolicy: trust });
      for (const [name, value] of Object.entries({ ...aws.env, ...pod.env })) vi.stubEnv(name, value);
      return outcomeOf(instance);
    };
    expect(await outcome(POD_TAGS)).toBe(SUCCESS);
    expect(await outcome([])).toMatch(/^(source|assume)-role: sts:TagSession$/);
  });

  it("allow sts:TagSession to the base identity", () => {
    const { document } = identityPolicy({ variant: "listed-roles", roles: [INVENTORY], inheritedTagKeys: POD_TAGS });
    expect(document.Statement[0]?.Action).toEqual(["sts:AssumeRole", "sts:TagSession"]);
  });

  it.each<[string, IntegrationInstance, string[] | undefined]>([
    ["the instance", { roleArn: INVENTORY, tags: { "EKS-cluster-name": "x" } }, undefined],
    ["an author", { roleArn: INVENTORY }, ["eks-cluster-name"]],
    ["the source role", behindHub({}, { tags: { "eks-cluster-name": "x" } }), undefined],
  ])("are refused for a tag that is set again by %s", (_title, instance, authorTagKeys) => {
    expect(() =>
      trustPolicy({ instance, principal: [MACHINE, HUB], authorTagKeys, inheritedTagKeys: ["eks-cluster-name"] }),
    ).toThrow(
      expect.objectContaining({
        field: "inheritedTagKeys",
        message: expect.stringMatching(/includes "eks-cluster-name", which the instance, its source role or an author/),
      }),
    );
  });
});

describe("a policy of an instance with a source role", () => {
  it("lets the machine assume the source role and nothing else", () => {
    const instance = { ...behindHub(), allowedRoles: [INVENTORY, "arn:aws:iam::444455556666:role/*"] };
    const [statement] = identityPolicy({ variant: "listed-roles", instance }).document.Statement;
    expect(statement).toEqual({ Effect: "Allow", Action: "sts:AssumeRole", Resource: [HUB] });
    const [own] = identityPolicy({ variant: "listed-roles", instance, principal: HUB }).document.Statement;
    expect(own?.Resource).toEqual([INVENTORY, "arn:aws:iam::444455556666:role/*"]);
    const [any] = identityPolicy({ variant: "any-role", instance, principal: HUB }).document.Statement;
    expect(any?.Resource).toBe("*");
  });

  it("names the source role as the principal of the roles of commands, and the machine as that of the source role", () => {
    const principalOf = ({ document }: ReturnType<typeof trustPolicy>) => document.Statement[0]?.Principal;
    const instance = behindHub();
    expect(principalOf(trustPolicy({ instance }))).toEqual({ AWS: HUB });
    expect(principalOf(trustPolicy({ instance, role: AUDIT }))).toEqual({ AWS: HUB });
    expect(principalOf(trustPolicy({ instance, principal: [MACHINE, HUB] }))).toEqual({ AWS: [MACHINE, HUB] });
    expect(principalOf(trustPolicy({ instance, role: HUB, principal: MACHINE }))).toEqual({ AWS: MACHINE });
  });

  it("keeps the external ids apart", () => {
    const text = (policy: ReturnType<typeof trustPolicy>) => formatPolicy(policy, "json");
    const hub = text(trustPolicy({ instance: DEMANDING, role: HUB, principal: MACHINE }));
    const role = text(trustPolicy({ instance: DEMANDING }));
    expect([hub.includes("of-the-hub"), hub.includes("of-the-target")]).toEqual([true, false]);
    expect([role.includes("of-the-hub"), role.includes("of-the-target")]).toEqual([false, true]);
    for (const principal of [MACHINE, HUB]) {
      const policy = identityPolicy({ variant: "listed-roles", instance: DEMANDING, principal });
      expect(formatPolicy(policy, "json")).not.toContain("of-the");
    }
  });

  it("creates the source role by Terraform and CloudFormation", () => {
    const trust = trustPolicy({ instance: DEMANDING, role: HUB, principal: MACHINE });
    const policy = identityPolicy({ variant: "listed-roles", instance: DEMANDING, principal: HUB });
    const { aws_iam_role: roles } = readTerraform(formatPolicy(trust, "terraform"));
    expect(roles?.Hub?.[0]).toMatchObject({ name: "Hub", path: "/central/", assume_role_policy: trust.document });
    const { aws_iam_role_policy: policies } = readTerraform(formatPolicy(policy, "terraform"));
    expect(policies?.Hub?.[0]).toMatchObject({ role: "Hub", policy: policy.document });
    const created = readCloudFormation(formatPolicy(trust, "cloudformation")).Resources.Role;
    expect(created?.Properties).toMatchObject({ RoleName: "Hub", AssumeRolePolicyDocument: trust.document });
    const { Resources, Description } = readCloudFormation(formatPolicy(policy, "cloudformation"));
    expect(Description).toBe("Permissions of the role Hub");
    expect(Resources.Policy?.Properties).toMatchObject({ Roles: ["Hub"], PolicyDocument: policy.document });
  });

  it.each<[string, () => unknown, string, RegExp]>([
    [
      "permissions of its own",
      () => identityPolicy({ variant: "own-permissions", instance: behindHub(), actions: ["ec2:*"] }),
      "variant",
      /neither the machine nor the source role acts itself/,
    ],
    [
      "a machine that may assume any role",
      () => identityPolicy({ variant: "any-role", instance: behindHub(), principal: MACHINE }),
      "variant",
      /the machine assumes only instance\.sourceRole.*set principal to the source role's ARN/,
    ],
    [
      "a source role without roles to assume",
      () => identityPolicy({ variant: "listed-roles", instance: { sourceRole: HUB }, principal: HUB }),
      "instance.allowedRoles",
      /is missing/,
    ],
    [
      "a role that trusts the machine alone",
      () => trustPolicy({ instance: behindHub(), principal: MACHINE }),
      "principal",
      /does not include .*role\/central\/Hub, the instance's sourceRole, which assumes this role/,
    ],
    [
      "a source role that trusts nobody",
      () => trustPolicy({ instance: behindHub(), role: HUB }),
      "principal",
      /is missing/,
    ],
    [
      "the external id of a command's role at the source role",
      () => trustPolicy({ instance: DEMANDING, role: HUB, principal: MACHINE, externalId: "of-the-target" }),
      "externalId",
      /does not match what the instance sends for this role/,
    ],
    [
      "a command's role of another partition",
      () => trustPolicy({ instance: { sourceRole: HUB }, role: CHINA }),
      "role",
      /not in the partition aws\./,
    ],
    [
      "an instance's role that is the source role",
      () => trustPolicy({ instance: behindHub({ roleArn: HUB }), principal: MACHINE }),
      "instance.roleArn",
      /is the instance's sourceRole/,
    ],
    [
      "a duration that role chaining does not allow",
      () => trustPolicy({ instance: behindHub({ roleSessionDuration: 7200 }) }),
      "instance.roleSessionDuration",
      /limits a session to one hour/,
    ],
    [
      "an author's tag that sessions inherit",
      () => trustPolicy({ instance: DEMANDING, authorTagKeys: ["Team"] }),
      "authorTagKeys.Team",
      /is a transitive tag of instance\.sourceRole/,
    ],
    [
      "a tag that sessions inherit, and no role",
      () =>
        identityPolicy({
          variant: "listed-roles",
          instance: { ...DEMANDING, roleArn: undefined, tags: { team: "x" }, transitiveTagKeys: [] },
        }),
      "instance.tags.team",
      /is a transitive tag of instance\.sourceRole/,
    ],
    [
      "an author's source identity beside an inherited one",
      () => trustPolicy({ instance: DEMANDING, sourceIdentities: ["ann"] }),
      "sourceIdentities",
      /cannot be combined with instance\.sourceRole\.sourceIdentity/,
    ],
  ])("is refused for %s", (_title, make, field, message) => {
    expect(make).toThrow(
      expect.objectContaining({ code: "INVALID_REQUEST", field, message: expect.stringMatching(message) }),
    );
  });
});
