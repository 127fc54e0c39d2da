import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type CommandOverrides, getClientForCommand, type IntegrationInstance } from "aws-rolecall";

export async function readReport(instance: IntegrationInstance, args: CommandOverrides & { bucket: string }) {
  const s3 = getClientForCommand(S3Client, instance, args, {
    session: {
      // This command can read only one bucket, whatever else the role allows.
      policy: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: `arn:aws:s3:::${args.bucket}/*` }],
      },
      tags: { command: "read-report" },
    },
    clientConfig: { maxAttempts: 2 },
  });
  return s3.send(new GetObjectCommand({ Bucket: args.bucket, Key: "latest.csv" }));
}
