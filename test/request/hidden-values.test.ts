import { inspect } from "node:util";
import { expect, it } from "vitest";
import { identityPolicy } from "../../src/policies/index.js";
import { readResolverOptions } from "../../src/resolver-options.js";
import { instanceFromParams } from "../../src/xsoar/index.js";
import { ROLE, refusalOf, requestOf, roleRequestOf } from "./support.js";

const SECRET = "wJalrXUtnFEMI-K7MDENG";

/** A secret in any shape in which a caller could pass it. */
const SHAPES: [string, unknown][] = [
  ["the text alone", SECRET],
  ["JSON text", JSON.stringify({ roleArn: ROLE, externalId: SECRET })],
  ["JSON text of a list", JSON.stringify([{ roleArn: ROLE, externalId: SECRET }])],
  ["a list", [SECRET]],
  ["an object", { [SECRET]: SECRET }],
  ["an object of the usual names", { externalId: SECRET, secretAccessKey: SECRET, value: SECRET }],
  ["a map", new Map([["secret", SECRET]])],
  ["a boxed text", new String(SECRET)],
  ["a buffer", Buffer.from(SECRET)],
  ["a symbol", Symbol(SECRET)],
  ["a function", Object.assign(() => SECRET, { secret: SECRET })],
];

/** Settings that can contain a secret, and settings that do not accept a string: a string there could be anything. */
const SETTINGS = [
  "externalId",
  "credentials",
  "policy",
  "policyArns",
  "tags",
  "transitiveTagKeys",
  "allowedRoles",
  "sts",
  "network",
];
const PARTS: [string, (value: unknown) => object][] = [
  ["credentials.accessKeyId", (accessKeyId) => ({ credentials: { accessKeyId, secretAccessKey: [] } })],
  ["credentials.secretAccessKey", (secretAccessKey) => ({ credentials: { accessKeyId: "A", secretAccessKey } })],
  ["network.proxy", (proxy) => ({ network: { proxy } })],
  ["network.extraCa", (extraCa) => ({ network: { extraCa } })],
  ["network.dangerouslyDisableTlsVerification", (value) => ({ network: { dangerouslyDisableTlsVerification: value } })],
  ["sts.endpoint", (endpoint) => ({ sts: { endpoint: endpoint === SECRET ? undefined : endpoint } })], // a text is right there
  ["sts.useFipsEndpoint", (useFipsEndpoint) => ({ sts: { useFipsEndpoint } })],
  ["allowedRoles[0]", (entry) => ({ allowedRoles: [entry] })],
  ["allowedRoles[0].roleArn", (roleArn) => ({ allowedRoles: [{ roleArn, externalId: "bound" }] })],
  ["allowedRoles[0].externalId", (externalId) => ({ allowedRoles: [{ roleArn: ROLE, externalId: `${externalId} ` }] })],
];

function expectHidden(act: () => unknown): void {
  let shown: string;
  try {
    act();
    return; // it is valid there, for example as an external id
  } catch {
    const error = refusalOf(act);
    // A key is not a value: it is shown, so that a misspelled key can be found.
    shown = inspect({ ...error, message: error.message, field: "" }, { depth: 10 }).replaceAll(String(error.field), "");
  }
  expect(shown).not.toContain(SECRET);
}

it.each(SETTINGS)("an error about instance.%s does not show a value of the wrong shape", (setting) => {
  const mayShow = (shape: unknown) => /Keys|Arns/.test(setting) && Array.isArray(shape); // an array of strings is valid
  for (const [, shape] of SHAPES) {
    if (!mayShow(shape)) expectHidden(() => roleRequestOf({ instance: { [setting]: shape } }));
  }
});

it.each(PARTS)("an error about instance.%s does not show a value of the wrong shape", (_, settings) => {
  for (const [, shape] of SHAPES) {
    if (typeof shape !== "symbol") expectHidden(() => roleRequestOf({ instance: settings(shape) }));
  }
});

it.each([
  "roleArn",
  "roleSessionName",
  "roleSessionDuration",
  "region",
  "sourceIdentity",
  "integration",
  "credentialsName",
])("an error about instance.%s does not show a value of the wrong type", (setting) => {
  for (const [, shape] of SHAPES.filter(([, value]) => typeof value !== "string")) {
    expectHidden(() => requestOf({ instance: { [setting]: shape } }));
  }
  expect(refusalOf(() => requestOf({ instance: { region: 4711 } })).message).toContain("received a number");
});

it("an error about options.session, the command or the instance as a whole shows no value", () => {
  for (const [, shape] of SHAPES) {
    if (typeof shape === "object" && shape?.constructor === Object) continue;
    for (const input of [{ instance: shape }, { command: shape }, { session: shape }]) {
      expectHidden(() => requestOf(input));
    }
  }
});

it.each(["stsClient", "store", "requestHandler", "instanceProfile", "runtime", "refresh", "assumeRole"])(
  "an error about the resolver's option %s shows no value",
  (option) => {
    for (const [, shape] of SHAPES) expectHidden(() => readResolverOptions({ [option]: shape }));
    expectHidden(() => readResolverOptions({ store: { get() {}, set() {}, delete() {}, scope: [SECRET] } as never }));
  },
);

it.each([
  "credentials",
  "access_key",
  "secret_key",
  "timeout",
  "retries",
  "proxy",
  "insecure",
  "endpoint_url",
  "sts_endpoint_url",
  "sts_regional_endpoint",
])("an error about the parameter %s does not show a value of the wrong shape", (parameter) => {
  const shapes = SHAPES.filter(([, value]) => typeof value !== "string" || /credentials|key/.test(parameter));
  for (const [, shape] of shapes) {
    expectHidden(() => instanceFromParams({ defaultRegion: "eu-central-1", [parameter]: shape }, {}));
  }
});

it("an error about a policy does not show an external id in an array of the wrong shape", () => {
  for (const [, roles] of SHAPES) expectHidden(() => identityPolicy({ variant: "listed-roles", roles } as never));
});
