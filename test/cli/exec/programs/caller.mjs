/** For each line of input, asks STS who it is, with the credentials that the SDK finds. Its clock is TEST_CLOCK_FILE. */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const clock = process.env.TEST_CLOCK_FILE;
if (clock) {
  const now = () => Number(readFileSync(clock, "utf8"));
  globalThis.Date = class extends Date {
    constructor(...args) {
      super(...(args.length > 0 ? args : [now()]));
    }

    static now = now;
  };
}
const { GetCallerIdentityCommand, STSClient } = await import("@aws-sdk/client-sts");

const client = new STSClient({});
for await (const _ of createInterface({ input: process.stdin })) {
  const answer = await client.send(new GetCallerIdentityCommand({})).then(
    ({ Arn }) => Arn,
    (error) => `${error.name}: ${error.message}`,
  );
  console.log(answer);
}
