import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCredentialResolver, setDefaultResolver } from "aws-rolecall";
import { createManualClock, type LocalAwsOptions, startLocalAws } from "aws-rolecall/testing";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  countInstancesEverywhere,
  customers,
  listBucketsFor,
  listBucketsOnMinio,
  presignDownload,
} from "../../docs/examples/faq.js";
import { drawAdvisoryPoint, EXPIRY_MARGIN, ROLE_RULES } from "../../src/session/refresh-policy.js";
import { runRolecall } from "../cli/run-rolecall.js";
import { read } from "./code-blocks.js";

const PAGE = "docs/faq.md";
const INVENTORY = "arn:aws:iam::123456789012:role/Inventory";
const GLOBEX = "arn:aws:iam::444455556666:role/Inventory";
const instance = { roleArn: INVENTORY, region: "eu-central-1" };
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const OUTAGE = 20 * MINUTE;
const ALMOST_ONE = 1 - Number.EPSILON;

beforeEach(() => setDefaultResolver(undefined));

/** A local AWS for this process, and a default resolver, on one manual clock. */
async function setUp(options: LocalAwsOptions = {}) {
  const clock = createManualClock({ now: Date.now() });
  const aws = await startLocalAws({
    clock,
    processEnv: true,
    roles: [{ roleArn: INVENTORY, maxSessionDuration: 43_200 }],
    ...options,
  });
  const resolver = createCredentialResolver({ runtime: clock });
  setDefaultResolver(resolver);
  onTestFinished(async () => {
    setDefaultResolver(undefined);
    await resolver.close();
    await aws.close();
  });
  return { aws, clock, resolver };
}

