import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromEnv } from "@aws-sdk/credential-provider-env";
import { fromHttp } from "@aws-sdk/credential-provider-http";
import { fromIni } from "@aws-sdk/credential-provider-ini";
import { fromTokenFile } from "@aws-sdk/credential-provider-web-identity";
import type { AwsCredentialIdentityProvider } from "@aws-sdk/types";
import { fromInstanceMetadata } from "@smithy/credential-provider-imds";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createCredentialResolver, type IntegrationInstance } from "../../src/index.js";
import { createManualClock, type LocalAws, type LocalPlatformName, startLocalAws } from "../../src/testing/index.js";
import { type Cell, countAtMost, expectTable } from "../support/generated-part.js";
import { HOUR, MINUTE } from "../support/local.js";

const USER = "arn:aws:iam::111122223333:user/developer";

/** One source, and the SDK's own provider for it. */
interface Source {
  readonly title: string;
  readonly credentials: IntegrationInstance["credentials"];
  readonly platform: LocalPlatformName;
  /** Without waits between its attempts. */
  readonly sdk: () => AwsCredentialIdentityProvider;
  readonly sdkName: string;
  readonly fails: string;
  readonly breakIt: (aws: LocalAws) => void;
}

const failWith500 = (target: "imds" | "container" | "sts") => (aws: LocalAws) => {
  aws.fault({ on: { target }, kind: "status", status: 500 });
};

const SOURCES: readonly Source[] = [
  {
    title: '`"Ec2InstanceMetadata"`',
    credentials: "Ec2InstanceMetadata",
    platform: "EC2",
    sdk: () => fromInstanceMetadata(),
    sdkName: "fromInstanceMetadata",
    fails: "status 500",
    breakIt: failWith500("imds"),
  },
  {
    title: '`"EcsContainer"`',
    credentials: "EcsContainer",
    platform: "EKSPodIdentity",
    sdk: () => fromHttp({ timeout: 50 }),
    sdkName: "fromHttp",
    fails: "status 500",
    breakIt: failWith500("container"),
  },
  {
    title: '`"WebIdentity"`',
    credentials: "WebIdentity",
    platform: "IRSA",
    sdk: () => fromTokenFile({ clientConfig: { region: "eu-central-1" } }),
    sdkName: "fromTokenFile",
    fails: "status 500",
    breakIt: failWith500("sts"),
  },
  {
    title: '`"Environment"`',
    credentials: "Environment",
    platform: "Lambda",
    sdk: () => fromEnv(),
    sdkName: "fromEnv",
    fails: "no `AWS_SECRET_ACCESS_KEY`",
    breakIt: () => vi.stubEnv("AWS_SECRET_ACCESS_KEY", undefined),
  },
  {
    title: "`{ profile }`",
    credentials: { profile: "work" },
    platform: "EC2",
    sdk: () => fromIni({ profile: "work", ignoreCache: true }),
    sdkName: "fromIni",
    fails: "no such profile",
    breakIt: () => vi.stubEnv("AWS_CONFIG_FILE", "/nowhere"),
  },
];

async function setUp({ platform }: Source) {
  const clock = createManualClock({ now: Date.now(), env: process.env });
  const aws = await startLocalAws({ clock, region: "eu-central-1" });
  const directory = await mkdtemp(join(tmpdir(), "rolecall-sdk-"));
  const { accessKeyId, secretAccessKey } = aws.issueUserKeys({ userArn: USER });
  const config = join(directory, "config");
  await writeFile(
    config,
    `[profile work]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\n`,
  );
  const env = { ...aws.platform(platform).env, AWS_CONFIG_FILE: config, AWS_REGION: "eu-central-1" };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const resolver = createCredentialResolver({ runtime: clock });
  onTestFinished(async () => {
    await resolver.close();
    await aws.close();
    await rm(directory, { recursive: true });
  });
  return { aws, clock, resolver };
}

/** The requests that `act` makes, apart from the question who somebody is. */
async function requestsOf(aws: LocalAws, act: () => Promise<unknown>): Promise<string[]> {
  const before = aws.requests.length;
  await act();
  return aws.requests.slice(before).map(({ target, operation }) => `${target} ${operation ?? ""}`.trim());
}

async function arnOf(credentials: AwsCredentialIdentityProvider): Promise<string> {
  const client = new STSClient({ region: "eu-central-1", credentials });
  onTestFinished(() => client.destroy());
  return String((await client.send(new GetCallerIdentityCommand({}))).Arn);
}

/** Without the name of the session, which each program chooses. */
function withoutSession(arn: string): string {
  return arn.replace(/(:assumed-role\/[^/]+)\/.*/, "$1");
}

describe("a source beside the SDK's own provider", () => {
  const rows = new Map<string, Cell[]>();

  it.each(SOURCES.map((source): [string, Source] => [source.title, source]))("%s", async (title, source) => {
    const { aws, clock, resolver } = await setUp(source);
    const instance = { credentials: source.credentials };
    const asks = await requestsOf(aws, () => resolver.resolve(instance));
    const sdkAsks = await requestsOf(aws, async () => source.sdk()());
    expect(asks.toSorted(), "the same requests").toEqual(sdkAsks.toSorted());

    const { arn } = await resolver.verify(instance);
    expect(withoutSession(await arnOf(source.sdk()))).toBe(withoutSession(arn));

    const inADay = await requestsOf(aws, async () => {
      for (let minute = 0; minute < 24 * 60; minute += 5) {
        await clock.advance(5 * MINUTE);
        await resolver.resolve(instance);
      }
    });

    await clock.advance(24 * HOUR);
    source.breakIt(aws);
    const outcomeOf = async (act: () => Promise<unknown>) => {
      let outcome = "";
      const requests = await requestsOf(aws, async () => {
        outcome = await act().then(
          () => "credentials",
          (error) => `\`${error.code ?? error.name}\``,
        );
      });
      return `${outcome}, ${requests.length} requests`;
    };
    const running = setInterval(() => void clock.advance(200), 5);
    onTestFinished(() => clearInterval(running));
    const other = createCredentialResolver({ runtime: clock });
    onTestFinished(() => other.close());
    const ours = await outcomeOf(() => other.resolve(instance));
    const theirs = await outcomeOf(async () => source.sdk()());
    rows.set(title, [
      title,
      source.sdkName,
      describeRequests(asks),
      countAtMost(asks.length === 0 ? 0 : inADay.length / asks.length),
      source.fails,
      ours,
      theirs,
    ]);
  });

  it("is listed in docs/sources.md (ROLECALL_WRITE_DOCS=1 updates it)", () => {
    const head = [
      "source",
      "the SDK's provider",
      "requests of both",
      "reads in a day",
      "failure",
      "the library's result",
      "the SDK provider's result",
    ];
    expectTable({ page: "sources.md", name: "sources beside the SDK" }, head, [...rows.values()]);
  });
});

function describeRequests(requests: readonly string[]): string {
  return requests.length === 0 ? "nothing" : requests.join(", ");
}
