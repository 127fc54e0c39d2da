import { describe, expect, it } from "vitest";
import { type Fact, LABELS, listFacts, listKeyParts } from "../../../src/cli/explain/facts.js";
import { decideRequest } from "../../../src/request/role-request.js";

const ROLE = "arn:aws:iam::123456789012:role/Inventory";
const HUB = "arn:aws:iam::123456789012:role/Hub";
const EXTERNAL_ID = "made-up-external-id";

function factsOf(instance: object, env: Record<string, string | undefined> = {}) {
  const facts = listFacts(decideRequest(instance, undefined, undefined, env), env);
  return Object.fromEntries(facts.map(({ setting, ...fact }) => [setting, fact])) as Record<
    Fact["setting"],
    Omit<Fact, "setting"> | undefined
  >;
}

describe("the facts about a request", () => {
  it("say that commands run as the base identity without a role, and nothing about a session", () => {
    const facts = factsOf({});
    expect(facts.roleArn).toEqual({ value: "none: commands run as the base identity", from: "default" });
    expect(Object.keys(facts).sort()).toEqual(["baseIdentity", "region", "roleArn", "stsEndpoint", "stsRegion"]);
  });

  it("have a label each, and no two have the same", () => {
    const facts = factsOf({ roleArn: ROLE, sourceRole: { roleArn: HUB, tags: { team: "a" } }, tags: { team: "b" } });
    for (const setting of Object.keys(facts)) expect(LABELS).toHaveProperty([setting]);
    expect(new Set(Object.values(LABELS)).size).toBe(Object.keys(LABELS).length);
  });

  it("leave out what is not set or empty", () => {
    const facts = factsOf({ roleArn: ROLE, tags: {}, transitiveTagKeys: [] });
    for (const setting of ["tags", "transitiveTagKeys", "policy", "externalId", "sourceIdentity"]) {
      expect(facts).not.toHaveProperty([setting]);
    }
  });

  it("say that an external id and a policy are set, without their values", () => {
    const facts = factsOf({
      roleArn: ROLE,
      externalId: EXTERNAL_ID,
      policy: { Statement: [{ Sid: "Hidden", Effect: "Allow", Action: "s3:*", Resource: "*" }] },
      sourceRole: { roleArn: HUB, externalId: EXTERNAL_ID },
    });
    expect(facts.externalId).toEqual({ value: undefined, from: "instance.externalId" });
    expect(facts.policy).toEqual({ value: undefined, from: "instance.policy" });
    expect(facts["sourceRole.externalId"]?.value).toBeUndefined();
    expect(JSON.stringify(facts)).not.toMatch(new RegExp(`${EXTERNAL_ID}|Hidden`));
  });

  it("name static keys by their id alone", () => {
    const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "made-up-secret" };
    const facts = factsOf({ credentials });
    expect(facts.baseIdentity?.value).toContain("AKIAIOSFODNN7EXAMPLE");
    expect(JSON.stringify(facts)).not.toContain("made-up-secret");
  });
});

describe("the region of STS, if only the machine knows it,", () => {
  it.each([
    ["may be the default of the role's partition", { roleArn: ROLE }, /^the machine's, otherwise [a-z]+-[a-z]+-\d$/],
    ["has no other choice without a role", {}, /^the machine's$/],
  ])("%s", (_, instance, value) => {
    expect(factsOf(instance).stsRegion?.value).toMatch(value);
  });
});

describe("the endpoint of STS", () => {
  it("is that of the first variable that is set and not empty, without its path", () => {
    const env = { AWS_ENDPOINT_URL_STS: "", AWS_ENDPOINT_URL: "https://sts.example.com/path?key=value" };
    expect(factsOf({}, env).stsEndpoint).toEqual({ value: "https://sts.example.com", from: "AWS_ENDPOINT_URL" });
  });

  it("is not shown if it is not a URL", () => {
    expect(factsOf({}, { AWS_ENDPOINT_URL: "a secret" }).stsEndpoint).toEqual({
      value: "an invalid URL",
      from: "AWS_ENDPOINT_URL",
    });
  });

  it("is the instance's before any variable", () => {
    const instance = { sts: { endpoint: "https://sts.example.com" } };
    const { value, from } = factsOf(instance, { AWS_ENDPOINT_URL: "https://other.example.com" }).stsEndpoint ?? {};
    expect([value, from]).toEqual(["https://sts.example.com/", "instance.sts.endpoint"]);
  });

  it("names each variant and who chose it", () => {
    const both = factsOf({ sts: { useFipsEndpoint: true } }, { AWS_USE_DUALSTACK_ENDPOINT: "true" });
    expect(both.stsEndpoint).toEqual({
      value: "the region's own, FIPS, dual-stack",
      from: "instance.sts, AWS_USE_DUALSTACK_ENDPOINT",
    });
  });
});

describe("the parts of the cache key", () => {
  const partsOf = (instance: object) => listKeyParts(decideRequest(instance, undefined, undefined, {}));

  it("are the base identity's alone without a role", () => {
    expect(partsOf({})).toEqual(["base"]);
  });

  it("are those that are set, and the source role's in place of the base identity's", () => {
    expect(partsOf({ roleArn: ROLE }).sort()).toEqual(["base", "durationSeconds", "roleArn"]);
    const more = { tags: { team: "a" }, externalId: EXTERNAL_ID, sourceRole: HUB };
    expect(partsOf({ roleArn: ROLE, ...more }).sort()).toEqual([
      "durationSeconds",
      "externalId",
      "roleArn",
      "sourceRole",
      "tags",
    ]);
  });
});
