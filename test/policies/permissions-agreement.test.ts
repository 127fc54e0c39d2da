import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { DescribeInstancesCommand, EC2Client, StopInstancesCommand } from "@aws-sdk/client-ec2";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { createCredentialResolver } from "../../src/index.js";
import {
  type CommandPermission,
  type CommandPermissions,
  commandPolicy,
  type PolicyDocument,
  permissionsTable,
  rolePermissions,
} from "../../src/policies/index.js";
import { readIdentityPolicy } from "../../src/testing/iam-policy.js";
import { startLocalAws } from "../../src/testing/index.js";
import { action, commandPermissions, resource } from "./arbitraries.js";

const TIMEOUT = 60_000;

interface Question {
  readonly action: string;
  readonly resource: string;
}

/** IAM's evaluation of a document, as the local AWS has it. */
function evaluate(document: PolicyDocument) {
  const statements = readIdentityPolicy("document", document);
  return ({ action, resource }: Question) => {
    const covering = statements.filter(({ covers }) => covers({ action, roleArn: resource, context: new Map() }));
    return covering.length > 0 && covering.every(({ effect }) => effect === "Allow");
  };
}

/** Whether a permission is for this action on this resource. Written without the library's own matching. */
function isFor(permission: CommandPermission, { action, resource }: Question): boolean {
  const { actions, resources } =
    typeof permission === "string" ? { actions: [permission], resources: ["*"] } : permission;
  return (
    actions.some((pattern) => toRegExp(pattern, "i").test(action)) &&
    resources.some((pattern) => toRegExp(pattern).test(resource))
  );
}

function toRegExp(pattern: string, flags = ""): RegExp {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${source}$`, `s${flags}`);
}

/** What a permission names, with each wildcard replaced by a few characters that it matches. */
function namedBy(permission: CommandPermission): readonly Question[] {
  const { actions, resources } =
    typeof permission === "string" ? { actions: [permission], resources: ["*"] } : permission;
  const fill = (pattern: string, all: string, any: string) =>
    pattern === "*" ? all : pattern.replace(/\*/g, any).replace(/\?/g, "z");
  return ["", "b", "zz"].flatMap((any) =>
    actions.flatMap((one) =>
      resources.map((other) => ({
        action: fill(one, "sqs:SendMessage", any).replace(/:$/, ":a"),
        resource: fill(other, "arn:aws:sqs:eu-central-1:123456789012:queue", any).replace(/:::$/, ":::a"),
      })),
    ),
  );
}

const scenes = fc.record({
  commands: commandPermissions,
  asked: fc.array(fc.record({ action, resource }), { minLength: 1, maxLength: 12 }),
});
const isNeeded = (permissions: readonly CommandPermission[], question: Question) =>
  permissions.some((permission) => isFor(permission, question));

describe("the role's permissions, evaluated as IAM does", () => {
  it("allow everything that a command names, and nothing that no command names", { timeout: TIMEOUT }, () => {
    const verdicts = { allowed: 0, refused: 0 };
    fc.assert(
      fc.property(scenes, ({ commands, asked }) => {
        const isAllowed = evaluate(rolePermissions(commands).document);
        const needed = Object.values(commands).flat();
        for (const question of needed.flatMap(namedBy))
          expect({ question, is: isAllowed(question) }).toEqual({ question, is: true });
        for (const question of asked) {
          const is = isNeeded(needed, question);
          expect({ question, is: isAllowed(question) }).toEqual({ question, is });
          verdicts[is ? "allowed" : "refused"]++;
        }
      }),
      { numRuns: 200 },
    );
    expect(Math.min(verdicts.allowed, verdicts.refused)).toBeGreaterThan(100);
  });

  it("allow the same with each command's session policy added up", { timeout: TIMEOUT }, () => {
    fc.assert(
      fc.property(scenes, ({ commands, asked }) => {
        const all = evaluate(rolePermissions(commands).document);
        const each = Object.keys(commands).map((name) => evaluate(commandPolicy<CommandPermissions>(commands, name)));
        for (const question of asked) expect(each.some((isAllowed) => isAllowed(question))).toBe(all(question));
      }),
    );
  });
});

it("a command's session policy allows what that command names, and nothing that only others name", {
  timeout: TIMEOUT,
}, () => {
  const verdicts = { own: 0, others: 0 };
  fc.assert(
    fc.property(scenes, ({ commands, asked }) => {
      for (const [name, permissions] of Object.entries(commands)) {
        const isAllowed = evaluate(commandPolicy<CommandPermissions>(commands, name));
        for (const question of permissions.flatMap(namedBy)) expect(isAllowed(question)).toBe(true);
        for (const question of [...asked, ...Object.values(commands).flat().flatMap(namedBy)]) {
          const is = isNeeded(permissions, question);
          expect({ name, question, is: isAllowed(question) }).toEqual({ name, question, is });
          verdicts[is ? "own" : "others"]++;
        }
      }
    }),
    { numRuns: 150 },
  );
  expect(Math.min(verdicts.own, verdicts.others)).toBeGreaterThan(500);
});

it("a table has one row with two cells for each command, whatever its name", () => {
  fc.assert(
    fc.property(commandPermissions, (commands) => {
      const lines = permissionsTable(commands).split("\n");
      expect(lines).toHaveLength(Object.keys(commands).length + 3);
      // A row has a bar at each end and one between the cells.
      for (const line of lines.slice(0, -1)) expect(line.match(/\|/g)).toHaveLength(3);
      for (const line of lines.slice(0, -1)) expect((line.match(/`/g) ?? []).length % 2).toBe(0);
    }),
  );
});