describe("the questions", () => {
  const questions = [...read(PAGE).matchAll(/^## (.+)$/gm)].map(([, title = ""]) => title);

  it("are listed at the top, each with a link", () => {
    const list = [...read(PAGE).matchAll(/^- \[([^\]]+)\]\(#[^)]+\)$/gm)].map(([, title]) => title);
    expect(list).toEqual(questions);
    expect(questions).toHaveLength(25);
    expect(read(PAGE).indexOf("\n- [")).toBeLessThan(read(PAGE).indexOf("\n## "));
  });

  it("are answered before the first example, table or list, in two sentences", () => {
    const answers = read(PAGE)
      .split(/^## .+\n\n/m)
      .slice(1)
      .map((text) => text.split("\n\n")[0] ?? "");
    const sentences = answers.map((text) => text.split(/[.:?;] (?=[A-Z`[])/).length);
    expect(answers.filter((text) => /^[|`-]{1,3}[\s`|]/.test(text))).toEqual([]);
    expect(sentences.filter((count) => count < 2)).toEqual([]);
  });
});

describe("a pod with its own role", () => {
  const explain = async (credentials: string, env: Record<string, string>) => {
    const folder = await mkdtemp(join(tmpdir(), "rolecall-faq-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const config = join(folder, "instance.json");
    await writeFile(config, JSON.stringify({ ...instance, ...(credentials && { credentials }) }));
    const { output, errors } = await runRolecall(["explain", "--config", config], env);
    return output.split("\n")[0] || errors;
  };
  const announced = { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials" };

  it("never acts as the node if it announces its role and the line is missing", async () => {
    expect(await explain("", announced)).toContain("the environment announces a container's role");
  });

  it.each([
    ["Ec2InstanceMetadata", announced, /^base identity +the instance profile/],
    ["Runtime", {}, /^base identity +the instance profile/],
    ["Runtime", announced, /^base identity +the container's credential endpoint/],
    [
      "EcsContainer",
      {},
      /neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set/,
    ],
  ])("with %j and %j, the first line of rolecall explain says what it acts as", async (line, env, first) => {
    expect(await explain(line, env)).toMatch(first);
  });
});

describe("an external id for each customer", () => {
  it("is sent for that customer's role only", async () => {
    const { aws, resolver } = await setUp({
      roles: [
        { roleArn: INVENTORY, externalId: "acme-4711" },
        { roleArn: GLOBEX, externalId: "globex-0815" },
      ],
    });
    for (const roleArn of [INVENTORY, GLOBEX]) await resolver.resolve(customers, { roleArn });
    const sent = aws.requests.filter(({ operation }) => operation === "AssumeRole");
    expect(sent.map(({ parameters }) => parameters?.ExternalId)).toEqual(["acme-4711", "globex-0815"]);
  });
});

it("a run over all accounts returns the results, and prints the accounts that failed", async () => {
  await setUp({
    organization: {
      accounts: ["123456789012", { id: "444455556666", memberRoles: false }],
      memberRoles: [{ roleName: "Audit" }],
    },
  });
  const stderr = vi.spyOn(console, "error").mockReturnValue();
  onTestFinished(() => stderr.mockRestore());
  const accounts = { roleName: "Audit", organization: { exclude: ["111122223333"] } };
  expect(await countInstancesEverywhere({ region: "eu-central-1", accounts })).toEqual([1]);
  expect(stderr.mock.calls).toEqual([["444455556666", "eu-central-1", "ASSUME_ROLE_DENIED"]]);
});

describe("a presigned URL", () => {
  it("is signed with a session that outlives it", async () => {
    const { aws, clock } = await setUp();
    clock.setRandom(() => ALMOST_ONE); // the refresh is due as late as possible
    await presignDownload(instance, { key: "latest.csv" });
    await clock.advance(46 * MINUTE);
    const url = new URL(await presignDownload(instance, { key: "latest.csv" }));
    expect(aws.count({ operation: "AssumeRole" })).toBe(2);
    expect(url.searchParams.get("X-Amz-Expires")).toBe("900");
  });
});

it("the user, the command and the integration are visible to CloudTrail", async () => {
  const { aws } = await setUp();
  await listBucketsFor("ada@example.com", { ...instance, integration: "inventory" }, {});
  const assumed = aws.requests.find(({ operation }) => operation === "AssumeRole");
  expect(assumed?.parameters).toMatchObject({
    SourceIdentity: "ada@example.com",
    "Tags.member.1.Key": "command",
    "Tags.member.1.Value": "list-buckets",
  });
  expect(aws.requests.at(-1)).toMatchObject({ service: "s3", userAgent: expect.stringContaining("inventory") });
});

describe("MinIO", () => {
  it("works with keys and without a role", async () => {
    const { aws } = await setUp();
    const { accessKeyId, secretAccessKey } = aws.issueUserKeys({ userArn: "arn:aws:iam::111122223333:user/minio" });
    vi.stubEnv("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    await listBucketsOnMinio(aws.endpoint, accessKeyId, secretAccessKey);
    expect(aws.requests).toMatchObject([{ service: "s3", status: 200, session: { accessKeyId } }]);
  });

  it("an answer of AssumeRole that names no role is refused, as the page says", async () => {
    const { aws, clock, resolver } = await setUp();
    const keys = "<AccessKeyId>Y4RJU1RNFGK48LGO9I2S</AccessKeyId><SecretAccessKey>example-secret</SecretAccessKey>";
    const expiration = new Date(clock.now() + HOUR).toISOString();
    const set = `<Credentials>${keys}<Expiration>${expiration}</Expiration><SessionToken>example-token</SessionToken></Credentials>`;
    const user = "<AssumedRoleUser><Arn/><AssumeRoleId/></AssumedRoleUser>";
    const body = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>${user}${set}</AssumeRoleResult></AssumeRoleResponse>`;
    aws.fault({ on: { target: "sts" }, kind: "body", contentType: "text/xml", body });
    const code = /refuses it with `(\w+)`/.exec(read(PAGE))?.[1];
    const refused = expect(resolver.resolve(instance)).rejects.toMatchObject({ code });
    await clock.advance(10 * SECOND);
    await refused;
  });
});

/** Such as `39 min 50 s`. */
const inWords = (ms: number) =>
  `${Math.floor(ms / MINUTE)} min${ms % MINUTE === 0 ? "" : ` ${(ms % MINUTE) / SECOND} s`}`;

describe("twenty minutes without STS", () => {
  const earliest = drawAdvisoryPoint(HOUR, ROLE_RULES, 0);
  const latest = drawAdvisoryPoint(HOUR, ROLE_RULES, ALMOST_ONE);
  const end = HOUR - EXPIRY_MARGIN;

  it("the page's numbers follow from the refresh policy", () => {
    const page = read(PAGE);
    expect(page).toContain(`is less than ${inWords(end - OUTAGE)} old | all succeed`);
    for (const due of [earliest, latest]) {
      expect(page).toMatch(
        new RegExp(`is ${inWords(due)} old and not yet refreshed.* fail in the last ${inWords(due + OUTAGE - end)} `),
      );
    }
    const left = 2 * HOUR - EXPIRY_MARGIN - drawAdvisoryPoint(2 * HOUR, ROLE_RULES, ALMOST_ONE);
    expect(page).toContain(`at least ${inWords(left)} left when its refresh is due`);
    expect(left).toBeGreaterThan(OUTAGE);
  });

  /** One command a minute, from the session's issue on. Returns the minutes of the outage in which one failed. */
  async function live(begins: number, roleSessionDuration?: number) {
    const { aws, clock, resolver } = await setUp();
    clock.setRandom(() => ALMOST_ONE); // the refresh is due as late as possible
    const settings = { ...instance, ...(roleSessionDuration && { roleSessionDuration }) };
    const command = () =>
      resolver.resolve(settings).then(
        () => true,
        () => false,
      );
    expect(await command()).toBe(true);
    for (let age = 0; age < begins; age += MINUTE) {
      await clock.advance(MINUTE);
      expect(await command()).toBe(true);
    }
    const { clear } = aws.fault({ on: { target: "sts" }, status: 503, code: "ServiceUnavailable" });
    const failed: number[] = [];
    for (let minute = 1; minute <= 20; minute++) {
      await clock.advance(50 * SECOND);
      const outcome = command();
      await clock.advance(10 * SECOND);
      if (!(await outcome)) failed.push(minute);
    }
    clear();
    const after = command();
    await clock.settle();
    return { failed, recovered: await after };
  }

  it("are not noticed by a session that is young enough", async () => {
    expect(await live(39 * MINUTE)).toEqual({ failed: [], recovered: true });
  });

  it("are noticed by a session that was about to be refreshed, until STS is back", async () => {
    const { failed, recovered } = await live(52 * MINUTE);
    const expired = end - 52 * MINUTE; // after the outage began
    expect(failed).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1).filter((minute) => minute * MINUTE > expired),
    );
    expect(recovered).toBe(true);
  });

  it("are not noticed with sessions of two hours", async () => {
    expect(await live(89 * MINUTE, 7200)).toEqual({ failed: [], recovered: true });
  });
});

it("the costs on the page are those in the README, which the benchmarks measure", () => {
  const [, costs = ""] = /^## What does it cost[^\n]*\n([\s\S]*?)^## /m.exec(read(PAGE)) ?? [];
  const readme = read("README.md");
  const numbers = costs.match(/[\d.]+ (?:µs|KiB)|\d+–\d+%/g) ?? [];
  expect(numbers.length).toBeGreaterThan(5);
  expect(numbers.filter((number) => !readme.includes(number))).toEqual([]);
  expect(readme).toContain("make one AssumeRole call and three requests for instance metadata");
  expect(read("docs/sharing-sessions.md")).toContain("1.2 per process");
});
