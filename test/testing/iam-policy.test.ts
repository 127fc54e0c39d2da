import { describe, expect, it } from "vitest";
import { IssuedSessions } from "../../src/testing/issued-sessions.js";
import { type LocalRole, readLocalRole, readPermissions } from "../../src/testing/local-role.js";
import { findDenial, type TrustQuestion } from "../../src/testing/trust.js";

const HOST = "arn:aws:iam::111122223333:role/host";
const ROLE = "arn:aws:iam::123456789012:role/teams/red/Inventory";
const ROLE_AT_HOME = "arn:aws:iam::111122223333:role/Inventory";
const ACTIONS = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];

const caller = new IssuedSessions().issue({
  kind: "role",
  identity: {
    arn: "arn:aws:sts::111122223333:assumed-role/host/i-1",
    accountId: "111122223333",
    userId: "AROA:i-1",
    roleArn: HOST,
    roleSessionName: "i-1",
  },
});

const document = (...Statement: object[]) => ({ Version: "2012-10-17", Statement });
const allow = (more: object = {}) => ({ Effect: "Allow", Action: "sts:*", Resource: "*", ...more });
const deny = (more: object = {}) => ({ Effect: "Deny", Action: "sts:*", Resource: "*", ...more });
const trust = (more: object = {}) => ({ Effect: "Allow", Principal: { AWS: HOST }, Action: ACTIONS, ...more });

interface Case extends Partial<Omit<TrustQuestion, "tags" | "permissions" | "trust">> {
  policy?: object;
  trustPolicy?: object;
  tags?: Record<string, string>;
}

/** `undefined` if the caller is allowed; otherwise the denied action and the policy that denies it. */
function denied({ policy = document(allow()), trustPolicy = document(trust()), tags = {}, ...rest }: Case) {
  const roleArn = rest.roleArn ?? ROLE;
  const denial = findDenial({
    caller,
    permissions: readPermissions("caller", { policy }, []),
    trust: readLocalRole({ roleArn, trustPolicy }).trust([]),
    roleArn,
    roleSessionName: "session",
    transitiveTagKeys: [],
    surroundings: { time: 0, region: "us-east-1", userAgent: undefined, given: new Map() },
    tagged: Object.keys(tags).length > 0,
    ...rest,
    tags: new Map(Object.entries(tags)),
  });
  return denial && `${denial.isExplicit ? "explicit, " : ""}${denial.policy}: ${denial.action}`;
}

const UNPERMITTED = "identity-based policy: sts:AssumeRole";
const UNTRUSTED = "role trust policy: sts:AssumeRole";

describe("the caller's own policy", () => {
  it.each<[string, object, string | undefined]>([
    ["allows by its resource", allow({ Resource: ROLE }), undefined],
    ["allows by one resource of several", allow({ Resource: [HOST, "arn:aws:iam::*:role/teams/*"] }), undefined],
    ["does not allow another resource", allow({ Resource: [HOST] }), UNPERMITTED],
    ["allows by NotResource", allow({ Resource: undefined, NotResource: HOST }), undefined],
    ["does not allow by NotResource", allow({ Resource: undefined, NotResource: [HOST, ROLE] }), UNPERMITTED],
    ["allows by a wildcard, in any case", allow({ Action: ["s3:*", "STS:assume?ole"] }), undefined],
    ["does not allow another action", allow({ Action: ["sts:GetCallerIdentity", "ec2:*"] }), UNPERMITTED],
    ["allows by NotAction", allow({ Action: undefined, NotAction: "s3:*" }), undefined],
    ["does not allow by NotAction", allow({ Action: undefined, NotAction: "sts:Assume*" }), UNPERMITTED],
    ["reads a dollar sign that is meant as one", allow({ Resource: `${ROLE.slice(0, -9)}\${$}{x}*` }), UNPERMITTED],
  ])("%s", (_title, statement, expected) => {
    expect(denied({ policy: document(statement) })).toBe(expected);
    const read = JSON.parse(JSON.stringify({ ...document(), Statement: statement }));
    expect(denied({ policy: read })).toBe(expected);
  });

  it("gives a Deny precedence, wherever it is", () => {
    const explicit = "explicit, identity-based policy: sts:AssumeRole";
    expect(denied({ policy: document(allow(), deny({ Resource: ROLE })) })).toBe(explicit);
    expect(denied({ policy: document(deny({ Action: "*" }), allow()) })).toBe(explicit);
    expect(denied({ policy: document(allow(), deny({ Resource: HOST })) })).toBeUndefined();
    expect(denied({ policy: document(allow(), deny({ Condition: { Null: { "sts:ExternalId": "true" } } })) })).toBe(
      explicit,
    );
  });

  it("must allow tags and a source identity too, if the session has them", () => {
    const policy = document(allow({ Action: "sts:AssumeRole" }));
    expect(denied({ policy })).toBeUndefined();
    expect(denied({ policy, tags: { team: "red" } })).toBe("identity-based policy: sts:TagSession");
    expect(denied({ policy, sourceIdentity: "ann" })).toBe("identity-based policy: sts:SetSourceIdentity");
  });

  it("can have statements about other services, which do not matter here", () => {
    const other = {
      Effect: "Deny",
      Action: "s3:*",
      Resource: "*",
      Condition: { IpAddress: { "aws:SourceIp": "1.2.3.4" } },
    };
    expect(denied({ policy: document(allow(), other) })).toBeUndefined();
  });
});

