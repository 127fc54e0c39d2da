import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect, it } from "vitest";
import type { IntegrationInstance } from "../../src/index.js";
import { BEHIND_HUB, setUpHub, TARGET } from "../support/hub.js";
import { assumeRoleCalls } from "../support/local.js";

const SENDS = 20;

/** What one role costs, the first time and in warm commands. */
async function costOf(instance: IntegrationInstance) {
  const { aws, resolver } = await setUpHub();
  aws.setRole({ roleArn: TARGET, trustedPrincipals: ["*"] });
  const config = { endpoint: aws.endpoint };
  const send = async () => {
    const options = { clientConfig: config };
    await resolver.getClientForCommand(EC2Client, instance, {}, options).send(new DescribeInstancesCommand({}));
    const s3 = resolver.getClientForCommand(
      S3Client,
      instance,
      {},
      { clientConfig: { ...config, forcePathStyle: true } },
    );
    await s3.send(new GetObjectCommand({ Bucket: "b", Key: "k" }));
  };
  await send();
  const first = { assumeRole: assumeRoleCalls(aws), sessions: resolver.stats().sessions };
  const { hits, misses, joined, refreshes, clients } = resolver.stats();
  aws.clearRequests();
  for (let sent = 0; sent < SENDS; sent++) await send();
  const after = resolver.stats();
  const warm = {
    questions: (after.hits - hits) / SENDS,
    waits: after.misses - misses + after.joined - joined,
    loads: after.refreshes - refreshes,
    calls: aws.count({ target: "sts" }) + aws.count({ target: "imds" }),
  };
  return { first, warm, clients };
}

it("a source role costs one session and one call more, and nothing in a warm command", async () => {
  const direct = { ...BEHIND_HUB, sourceRole: undefined };
  const two = await costOf(direct);
  const three = await costOf(BEHIND_HUB);
  expect(two.first).toEqual({ assumeRole: 1, sessions: 2 });
  expect(three.first).toEqual({ assumeRole: 2, sessions: 3 });
  expect(three.warm).toEqual(two.warm);
  expect(three.warm).toMatchObject({ waits: 0, loads: 0, calls: 0 });
  expect(three.clients).toBe(two.clients);
});
