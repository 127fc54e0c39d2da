import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { GetObjectCommand, ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type CommandOverrides, defineInstance, getClientForCommand, type IntegrationInstance } from "aws-rolecall";
import { forEachAccount } from "aws-rolecall/accounts";

export const customers = defineInstance({
  region: "eu-central-1",
  allowedRoles: [
    { roleArn: "arn:aws:iam::123456789012:role/Inventory", externalId: "acme-4711" },
    { roleArn: "arn:aws:iam::444455556666:role/Inventory", externalId: "globex-0815" },
  ],
});

export async function countInstancesEverywhere(instance: IntegrationInstance) {
  const result = await forEachAccount(instance, {}, async ({ client }) => {
    const { Reservations = [] } = await client(EC2Client).send(new DescribeInstancesCommand({}));
    return Reservations.length;
  }).collect();
  for (const { accountId, region, code } of result.failures) console.error(accountId, region, code);
  return result.values;
}

/** Returns a URL that works for 15 minutes, whatever the age of the current session. */
export function presignDownload(instance: IntegrationInstance, args: CommandOverrides & { key: string }) {
  const s3 = getClientForCommand(S3Client, instance, args, { minRemaining: 15 * 60_000 }); // milliseconds
  const command = new GetObjectCommand({ Bucket: "reports", Key: args.key });
  return getSignedUrl(s3, command, { expiresIn: 15 * 60 }); // seconds
}

/** `user` is who started the command, such as "ada@example.com". */
export function listBucketsFor(user: string, instance: IntegrationInstance, args: CommandOverrides) {
  const session = { sourceIdentity: user, tags: { command: "list-buckets" } };
  const s3 = getClientForCommand(S3Client, instance, args, { session });
  return s3.send(new ListBucketsCommand({}));
}

/** MinIO has no roles that the library can assume: the keys act themselves. */
export function listBucketsOnMinio(endpoint: string, accessKeyId: string, secretAccessKey: string) {
  const instance = { region: "us-east-1", credentials: { accessKeyId, secretAccessKey } };
  const s3 = getClientForCommand(S3Client, instance, {}, { clientConfig: { endpoint, forcePathStyle: true } });
  return s3.send(new ListBucketsCommand({}));
}
