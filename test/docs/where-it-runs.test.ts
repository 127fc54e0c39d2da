import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createCredentialResolver, setDefaultResolver } from "aws-rolecall";
import { createManualClock, type LocalAws, type LocalAwsOptions, startLocalAws } from "aws-rolecall/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { parse } from "yaml";
import { writeGitHubToken } from "../../docs/examples/github-token.js";
import { handler } from "../../docs/examples/lambda.js";
import { runRolecall } from "../cli/run-rolecall.js";
import { blocksOf, read } from "./code-blocks.js";

const PAGE = "docs/where-it-runs.md";
const INVENTORY = "arn:aws:iam::123456789012:role/Inventory";
const DEVELOPER = "arn:aws:iam::111122223333:user/developer";
const GITHUB_ROLE = "arn:aws:iam::111122223333:role/github-inventory";
const GITLAB_ROLE = "arn:aws:iam::111122223333:role/gitlab-inventory";
const GITHUB_SUBJECT = "repo:octo-org/octo-repo:ref:refs/heads/main";
const HOUR = 3_600_000;

const lines = read(PAGE).split("\n");
const sections = lines.flatMap((line, index) =>
  line.startsWith("## ") ? [{ title: line.slice(3), line: index }] : [],
);
const blocks = blocksOf(PAGE);

/** The blocks of one language under a heading. */
function blocksUnder(title: string, language: string): string[] {
  const index = sections.findIndex((section) => section.title === title);
  const [from, to] = [sections[index]?.line ?? Number.NaN, sections[index + 1]?.line ?? lines.length];
  return blocks.filter((block) => block.language === language && block.line > from && block.line < to).map(textOf);
}
const textOf = ({ text }: { text: string }) => text;

const policyOfGitHub = JSON.parse(blocksUnder("GitHub Actions", "json")[0] ?? "");
const policyOfGitLab = {
  ...policyOfGitHub,
  Statement: [
    {
      Effect: "Allow",
      Principal: { Federated: "arn:aws:iam::111122223333:oidc-provider/gitlab.com" },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: {
        StringEquals: {
          "gitlab.com:aud": "https://gitlab.com",
          "gitlab.com:sub": "project_path:octo-org/octo-repo:ref_type:branch:ref:main",
        },
      },
    },
  ],
};

interface Place {
  readonly aws?: LocalAwsOptions;
  /** The variables of the process, beside those that lead to the local AWS. */
  readonly env?: (aws: LocalAws, folder: string) => Promise<Record<string, string>>;
}

async function start({ aws: options, env }: Place) {
  const trustedPrincipals = [DEVELOPER, GITHUB_ROLE, GITLAB_ROLE].concat(
    ["instance-profile", "ecs-task", "eks-pod", "web-identity", "lambda"].map(
      (name) => `arn:aws:iam::111122223333:role/rolecall-${name}`,
    ),
  );
  const { roles = [], ...others } = options ?? {};
  const aws = await startLocalAws({ roles: [{ roleArn: INVENTORY, trustedPrincipals }, ...roles], ...others });
  const folder = await mkdtemp(join(tmpdir(), "rolecall-where-"));
  onTestFinished(async () => {
    await aws.close();
    await rm(folder, { recursive: true });
  });
  const isolated = { AWS_CONFIG_FILE: "/dev/null", AWS_SHARED_CREDENTIALS_FILE: "/dev/null" };
  const variables = { ...isolated, ...aws.env, ...(await env?.(aws, folder)) };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  return { aws, folder, variables };
}

/** What differs between this machine and the page. */
const asShown = (output: string, region = "169.254.170.2") =>
  output
    .replaceAll(hostname(), "engine-1")
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, `http://${region}`)
    .replaceAll(/\b(ASIA|AKIA)[A-Z0-9]{16}\b/g, "ASIAEXAMPLEEXAMPLE00");

async function doctor({ folder, variables }: Awaited<ReturnType<typeof start>>, settings: string) {
  const config = join(folder, "instance.json");
  await writeFile(config, settings);
  return runRolecall(["doctor", "--config", config], variables);
}

