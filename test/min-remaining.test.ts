import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { describe, expect, it } from "vitest";
import { getClientForCommand } from "../src/index.js";
import { assumeRoleCalls, MINUTE, ROLE, setUpLocal } from "./support/local.js";

const instance = { roleArn: ROLE, region: "eu-central-1" };
const QUARTER = { minRemaining: 15 * MINUTE };

/** At minute 50 a one-hour session is valid, but a 15-minute URL outlives it. There is no proactive refresh. */
async function atMinute50() {
  const local = await setUpLocal({ resolver: { refresh: { ahead: false, advisoryWindow: MINUTE } } });
  const first = await local.resolver.resolve(instance);
  await local.clock.advance(50 * MINUTE);
  return { ...local, first };
}

describe("minRemaining", () => {
  it("of a provider loads a new session if the cached one has less time left", async () => {
    const { clock, resolver, first } = await atMinute50();
    expect(await resolver.provider(instance)()).toBe(first);
    const session = await resolver.provider(instance, {}, QUARTER)();
    expect(session.accessKeyId).not.toBe(first.accessKeyId);
    expect(session.expiration?.getTime()).toBeGreaterThanOrEqual(clock.now() + 59 * MINUTE);
  });

  it("of a client makes a presigned URL valid for its full lifetime", async () => {
    const { aws, resolver, first } = await atMinute50();
    const s3 = resolver.getClientForCommand(S3Client, instance, {}, QUARTER);
    const url = new URL(
      await getSignedUrl(s3, new GetObjectCommand({ Bucket: "b", Key: "k" }), { expiresIn: 15 * 60 }),
    );
    expect(url.searchParams.get("X-Amz-Credential")).not.toContain(first.accessKeyId);
    expect(assumeRoleCalls(aws)).toBe(2);
  });

  it("of a client signs calls with a session that lasts that long, while a client without it keeps the old session", async () => {
    const { aws, resolver, first } = await atMinute50();
    const plain = resolver.getClientForCommand(EC2Client, instance);
    await plain.send(new DescribeInstancesCommand({}));
    expect(aws.requests.at(-1)?.accessKeyId).toBe(first.accessKeyId);
    const demanding = getClientForCommand(EC2Client, instance, {}, { ...QUARTER, resolver });
    await demanding.send(new DescribeInstancesCommand({}));
    expect(aws.requests.at(-1)?.accessKeyId).not.toBe(first.accessKeyId);
    expect(resolver.stats().clients).toBe(2);
  });

  it.each([-1, 1.5, "soon", 43_200_001])(
    "of %j is rejected before any call, for a client and a provider",
    async (value) => {
      const { resolver } = await setUpLocal();
      const wrong = { minRemaining: value as number };
      const refused = expect.objectContaining({ code: "INVALID_REQUEST", field: "options.minRemaining" });
      expect(() => resolver.getClientForCommand(EC2Client, instance, {}, wrong)).toThrow(refused);
      expect(() => resolver.provider(instance, {}, wrong)).toThrow(refused);
    },
  );

  it("that exceeds the session duration is rejected before any call", async () => {
    const { aws, resolver } = await setUpLocal();
    const short = { ...instance, roleSessionDuration: 900 };
    const refused = expect.objectContaining({ code: "INVALID_REQUEST", field: "options.minRemaining" });
    expect(() => resolver.getClientForCommand(EC2Client, short, {}, QUARTER)).toThrow(refused);
    expect(() => resolver.provider(short, {}, QUARTER)).toThrow(refused);
    expect(aws.requests).toEqual([]);
  });
});
