import { describe, expect, it } from "vitest";
import { BaseIdentity } from "../../src/request/base-identity.js";
import {
  type Assumption,
  digestParts,
  linksOf,
  RoleLink,
  SourceLink,
  type StsGiven,
  type StsTarget,
} from "../../src/request/chain.js";
import { RoleArn } from "../../src/request/role-arn.js";
import { OTHER_ROLE, ROLE } from "./support.js";

const NO_STS_SETTINGS = {
  region: undefined,
  endpoint: undefined,
  useFipsEndpoint: undefined,
  useDualstackEndpoint: undefined,
};
const target = (settings: Partial<StsTarget> = {}): StsTarget => ({
  ...NO_STS_SETTINGS,
  partition: "aws",
  network: undefined,
  trust: undefined,
  plainHttp: undefined,
  ...settings,
});
const GIVEN: StsGiven = { sts: NO_STS_SETTINGS, trust: undefined, plainHttp: undefined };

const keysOf = (accessKeyId: string) =>
  new BaseIdentity({ kind: "static", identity: { accessKeyId, secretAccessKey: "never-used" } });
const base = new SourceLink(keysOf("AKIAIOSFODNN7EXAMPLE"), target());

const assumption = (settings: Partial<Assumption> = {}): Assumption => ({
  role: new RoleArn(ROLE),
  roleSessionName: undefined,
  durationSeconds: 3600,
  externalId: undefined,
  policy: undefined,
  policyArns: undefined,
  tags: {},
  transitiveTagKeys: [],
  sourceIdentity: undefined,
  ...settings,
});

describe("a source link", () => {
  it("has the key and the digest of its base identity, which do not depend on the STS endpoint", () => {
    const { base: identity, key, digest } = new SourceLink(base.base, target({ region: "eu-west-1" }));
    expect([key, digest]).toEqual([identity.key, identity.digest]);
    expect([key, digest]).toEqual([base.key, base.digest]);
  });
});

describe("a role link", () => {
  it("calls the STS endpoint of its parent, and begins with the same base identity", () => {
    const hub = new RoleLink("source-role", base, assumption({ role: new RoleArn(OTHER_ROLE) }), GIVEN);
    const role = new RoleLink("assume-role", hub, assumption(), GIVEN);
    expect(role.parent).toBe(hub);
    expect([role.sts, role.base]).toEqual([base.sts, base.base]);
  });

  it.each<[string, Partial<Assumption>]>([
    ["the role", { role: new RoleArn(OTHER_ROLE) }],
    ["the session name", { roleSessionName: "nightly" }],
    ["the duration", { durationSeconds: 900 }],
    ["the external id", { externalId: "acme" }],
    ["the policy", { policy: '{"Statement":[]}' }],
    ["the policy ARNs", { policyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"] }],
    ["the tags", { tags: { team: "blue" } }],
    ["the transitive tag keys", { transitiveTagKeys: ["team"] }],
    ["the source identity", { sourceIdentity: "ada" }],
  ])("has another key for a difference in %s", (_, settings) => {
    const [one, other] = [assumption(), assumption(settings)].map(
      (each) => new RoleLink("assume-role", base, each, GIVEN),
    );
    expect(one?.key).not.toBe(other?.key);
    expect(one?.digest).not.toBe(other?.digest);
  });

  it.each<[string, Partial<StsGiven>]>([
    ["its STS region", { sts: { ...NO_STS_SETTINGS, region: "eu-west-1" } }],
    ["the certificates that it trusts", { trust: "anybody" }],
    ["plain http", { plainHttp: true }],
  ])("has another key if the instance sets %s", (_, given) => {
    const withDefaults = new RoleLink("assume-role", base, assumption(), GIVEN);
    expect(new RoleLink("assume-role", base, assumption(), { ...GIVEN, ...given }).key).not.toBe(withDefaults.key);
  });

  it("has another key behind another parent, and the same key as a source role", () => {
    const direct = new RoleLink("assume-role", base, assumption(), GIVEN);
    const hub = new RoleLink("source-role", base, assumption({ role: new RoleArn(OTHER_ROLE) }), GIVEN);
    const ofOtherKeys = new SourceLink(keysOf("AKIAI44QH8DHBEXAMPLE"), target());
    for (const parent of [hub, ofOtherKeys]) {
      expect(new RoleLink("assume-role", parent, assumption(), GIVEN).key).not.toBe(direct.key);
    }
    expect(new RoleLink("source-role", base, assumption(), GIVEN).key).toBe(direct.key);
  });

  it("has the same key for a region that the instance does not set", () => {
    const elsewhere = new SourceLink(base.base, target({ region: "us-east-1" }));
    expect(new RoleLink("assume-role", elsewhere, assumption(), GIVEN).key).toBe(
      new RoleLink("assume-role", base, assumption(), GIVEN).key,
    );
  });

  it("publishes a key from which neither its digest nor its parts can be read", () => {
    const { key, digest } = new RoleLink("assume-role", base, assumption({ externalId: "acme" }), GIVEN);
    expect(key).toMatch(/^[\w-]{43}$/);
    expect(key).not.toBe(digest);
  });
});

it("a link, its assumption and its STS endpoint are immutable", () => {
  const role = new RoleLink("assume-role", base, assumption(), GIVEN);
  for (const part of [base, base.sts, role, role.assumption]) expect(Object.isFrozen(part)).toBe(true);
});

it("the parts of a digest name the role by its ARN, and the parent by its digest", () => {
  const parts = digestParts(base, assumption({ externalId: "acme" }), GIVEN);
  expect(parts).toMatchObject({ parent: base.digest, roleArn: ROLE, externalId: "acme", durationSeconds: 3600 });
  expect(parts).not.toHaveProperty("role");
});

it("the links of a chain are listed from the source to the role", () => {
  const hub = new RoleLink("source-role", base, assumption({ role: new RoleArn(OTHER_ROLE) }), GIVEN);
  const role = new RoleLink("assume-role", hub, assumption(), GIVEN);
  expect(linksOf(role)).toEqual([base, hub, role]);
  expect(linksOf(base)).toEqual([base]);
});