describe("a session with the policy of its command", () => {
  const INVENTORY = "arn:aws:iam::123456789012:role/Inventory";
  const commands = {
    "stop-instances": [
      "ec2:DescribeInstances",
      { actions: ["ec2:StopInstances"], resources: ["arn:aws:ec2:*:*:instance/*"] },
    ],
    "read-report": [{ actions: ["s3:GetObject"], resources: ["arn:aws:s3:::reports/*"] }],
    "show-identity": [],
  } satisfies CommandPermissions;
  type Send = (ec2: EC2Client, s3: S3Client, dynamo: DynamoDBClient) => Promise<unknown>;
  const calls: Record<string, Send> = {
    describe: (ec2) => ec2.send(new DescribeInstancesCommand({})),
    stop: (ec2) => ec2.send(new StopInstancesCommand({ InstanceIds: ["i-0123456789abcdef0"] })),
    get: (_, s3) => s3.send(new GetObjectCommand({ Bucket: "reports", Key: "latest.csv" })),
    put: (_, s3) => s3.send(new PutObjectCommand({ Bucket: "reports", Key: "a", Body: "b" })),
    tables: (_, __, dynamo) => dynamo.send(new ListTablesCommand({})),
  };

  it.each<[keyof typeof commands, string[]]>([
    ["stop-instances", ["describe", "stop"]],
    ["read-report", ["get"]],
    ["show-identity", []],
  ])("makes the calls of %s and is denied every other", async (name, allowed) => {
    const aws = await startLocalAws({ processEnv: true, roles: [{ roleArn: INVENTORY }] });
    const resolver = createCredentialResolver();
    onTestFinished(async () => {
      await resolver.close();
      await aws.close();
    });
    const instance = { roleArn: INVENTORY, region: "eu-central-1" };
    const session = { policy: commandPolicy(commands, name) };
    const ec2 = resolver.getClientForCommand(EC2Client, instance, {}, { session });
    const s3 = resolver.getClientForCommand(
      S3Client,
      instance,
      {},
      { session, clientConfig: { forcePathStyle: true } },
    );
    const dynamo = resolver.getClientForCommand(DynamoDBClient, instance, {}, { session });
    for (const [call, send] of Object.entries(calls)) {
      const outcome = await send(ec2, s3, dynamo).then(
        () => "allowed",
        (error) => error.name,
      );
      const expected = allowed.includes(call)
        ? "allowed"
        : expect.stringMatching(/^(UnauthorizedOperation|AccessDenied|AccessDeniedException)$/);
      expect({ call, outcome }).toEqual({ call, outcome: expected });
    }
    await expect(resolver.verify(instance, {}, { session })).resolves.toMatchObject({ roleArn: INVENTORY });
  });
});
