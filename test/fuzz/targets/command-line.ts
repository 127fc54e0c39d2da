import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { runCli } from "../../../src/cli/run.js";
import { anyOf, callWith, type RecipeArbitrary } from "../arbitraries.js";
import { EXTERNAL_ID, GUARDED_ROLE, HUSH, PROXY, ROLE, SECRET_KEY } from "../cast.js";
import type { Lab } from "../lab.js";
import { hasControlCharacters, judgeText } from "../oracles.js";
import { json, type Recipe } from "../recipe.js";
import type { Target } from "../target.js";

interface Run {
  readonly code: unknown;
  readonly output: string;
  readonly errors: string;
}

/** Runs a command like `rolecall` does, and captures its output. */
async function run(lab: Lab, args: readonly string[]): Promise<Run> {
  const written = { output: "", errors: "" };
  const to = (name: keyof typeof written) => ({
    write(text: string) {
      written[name] += text;
    },
  });
  const env = { ...lab.aws.env, AWS_REGION: "eu-central-1", HOME: lab.folder };
  const code = await runCli(args, {
    stdout: to("output"),
    stderr: to("errors"),
    env,
    runProgram: async () => ({ kind: "ended", exitCode: 0 }),
    onSignal: () => () => {},
  });
  return { code, ...written };
}

function judgeRun(_lab: Lab, _args: unknown[], value: unknown): string[] {
  const { code, output, errors } = value as Run;
  const printed = output + errors;
  return [
    ...(Number.isInteger(code) && (code as number) >= 0 && (code as number) <= 7
      ? []
      : [`the exit code is ${String(code)}`]),
    ...(code !== 0 && errors === "" ? ["it failed and did not say why"] : []),
    ...(hasControlCharacters(printed.replaceAll("\n", ""))
      ? [`control characters are printed: ${JSON.stringify(printed)}`]
      : []),
  ];
}

const word = fc.constantFrom(
  ...[
    "explain",
    "policy",
    "cache",
    "credential-process",
    "doctor",
    "demo",
    "identity",
    "trust",
    "ec2-trust",
    "ecs-trust",
    "irsa-trust",
    "permissions",
    "list",
  ],
  ...[
    "--help",
    "-h",
    "--json",
    "--config",
    "--region",
    "--role-arn",
    "--principal",
    "--format",
    "--variant",
    "--action",
  ],
  ...[
    "--role-session-name",
    "--role-session-duration",
    "--external-id",
    "--author-tag",
    "--source-identity",
    "--partition",
    "--commands",
    "--command",
  ],
  ...[
    "--directory=/dev/null/x",
    "--store",
    "none",
    "--print-secrets-to-terminal",
    "--unknown",
    "--",
    "-",
    "-x",
    "--json=1",
  ],
  ...[ROLE, GUARDED_ROLE, "eu-central-1", "json", "terraform", "900", "/nowhere", "/", "__proto__", "constructor", ""],
);
const argument = fc.oneof({ weight: 6, arbitrary: word }, { weight: 1, arbitrary: fc.string({ unit: "binary" }) });
/** Commands that call AWS fail early, because the role does not exist. */
const first = fc.constantFrom(
  "explain",
  "policy",
  "cache",
  "credential-process",
  "doctor",
  "demo",
  "--help",
  "__proto__",
);
const commandLine: RecipeArbitrary = fc
  .tuple(
    fc.oneof({ weight: 9, arbitrary: first }, { weight: 1, arbitrary: argument }),
    fc.array(argument, { maxLength: 6 }),
  )
  // The demo without a mistake plays an hour, and the doctor walks through the machine: both have tests of their own.
  .map(([name, rest]) => (name === "demo" || name === "doctor" ? [name, "--unknown", ...rest] : [name, ...rest]))
  .map((words): Recipe => ({ is: "list", items: words.map(json) }));

const secret = (value: string) =>
  fc.constantFrom<unknown>(value, [value], { secret: value }, JSON.stringify({ secret: value }));
const entry = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      "roleArn",
      "region",
      "tags",
      "policy",
      "policyArns",
      "roleSessionDuration",
      "__proto__",
      "then",
      "x",
    ),
    fc.oneof(fc.constantFrom<unknown>(ROLE, "eu-central-1", 900, [ROLE]), fc.jsonValue()),
  ),
  fc.tuple(fc.constantFrom("externalId", "allowedRoles"), secret(EXTERNAL_ID)),
  fc.tuple(fc.constant("allowedRoles"), fc.constant([{ roleArn: ROLE, externalId: EXTERNAL_ID }])),
  fc.tuple(fc.constantFrom("credentials", "network"), secret(SECRET_KEY)),
  fc.tuple(
    fc.constant("network"),
    secret(PROXY).map((proxy) => ({ proxy })),
  ),
  fc.tuple(
    fc.constant("credentials"),
    secret(SECRET_KEY).map((secretAccessKey) => ({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey })),
  ),
);
const configuration = fc.oneof(
  fc.array(entry, { maxLength: 3 }).map(toJson),
  fc.constantFrom(
    "",
    "null",
    "[]",
    "{",
    `{"externalId":"${HUSH}"`,
    `"${HUSH}"`,
    "\ufeff{}",
    "[".repeat(100_000),
    "1e999",
  ),
  fc.json(),
  fc.string({ unit: "binary" }),
);

/** Keys such as `__proto__`, and repeated keys, are possible in JSON but not in an object literal. */
function toJson(entries: readonly (readonly [string, unknown])[]): string {
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
}

export const commandLineTargets: readonly Target[] = [
  {
    name: "command line",
    input: callWith(commandLine),
    attempt: (lab, [words]) => run(lab, words as string[]),
    judge: judgeRun,
  },
  {
    name: "instance file",
    input: callWith(configuration.map(json), anyOf("explain", "policy")),
    attempt(lab, [text, name]) {
      const path = join(lab.folder, "instance.json");
      writeFileSync(path, text as string);
      const kind = name === "policy" ? ["identity"] : [];
      return run(lab, [name as string, ...kind, "--config", path]);
    },
    judge(lab, args, value) {
      const { output, errors } = value as Run;
      // A setup policy names the instance's tags. An external id appears only in a trust policy.
      return [...judgeRun(lab, args, value), ...judgeText("the output", output + errors, [])];
    },
  },
];