describe("a role's trust policy", () => {
  it.each<[string, object, string | undefined]>([
    ["names the caller's role", { AWS: HOST }, undefined],
    ["names the caller's session", { AWS: ["arn:aws:iam::444455556666:root", caller.identity.arn] }, undefined],
    ["names the caller's account by its root", { AWS: "arn:aws:iam::111122223333:root" }, undefined],
    ["names the caller's account by its id", { AWS: "111122223333" }, undefined],
    ["names everyone", { AWS: "*" }, undefined],
    ["names the account in another partition", { AWS: "arn:aws-cn:iam::111122223333:root" }, UNTRUSTED],
    ["names another account", { AWS: ["arn:aws:iam::444455556666:root", "444455556666"] }, UNTRUSTED],
    ["names another role", { AWS: `${HOST}-2` }, UNTRUSTED],
    ["names a service", { Service: "ec2.amazonaws.com" }, UNTRUSTED],
    ["names a provider", { Federated: "cognito-identity.amazonaws.com" }, UNTRUSTED],
  ])("%s", (_title, Principal, expected) => {
    expect(denied({ trustPolicy: document(trust({ Principal })) })).toBe(expected);
  });

  it("names everyone with a single *", () => {
    expect(denied({ trustPolicy: document(trust({ Principal: "*" })) })).toBeUndefined();
  });

  it("gives a Deny precedence, but only for the named principals", () => {
    const denying = (Principal: unknown) => document(trust(), { ...trust({ Principal }), Effect: "Deny" });
    expect(denied({ trustPolicy: denying("*") })).toBe("explicit, role trust policy: sts:AssumeRole");
    expect(denied({ trustPolicy: denying({ AWS: ROLE }) })).toBeUndefined();
  });

  it("is enough within an account if it names the caller, but not if it names the account", () => {
    const policy = document(allow({ Action: "ec2:*" }));
    const at = (roleArn: string, id: string) =>
      denied({ policy, roleArn, trustPolicy: document(trust({ Principal: { AWS: id } })) });
    expect(at(ROLE_AT_HOME, HOST)).toBeUndefined();
    expect(at(ROLE_AT_HOME, caller.identity.arn)).toBeUndefined();
    expect(at(ROLE_AT_HOME, "111122223333")).toBe(UNPERMITTED);
    expect(at(ROLE_AT_HOME, "*")).toBe(UNPERMITTED);
    expect(at(ROLE, HOST)).toBe(UNPERMITTED);
  });
});

