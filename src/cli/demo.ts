import { devNull } from "node:os";
import { createCredentialResolver } from "../credential-resolver.js";
import { createManualClock, startLocalAws } from "../testing/index.js";
import { defineCommand } from "./command.js";
import { toOutcome } from "./doctor/observations.js";
import { Report, type ReportOutput } from "./report.js";

const ACCOUNT = "123456789012";
const INVENTORY = `arn:aws:iam::${ACCOUNT}:role/Inventory`;
const AUDIT = `arn:aws:iam::444455556666:role/Audit`;
const ADMIN = `arn:aws:iam::${ACCOUNT}:role/Admin`;
const SCANNER = `arn:aws:iam::${ACCOUNT}:role/Scanner`;
const FORGOTTEN = `arn:aws:iam::${ACCOUNT}:role/Forgotten`;
const MINUTE = 60_000;
const INTRODUCTION =
  "aws-rolecall on a local AWS simulator: IMDSv2 and STS on loopback, every signature verified, a manual clock.";

export const command = defineCommand(
  {
    about: [
      "Demonstrates the library on a local AWS simulator, without an AWS account or network access. Checks each claim " +
        "against the requests that the simulator received.",
    ],
    options: {},
    exitCodes: { 0: "All checks pass.", 1: "A check fails, or the SDK clients that the demo uses are not installed." },
    examples: ["npx aws-rolecall demo"],
  },
  (_, { stdout }) => runDemo(stdout),
);

/** @returns the exit code: 0 if every check passed */
export async function runDemo(output: ReportOutput): Promise<number> {
  const report = new Report(output, process.env);
  const sdk = await loadClients();
  if (!sdk) {
    report.line("The demo needs two SDK clients. Run: npm install @aws-sdk/client-ec2 @aws-sdk/client-dynamodb");
    return 1;
  }
  const { EC2Client, DescribeInstancesCommand, DynamoDBClient, ListTablesCommand } = sdk;
  const clock = createManualClock({ now: Date.now() });
  await using aws = await startLocalAws({
    clock,
    region: "eu-central-1",
    roles: [{ roleArn: INVENTORY }, { roleArn: AUDIT }, { roleArn: ADMIN }, { roleArn: SCANNER }],
  });
  isolateEnvironment(aws.env);
  await using resolver = createCredentialResolver({ runtime: clock });
  const instance = {
    roleArn: INVENTORY,
    region: "eu-central-1",
    allowedRoles: [INVENTORY, SCANNER, FORGOTTEN, "arn:aws:iam::444455556666:role/*"],
  };

  const describeInstances = async (command = {}) =>
    resolver.getClientForCommand(EC2Client, instance, command).send(new DescribeInstancesCommand({}));
  const listTables = async (command = {}) =>
    resolver.getClientForCommand(DynamoDBClient, instance, command).send(new ListTablesCommand({}));
  const actedAs = () => aws.requests.at(-1)?.session?.arn;
  const countSessions = (roleArn: string) => aws.count({ operation: "AssumeRole", roleArn, status: 200 });

  report.line(INTRODUCTION);

  report.heading("The instance names a role");
  await describeInstances();
  report.fact(aws.requests.at(-1)?.session?.roleArn === INVENTORY, `acted as ${actedAs()}`);

  report.heading("A command overrides it");
  await describeInstances({ roleArn: AUDIT, region: "us-east-1" });
  const overridden = aws.requests.at(-1);
  report.fact(
    overridden?.session?.roleArn === AUDIT && overridden.region === "us-east-1",
    `acted as ${actedAs()} in ${overridden?.region}`,
  );

  report.heading("An override that allowedRoles does not list");
  aws.clearRequests();
  const { error: refused } = await toOutcome(describeInstances({ roleArn: ADMIN }));
  report.fact(refused?.code === "ROLE_NOT_ALLOWED", `${refused?.code}: ${refused?.message}`);
  report.fact(aws.count() === 0, `${aws.count()} network calls`);

  report.heading("100 concurrent commands with a new role, three regions, two client classes");
  const regions = ["eu-central-1", "us-east-1", "ap-southeast-2"];
  await Promise.all(
    Array.from({ length: 100 }, (_, index) => {
      const command = { roleArn: SCANNER, region: regions[index % 3] };
      return index % 2 ? describeInstances(command) : listTables(command);
    }),
  );
  const served = aws.count({ target: "service", status: 200 });
  const shared = countSessions(SCANNER);
  report.fact(
    served === 100 && shared === 1,
    `${served} commands served by ${shared} AssumeRole ${shared === 1 ? "call" : "calls"}`,
  );

  report.heading("55 minutes pass: the session is refreshed without delaying a command");
  aws.clearRequests();
  const before = resolver.stats();
  for (let minute = 0; minute < 55; minute += 5) {
    await clock.advance(5 * MINUTE);
    await describeInstances();
  }
  const after = resolver.stats();
  const waits = after.misses + after.joined - before.misses - before.joined;
  report.fact(
    waits === 0 && countSessions(INVENTORY) === 1,
    `11 commands, ${countSessions(INVENTORY)} refresh, ${waits} waits`,
  );

  report.heading("STS is down for 10 minutes while the session is due for a refresh");
  await clock.advance(40 * MINUTE);
  aws.clearRequests();
  const outage = aws.fault({ on: { target: "sts" }, status: 503, code: "ServiceUnavailable" });
  for (let minute = 0; minute < 10; minute++) {
    await describeInstances();
    await clock.advance(MINUTE);
  }
  const failed = aws.count({ operation: "AssumeRole", roleArn: INVENTORY, status: 503 });
  const servedInOutage = aws.count({ target: "service", status: 200 });
  report.fact(
    servedInOutage === 10 && failed > 0,
    `${servedInOutage} of 10 commands served with valid credentials, ${failed} AssumeRole calls failed`,
  );
  outage.clear();
  await clock.advance(2 * MINUTE);
  report.fact(countSessions(INVENTORY) === 1, "refreshed in the background once STS was back");

  report.heading("A role that STS denies");
  aws.clearRequests();
  const { error: denied } = await toOutcome(describeInstances({ roleArn: FORGOTTEN }));
  await toOutcome(describeInstances({ roleArn: FORGOTTEN }));
  const asked = aws.count({ target: "sts" });
  report.fact(denied?.code === "ASSUME_ROLE_DENIED", `${denied?.code} for ${denied?.roleArn}`);
  report.detail(denied?.hint ?? "");
  report.fact(asked === 1, `2 commands, ${asked} STS ${asked === 1 ? "call" : "calls"}`);

  report.line(report.failures === 0 ? "\nAll checks passed." : `\n${report.failures} of the checks failed.`);
  return report.failures === 0 ? 0 : 1;
}

/** The demo's SDK clients, which are not dependencies of the library. */
async function loadClients() {
  try {
    return { ...(await import("@aws-sdk/client-ec2")), ...(await import("@aws-sdk/client-dynamodb")) };
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Keeps the user's own AWS configuration from sending a request anywhere else. */
function isolateEnvironment(localAws: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith("AWS_")) delete process.env[name];
  }
  Object.assign(process.env, localAws, {
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  });
}
