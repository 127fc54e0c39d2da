import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { describe, expect, it } from "vitest";
import type { IntegrationInstance } from "../../src/index.js";
import { assumedRoles, BEHIND_HUB, HUB, OTHER_TARGET, setUpHub, TARGET } from "../support/hub.js";

const assume = (RoleArn: string) => new AssumeRoleCommand({ RoleArn, RoleSessionName: "thief" });

/** The source role's session as its keys would leak: they are taken from STS's answer. */
async function leakHubSession(instance: IntegrationInstance) {
  const setup = await setUpHub();
  const { aws, resolver } = setup;
  let leaked: { accessKeyId: string; secretAccessKey: string; sessionToken: string } | undefined;
  const tap = aws.fault({
    on: { operation: "AssumeRole", roleArn: HUB },
    kind: "patch-credentials",
    patch(fields) {
      const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = fields;
      leaked = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
      return fields;
    },
  });
  await resolver.resolve(instance);
  tap.clear();
  if (!leaked) throw new Error("there was no session");
  const config = { credentials: leaked, endpoint: aws.endpoint, region: "eu-central-1", maxAttempts: 1 };
  return { ...setup, sts: new STSClient(config), ec2: new EC2Client(config) };
}

describe("a source role's session that leaks", () => {
  it("assumes the allowed roles and does nothing else", async () => {
    const { sts, ec2 } = await leakHubSession({ ...BEHIND_HUB, allowedRoles: [TARGET] });
    await sts.send(assume(TARGET));
    const denied = { name: "AccessDenied" };
    await expect(sts.send(assume(OTHER_TARGET))).rejects.toMatchObject(denied);
    await expect(sts.send(assume(HUB))).rejects.toMatchObject(denied);
    await expect(ec2.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({ name: "UnauthorizedOperation" });
    await expect(sts.send(new GetCallerIdentityCommand({}))).resolves.toMatchObject({ Account: "111122223333" }); // as everybody may
  });

  it("only assumes roles if every role is allowed", async () => {
    const { sts, ec2 } = await leakHubSession(BEHIND_HUB);
    await sts.send(assume(OTHER_TARGET));
    await expect(ec2.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({ name: "UnauthorizedOperation" });
  });
});

it("another list of allowed roles gets separate sessions, of the source role and of the role", async () => {
  const { aws, resolver } = await setUpHub();
  const narrow = { ...BEHIND_HUB, allowedRoles: [TARGET] };
  const wide = { ...BEHIND_HUB, allowedRoles: [TARGET, OTHER_TARGET] };
  const keys = new Set<string>();
  for (const instance of [narrow, wide, narrow, wide]) keys.add((await resolver.resolve(instance)).accessKeyId);
  expect(keys.size).toBe(2);
  expect(assumedRoles(aws)).toEqual([[HUB], [TARGET], [HUB], [TARGET]]);
});
