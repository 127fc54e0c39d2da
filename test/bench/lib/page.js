import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { parse, View } from "vega";
import { compile } from "vega-lite";
import { boto3Version } from "./boto3.js";

const versionOf = (name) =>
  JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), "utf8")).version;

const NAMED = [
  "aws-rolecall",
  "@aws-sdk/client-sts",
  "@aws-sdk/client-ec2",
  "@aws-sdk/credential-providers",
  "@smithy/core",
  "@smithy/credential-provider-imds",
  "@backstage/integration-aws-node",
  "@middy/sts",
  "lru-cache",
  "p-limit",
  "p-retry",
];

/** The whole of docs/benchmarks.md. */
export function toPage(results, { rounds }) {
  const versions = NAMED.map((name) => `${name} ${versionOf(name)}`);
  const boto3 = boto3Version();
  if (boto3 !== undefined) versions.push(`boto3 ${boto3}`);
  const checks = results.flatMap(({ checks: of }) => of);
  return [
    "# Benchmarks",
    "",
    "This page compares the library with its alternatives. `npm run bench` generates it: it installs the alternatives, measures everything in one run and draws the plots. The metadata service and STS are the library's own local AWS, in a separate process, on loopback. Each contender runs in separate processes, interleaved with all others.",
    "",
    `- ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} × ${cpus()[0].model.trim()}, ${process.platform}`,
    `- medians of ${rounds} rounds (3 for memory and scale, 2 for counts and many accounts), with the minimum and maximum in parentheses`,
    `- ${versions.join(", ")}`,
    "",
    "Times depend on the machine. Compare the ratios and the counts.",
    "",
    "## Targets",
    "",
    "| what | target | measured | |",
    "|---|---|---|---|",
    ...checks.map(
      ({ what, target, measured, met }) => `| ${what} | ${target} | ${measured} | ${met ? "met" : "**not met**"} |`,
    ),
    "",
    ...results.flatMap(({ title, markdown, plots }) => [
      `## ${title}`,
      "",
      markdown.trim(),
      "",
      ...plots.flatMap(({ file, title: caption }) => [`![${caption}](benchmarks/${file}.svg)`, ""]),
    ]),
  ].join("\n");
}

/** A plot as SVG. */
export function toSvg({ title, spec }) {
  const { spec: compiled } = compile({ title, background: "white", ...spec });
  return new View(parse(compiled), { renderer: "none" }).toSVG();
}