/** One section of the page, where its file is used, and the agent's address there. */
const PLACES: Record<string, Place & { readonly agent?: string }> = {
  EC2: {},
  "ECS and Fargate": { aws: { platform: "ECS" } },
  "EKS with Pod Identity": { aws: { platform: "EKSPodIdentity" }, agent: "169.254.170.23" },
  "EKS with IRSA": { aws: { platform: "IRSA" } },
  Lambda: { aws: { platform: "Lambda" } },
  "Your laptop": {
    env: async (aws, folder) => {
      const { accessKeyId, secretAccessKey } = aws.issueUserKeys({ userArn: DEVELOPER });
      const config = join(folder, "config");
      const keys = `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
      await writeFile(config, `[profile work]\n${keys}`);
      return { AWS_CONFIG_FILE: config };
    },
  },
  "GitHub Actions": {
    aws: { roles: [{ roleArn: GITHUB_ROLE, allowAssumeRole: [INVENTORY] }] },
    env: async (aws) => {
      const keys = aws.issueSession({ roleArn: GITHUB_ROLE, roleSessionName: "GitHubActions" });
      return {
        AWS_ACCESS_KEY_ID: keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
        AWS_SESSION_TOKEN: keys.sessionToken ?? "",
        AWS_REGION: "eu-central-1",
      };
    },
  },
  "GitLab and other CI systems": {
    aws: {
      oidcIssuer: { url: "https://gitlab.com", audiences: ["https://gitlab.com"] },
      roles: [{ roleArn: GITLAB_ROLE, trustPolicy: policyOfGitLab, allowAssumeRole: [INVENTORY] }],
    },
    env: async (aws, folder) => {
      const { inventory } = parse(blocksUnder("GitLab and other CI systems", "yaml")[0] ?? "");
      const [idToken, { aud }] = Object.entries<{ aud: string }>(inventory.id_tokens)[0] ?? ["", { aud: "" }];
      const subject = policyOfGitLab.Statement[0]?.Condition.StringEquals["gitlab.com:sub"] ?? "";
      const file = join(folder, "aws-token");
      const variables = { ...inventory.variables, AWS_WEB_IDENTITY_TOKEN_FILE: file };
      const token = { [idToken]: aws.oidcIssuer.token({ subject, audience: aud }) };
      execFileSync("sh", ["-c", inventory.script[0]], { env: { ...variables, ...token } });
      return variables;
    },
  },
};

describe("the table of docs/where-it-runs.md", () => {
  const rows = [...read(PAGE).matchAll(/^\| .*?\[[^\]]+\]\(#([\w-]+)\).*? \| (.+) \|$/gm)];
  const anchorOf = (title: string) => title.toLowerCase().replaceAll(",", "").replaceAll(" ", "-");

  it("begins on the first screen and has the line of each section's file", () => {
    expect(rows.length).toBeGreaterThan(10);
    expect(lines.findIndex((line) => line.startsWith("| [EC2]"))).toBeLessThan(10);
    const fromFiles = Object.keys(PLACES).map((title) => {
      const { credentials } = JSON.parse(blocksUnder(title, "jsonc")[0] ?? "");
      return [anchorOf(title), credentials === undefined ? "leave it out" : codeOf(credentials)];
    });
    const fromTable = new Map(rows.map(([, anchor = "", line = ""]) => [anchor, line]));
    expect(fromFiles.map(([anchor = ""]) => [anchor, fromTable.get(anchor)])).toEqual(fromFiles);
  });

  it("has a section for each row", () => {
    const anchors = sections.map(({ title }) => anchorOf(title));
    expect(rows.map(([, anchor]) => anchor).filter((anchor) => !anchors.includes(anchor ?? ""))).toEqual([]);
  });
});

/** As the table writes a setting: `{ "profile": "work" }`. */
function codeOf(value: unknown): string {
  const json =
    typeof value === "string" ? JSON.stringify(value) : `{ ${JSON.stringify(value).slice(1, -1).replace(":", ": ")} }`;
  return `\`${json}\``;
}

describe("the file of a section", () => {
  it.each(Object.entries(PLACES))("makes the doctor print what the page shows: %s", async (title, place) => {
    const started = await start(place);
    const { output, code } = await doctor(started, blocksUnder(title, "jsonc")[0] ?? "");
    const shown = blocksUnder(title, "text")[0]?.trimEnd().split("\n") ?? [];
    expect(shown).toHaveLength(2);
    const printed = asShown(output, place.agent)
      .split("\n")
      .map((line) => line.trim());
    expect(printed).toEqual(expect.arrayContaining(shown));
    expect(code).toBe(0);
  });

  it("makes the doctor name the hop limit in a container on EC2", async () => {
    const started = await start({ aws: { imds: { hopLimitExceeded: true } } });
    const { output, code } = await doctor(started, blocksUnder("EC2", "jsonc")[0] ?? "");
    const shown = blocksUnder("A container on EC2", "text")[0]?.trimEnd().split("\n") ?? [];
    expect(output.split("\n").map((line) => line.trim())).toEqual(expect.arrayContaining(shown));
    expect(code).toBe(3);
  });

  it("makes the doctor name both lines if it has none, on ECS", async () => {
    const uri = "/v2/credentials/0123"; // as ECS announces it; the local AWS can't listen at that address
    const variables = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: uri, AWS_CONTAINER_CREDENTIALS_FULL_URI: "" };
    const started = await start({ aws: { platform: "ECS" }, env: async () => variables });
    const { output, code } = await doctor(started, blocksUnder("EC2", "jsonc")[0] ?? "");
    const shown = blocksUnder("If the line is missing", "text")[0]?.trimEnd().split("\n") ?? [];
    expect(shown.length).toBeGreaterThan(1);
    const printed = asShown(output)
      .split("\n")
      .map((line) => line.trim());
    expect(printed).toEqual(expect.arrayContaining(shown));
    expect(code).toBe(3);
    expect(started.aws.requests).toEqual([]);
  });
});

describe("the function of the page's Lambda section", () => {
  it("calls STS once for the invocations of an environment, also if it was frozen in between", async () => {
    const { aws } = await start({ aws: { platform: "Lambda" } });
    const clock = createManualClock({ now: Date.now(), env: process.env });
    await using resolver = createCredentialResolver({ runtime: clock });
    setDefaultResolver(resolver);
    onTestFinished(() => setDefaultResolver(undefined));

    await handler();
    clock.freeze(HOUR / 2);
    expect(await handler()).toEqual([expect.stringMatching(/^i-/)]);
    expect(aws.count({ operation: "AssumeRole" })).toBe(1);
    clock.freeze(HOUR);
    await handler();
    expect(aws.count({ operation: "AssumeRole" })).toBe(2);
  });
});

describe("GitHub Actions", () => {
  it("the job of the page may request a token, and assumes the role of the page", () => {
    const { permissions, jobs } = parse(blocksUnder("GitHub Actions", "yaml")[0] ?? "");
    const { steps } = jobs.inventory as { steps: { uses?: string; with?: Record<string, string> }[] };
    expect(permissions).toMatchObject({ "id-token": "write" });
    const [action] = steps.filter(({ uses = "" }) => uses.startsWith("aws-actions/configure-aws-credentials@"));
    expect(action?.with).toMatchObject({ "role-to-assume": GITHUB_ROLE });
  });

  const oidcIssuer = { url: "https://token.actions.githubusercontent.com" };
  const roles = [{ roleArn: GITHUB_ROLE, trustPolicy: policyOfGitHub, allowAssumeRole: [INVENTORY] }];

  /** The endpoint that a runner has for the OIDC tokens of its job. */
  async function startTokenEndpoint(aws: LocalAws, subject: string) {
    const asked: string[] = [];
    const server = createServer(({ url = "", headers }, response) => {
      const audience = new URL(url, "http://localhost").searchParams.get("audience") ?? "";
      asked.push(`${headers.authorization} ${url}`);
      const isAllowed = headers.authorization === "bearer job-token";
      const value = isAllowed ? aws.oidcIssuer.token({ subject, audience, expiresIn: 300_000 }) : undefined;
      response.writeHead(isAllowed ? 200 : 401).end(JSON.stringify({ value }));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/token?api-version=2`;
    return { asked, env: { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: "job-token" } };
  }

  async function runJob(subject: string) {
    const { aws, folder } = await start({ aws: { oidcIssuer, roles } });
    const { asked, env } = await startTokenEndpoint(aws, subject);
    const file = join(folder, "aws-token");
    await writeGitHubToken(file, env);
    vi.stubEnv("AWS_ROLE_ARN", GITHUB_ROLE);
    vi.stubEnv("AWS_WEB_IDENTITY_TOKEN_FILE", file);
    const resolver = createCredentialResolver();
    onTestFinished(() => resolver.close());
    const instance = { roleArn: INVENTORY, region: "eu-central-1", credentials: "WebIdentity" } as const;
    return { asked, env, file, verified: resolver.verify(instance) };
  }

  it("the function of the page writes a token that the role of the page trusts", async () => {
    const { asked, file, verified } = await runJob(GITHUB_SUBJECT);
    expect((await verified).base.arn).toContain("assumed-role/github-inventory/");
    expect((await verified).arn).toContain("assumed-role/Inventory/");
    expect(asked).toEqual(["bearer job-token /token?api-version=2&audience=sts.amazonaws.com"]);
    expect(await readFile(file, "utf8")).not.toContain("\n");
  });

  it.each(["repo:octo-org/octo-repo:ref:refs/heads/feature", "repo:someone-else/octo-repo:ref:refs/heads/main"])(
    "the role of the page does not trust the token of %s",
    async (subject) => {
      const { verified } = await runJob(subject);
      await expect(verified).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED", step: "base-identity" });
    },
  );

  it("the function of the page fails if GitHub issues no token", async () => {
    const { env, file, verified } = await runJob(GITHUB_SUBJECT);
    await verified;
    const before = await readFile(file, "utf8");
    const refused = { ...env, ACTIONS_ID_TOKEN_REQUEST_TOKEN: "another" };
    await expect(writeGitHubToken(file, refused)).rejects.toThrow("GitHub issued no token: status 401");
    expect(await readFile(file, "utf8")).toBe(before);
  });
});

it("a token file that ends in a line break is an error that says so", async () => {
  const { aws, folder } = await start({ aws: { platform: "IRSA" } });
  const file = join(folder, "token");
  await writeFile(file, `${aws.oidcIssuer.token()}\n`);
  vi.stubEnv("AWS_WEB_IDENTITY_TOKEN_FILE", file);
  await using resolver = createCredentialResolver();
  await expect(resolver.verify({ region: "eu-central-1", credentials: "WebIdentity" })).rejects.toThrow(
    "contains a line break",
  );
});
