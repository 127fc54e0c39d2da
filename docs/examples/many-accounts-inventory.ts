import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { EC2Client, paginateDescribeInstances } from "@aws-sdk/client-ec2";
import { defineInstance } from "aws-rolecall";
import { forEachAccount, type Outcome, type Target } from "aws-rolecall/accounts";

/** The work in one account and region. */
async function listInstances({ client }: Target) {
  const ids: (string | undefined)[] = [];
  for await (const { Reservations = [] } of paginateDescribeInstances({ client: client(EC2Client) }, {})) {
    ids.push(...Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId)));
  }
  return ids;
}

/** Writes one line of JSON per target. Returns the exit code: 1 if something is missing. */
export async function writeInventory(configFile: string, outputFile: string, signal?: AbortSignal): Promise<number> {
  const instance = defineInstance(JSON.parse(await readFile(configFile, "utf8")));
  const outcomes = forEachAccount(instance, {}, listInstances, { timeout: 60_000, signal });

  await pipeline(outcomes, toLines, createWriteStream(outputFile));

  const { planned, done, failed, skipped } = outcomes.progress;
  console.error(`${planned} targets: ${done} done, ${failed} failed, ${skipped} skipped`);
  return failed > 0 || signal?.aborted ? 1 : 0;
}

async function* toLines(outcomes: AsyncIterable<Outcome<unknown>>) {
  for await (const outcome of outcomes) {
    const message = outcome.status === "failed" && outcome.error instanceof Error ? outcome.error.message : undefined;
    yield `${JSON.stringify({ ...outcome, error: message })}\n`;
  }
}