describe("a condition", () => {
  const tags = { team: "red", "cost center": "1" };
  const given: Case = { externalId: "acme", sourceIdentity: "ann", tags, transitiveTagKeys: ["team"] };

  it.each<[Record<string, Record<string, string | string[]>>, Case, boolean]>([
    [{ StringEquals: { "sts:ExternalId": "acme" } }, given, true],
    [{ StringEquals: { "STS:externalid": ["x", "acme"] } }, given, true],
    [{ StringEquals: { "sts:ExternalId": "Acme" } }, given, false],
    [{ StringEquals: { "sts:ExternalId": "ac*" } }, given, false],
    [{ StringEquals: { "sts:ExternalId": "acme" } }, {}, false],
    [{ StringEqualsIfExists: { "sts:ExternalId": "acme" } }, {}, true],
    [{ StringEqualsIfExists: { "sts:ExternalId": "other" } }, given, false],
    [{ StringNotEquals: { "sts:ExternalId": "other" } }, given, true],
    [{ StringNotEquals: { "sts:ExternalId": ["other", "acme"] } }, given, false],
    [{ StringNotEquals: { "sts:ExternalId": "other" } }, {}, true],
    [{ StringEqualsIgnoreCase: { "sts:ExternalId": "ACME" } }, given, true],
    [{ StringNotEqualsIgnoreCase: { "sts:ExternalId": "ACME" } }, given, false],
    [{ StringLike: { "sts:SourceIdentity": "a?n" } }, given, true],
    [{ StringLike: { "sts:SourceIdentity": `a\${?}n` } }, given, false],
    [{ StringNotLike: { "sts:SourceIdentity": "b*" } }, given, true],
    [{ StringLike: { "sts:RoleSessionName": "sess*" } }, given, true],
    [{ StringEquals: { "aws:RequestTag/Team": "red" } }, given, true],
    [{ StringEquals: { "aws:RequestTag/cost center": "2" } }, given, false],
    [{ StringEquals: { "aws:RequestTag/other": "red" } }, given, false],
    [{ ArnLike: { "aws:PrincipalArn": "arn:aws:iam::*:role/h*" } }, given, true],
    [{ ArnNotEquals: { "aws:PrincipalArn": HOST } }, given, false],
    [{ StringEquals: { "aws:PrincipalAccount": "111122223333" } }, given, true],
    [{ "ForAllValues:StringEquals": { "aws:TagKeys": ["team", "cost center"] } }, given, true],
    [{ "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] } }, given, false],
    [{ "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] } }, {}, true],
    [{ "ForAllValues:StringNotEquals": { "aws:TagKeys": ["team"] } }, given, false],
    [{ "ForAnyValue:StringEquals": { "aws:TagKeys": ["team"] } }, given, true],
    [{ "ForAnyValue:StringLike": { "aws:TagKeys": ["x*"] } }, given, false],
    [{ "ForAnyValue:StringEquals": { "aws:TagKeys": ["team"] } }, {}, false],
    [{ "ForAllValues:StringEquals": { "sts:TransitiveTagKeys": "team" } }, given, true],
    [{ "ForAllValues:StringEquals": { "sts:TransitiveTagKeys": "other" } }, given, false],
    [{ Null: { "sts:SourceIdentity": "false" } }, given, true],
    [{ Null: { "sts:SourceIdentity": "false" } }, {}, false],
    [{ Null: { "aws:TagKeys": "true" } }, {}, true],
    [{ StringEquals: { "sts:ExternalId": "acme", "sts:SourceIdentity": "bob" } }, given, false],
    [{ StringEquals: { "sts:ExternalId": "acme" }, StringLike: { "sts:SourceIdentity": "b*" } }, given, false],
  ])("%j", (Condition, request, holds) => {
    expect(denied({ ...request, trustPolicy: document(trust({ Condition })) })).toBe(holds ? undefined : UNTRUSTED);
    const policy = document(allow({ Condition }));
    expect(denied({ ...request, policy })).toBe(holds ? undefined : UNPERMITTED);
  });
});

describe("what the local AWS does not support is rejected when the policy is loaded", () => {
  it.each<[string, unknown]>([
    ["caller.policy is not JSON", "{"],
    ["caller.policy must be an object", "[]"],
    ['caller.policy.Version must be "2012-10-17" or "2008-10-17"', { Version: "2012-10-18", Statement: allow() }],
    ["caller.policy has an unsupported key Statements", { ...document(allow()), Statements: [] }],
    ["caller.policy.Statement is empty", document()],
    ["caller.policy.Statement[0] must be an object", document([] as object)],
    ['caller.policy.Statement[1].Effect must be "Allow" or "Deny"', document(allow(), allow({ Effect: "allow" }))],
    ["caller.policy.Statement[0].Sid", document(allow({ Sid: "a b" }))],
    ["caller.policy.Statement[0] has an unsupported key Principal", document(trust())],
    ["caller.policy.Statement[0] has both Action and NotAction", document(allow({ NotAction: "s3:*" }))],
    ["caller.policy.Statement[0].NotAction must be a string", document(allow({ Action: undefined }))],
    ["caller.policy.Statement[0].Action must be a string", document(allow({ Action: [] }))],
    ['caller.policy.Statement[0].Action has "AssumeRole"', document(allow({ Action: "AssumeRole" }))],
    ['caller.policy.Statement[0].Resource has "Inventory"', document(allow({ Resource: "Inventory" }))],
    ["caller.policy.Statement[0].Resource has", document(allow({ Resource: `${ROLE}/\${aws:nobody}` }))],
    [
      "Condition.NumericEquals.sts:ExternalId has",
      document(allow({ Condition: { NumericEquals: { "sts:ExternalId": "one" } } })),
    ],
    ["IpAddress.aws:SourceIp has", document(allow({ Condition: { IpAddress: { "aws:SourceIp": "203.0.113.0/33" } } }))],
    [
      "DateLessThan.aws:CurrentTime has",
      document(allow({ Condition: { DateLessThan: { "aws:CurrentTime": "soon" } } })),
    ],
    ["Bool.aws:SecureTransport has", document(allow({ Condition: { Bool: { "aws:SecureTransport": "yes" } } }))],
    ["tests aws:SourceAddress", document(allow({ Condition: { StringEquals: { "aws:SourceAddress": "1" } } }))],
    ["tests sts:ExternalID2", document(allow({ Condition: { StringEquals: { "sts:ExternalID2": "1" } } }))],
    ["tests ExternalId", document(allow({ Condition: { StringEquals: { ExternalId: "1" } } }))],
    ["tests aws:RequestTag/", document(allow({ Condition: { StringEquals: { "aws:RequestTag/": "1" } } }))],
    ["Add the prefix ForAllValues: or", document(allow({ Condition: { StringEquals: { "aws:TagKeys": "1" } } }))],
    ["an operator that", document(allow({ Condition: { StringIfExists: { "sts:ExternalId": "1" } } }))],
    ["an operator that", document(allow({ Condition: { "ForEachValue:StringEquals": { "aws:TagKeys": "1" } } }))],
    ["an operator that", document(allow({ Condition: { StringMatches: { "sts:ExternalId": "1" } } }))],
    ['must be "true" or "false"', document(allow({ Condition: { Null: { "sts:ExternalId": "yes" } } }))],
    ["a policy variable", document(allow({ Condition: { StringEquals: { "sts:ExternalId": `\${aws:nobody}` } } }))],
    ["a policy variable", document(allow({ Condition: { StringEquals: { "sts:ExternalId": `\${aws:TagKeys}` } } }))],
    ["a policy variable", document(allow({ Condition: { StringEquals: { "sts:ExternalId": "${aws:userid" } } }))],
    [
      "only in String and Arn operators",
      document(allow({ Condition: { NumericEquals: { "aws:EpochTime": `\${aws:EpochTime}` } } })),
    ],
    ["must be a string or a list", document(allow({ Condition: { StringEquals: { "sts:ExternalId": [{}] } } }))],
  ])("a policy: %s", (message, policy) => {
    expect(() => readPermissions("caller", { policy: policy as object }, [])).toThrow(
      expect.objectContaining({ name: "TypeError", message: expect.stringContaining(message) }),
    );
  });

  it.each<[string, object]>([
    ["role.trustPolicy.Statement[0] has an unsupported key Resource", trust({ Resource: "*" })],
    ["role.trustPolicy.Statement[0] has both Principal and NotPrincipal", trust({ NotPrincipal: { AWS: HOST } })],
    ["role.trustPolicy.Statement[0].NotPrincipal is", trust({ Principal: undefined, NotPrincipal: { AWS: HOST } })],
    ["role.trustPolicy.Statement[0].Principal must be an object", trust({ Principal: undefined })],
    ["role.trustPolicy.Statement[0].Principal names no principal", trust({ Principal: {} })],
    [
      "role.trustPolicy.Statement[0].Principal has an unsupported key CanonicalUser",
      trust({ Principal: { CanonicalUser: "1" } }),
    ],
    [`role.trustPolicy.Statement[0].Principal.AWS has "${HOST}*"`, trust({ Principal: { AWS: `${HOST}*` } })],
    ["role.trustPolicy.Statement[0].Principal.AWS has", trust({ Principal: { AWS: "AGPAEXAMPLEEXAMPLE000" } })],
    ['role.trustPolicy.Statement[0].Action has "s3:*"', trust({ Action: ["sts:AssumeRole", "s3:*"] })],
    ['role.trustPolicy.Statement[0].Action has "*"', trust({ Action: "*" })],
  ])("a trust policy: %s", (message, statement) => {
    expect(() => readLocalRole({ roleArn: ROLE, trustPolicy: document(statement) })).toThrow(
      expect.objectContaining({ name: "TypeError", message: expect.stringContaining(message) }),
    );
  });

  it("rejects a document together with its shorthand option", () => {
    const trustPolicy = document(trust());
    const read = (more: Partial<LocalRole>) => () => readLocalRole({ roleArn: ROLE, ...more });
    expect(read({ trustPolicy, externalId: "acme" })).toThrow("role has both trustPolicy and externalId");
    expect(read({ trustPolicy, allowTagSession: true })).toThrow("role has both trustPolicy and allowTagSession");
    expect(read({ policy: document(allow()), allowAssumeRole: [] })).toThrow(
      "role has both policy and allowAssumeRole",
    );
  });
});
