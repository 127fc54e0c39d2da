import { createInterface } from "node:readline";
import { EC2Client, EnableEbsEncryptionByDefaultCommand } from "@aws-sdk/client-ec2";
import type { IntegrationInstance } from "aws-rolecall";
import { planAccounts, type Target } from "aws-rolecall/accounts";

/** The change in one account and region. A second run changes nothing, so a failed target can be run again. */
async function encryptNewVolumes({ client }: Target): Promise<void> {
  await client(EC2Client).send(new EnableEbsEncryptionByDefaultCommand({}));
}

/** Throws `TARGETS_FAILED` unless the change is done everywhere. */
export async function encryptEverywhere(instance: IntegrationInstance, input: NodeJS.ReadableStream = process.stdin) {
  const plan = await planAccounts(instance);
  console.table(plan.targets, ["accountId", "accountName", "region"]);
  console.table(plan.skipped, ["accountId", "accountName", "region", "reason", "accountState"]);
  if (!(await confirm(`Encrypt new volumes in ${plan.targets.length} targets? Type yes: `, input))) return;

  const result = await plan.run(encryptNewVolumes, { canary: 1, tolerance: 2, timeout: 30_000 }).collect();

  console.table(result.failures, ["accountId", "region", "code", "retryable"]);
  result.throwIfFailed();
}

async function confirm(question: string, input: NodeJS.ReadableStream): Promise<boolean> {
  process.stdout.write(question);
  for await (const line of createInterface({ input })) return line.trim() === "yes";
  return false; // the input ended without an answer
}
