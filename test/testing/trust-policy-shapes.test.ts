import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { type LocalAwsOptions, startLocalAws } from "../../src/testing/index.js";
import { assumeRole } from "./requests.js";

const CALLER = "arn:aws:iam::111122223333:role/integration-host";
const ROLE = "arn:aws:iam::123456789012:role/Inventory";

type Verdict = "allow" | "deny";
interface Shape {
  name: string;
  verdict: Verdict;
  policy: object;
}

/** The response of STS to `integration-host`, whose own policy allows it to assume any role. */
async function verdictOf(trustPolicy: object, options: LocalAwsOptions = {}): Promise<Verdict> {
  const aws = await startLocalAws({
    instanceProfile: { roleArn: CALLER },
    roles: [{ roleArn: ROLE, trustPolicy }],
    ...options,
  });
  onTestFinished(() => aws.close());
  try {
    await assumeRole(aws, { RoleArn: ROLE });
    return "allow";
  } catch (error) {
    expect(error).toMatchObject({ name: "AccessDenied" });
    return "deny";
  }
}

const document = (...Statement: object[]) => ({ Version: "2012-10-17", Statement });
const allow = (more: object = {}) => ({
  Effect: "Allow",
  Principal: { AWS: CALLER },
  Action: "sts:AssumeRole",
  ...more,
});
const ROOT = { AWS: "arn:aws:iam::111122223333:root" };
const SAML = {
  Effect: "Allow",
  Principal: { Federated: "arn:aws:iam::123456789012:saml-provider/corp" },
  Action: ["sts:AssumeRoleWithSAML", "sts:TagSession"],
  Condition: { StringEquals: { "SAML:aud": "https://signin.aws.amazon.com/saml" } },
};
const OIDC = {
  Effect: "Allow",
  Principal: { Federated: "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" },
  Action: "sts:AssumeRoleWithWebIdentity",
  Condition: { StringLike: { "token.actions.githubusercontent.com:sub": "repo:example/project:*" } },
};
const SERVICE = {
  Effect: "Allow",
  Principal: { Service: ["ecs-tasks.amazonaws.com", "lambda.amazonaws.com"] },
  Action: "sts:AssumeRole",
  Condition: { ArnLike: { "aws:SourceArn": "arn:aws:ecs:eu-west-1:123456789012:*" } },
};

it.each<[string, Verdict, object]>([
  ["a SAML provider beside the caller", "allow", document(SAML, allow())],
  ["a SAML provider alone", "deny", document(SAML)],
  ["an OIDC provider beside the caller", "allow", document(OIDC, allow({ Principal: ROOT }))],
  ["another service beside the caller", "allow", document(SERVICE, allow())],
  ["another service that is denied", "allow", document({ ...SERVICE, Effect: "Deny" }, allow())],
  [
    "a provider and the caller in one statement",
    "allow",
    document({ ...SAML, Principal: { ...SAML.Principal, AWS: CALLER }, Action: "sts:*", Condition: {} }),
  ],
  [
    "a provider's key in a statement about the caller",
    "deny",
    document({ ...SAML, Principal: { ...SAML.Principal, AWS: CALLER }, Action: "sts:*" }),
  ],
  ["Version 2008-10-17", "allow", { ...document(allow()), Version: "2008-10-17" }],
  ["no Version", "allow", { Statement: [allow({ Sid: "" })] }],
  [
    "the account, and a condition that holds",
    "allow",
    document(
      allow({
        Principal: ROOT,
        Condition: { ArnLike: { "aws:PrincipalArn": "arn:aws:iam::111122223333:role/integration-*" } },
      }),
    ),
  ],
  [
    "the account, and a condition that does not hold",
    "deny",
    document(
      allow({
        Principal: ROOT,
        Condition: { ArnLike: { "aws:PrincipalArn": "arn:aws:iam::111122223333:role/other-*" } },
      }),
    ),
  ],
  [
    "a list of external ids",
    "deny",
    document(allow({ Condition: { StringEquals: { "sts:ExternalId": ["acme-1", "acme-2"] } } })),
  ],
  [
    "a denial of everyone but the caller's role",
    "allow",
    document(allow(), {
      Effect: "Deny",
      Principal: "*",
      Action: "sts:*",
      Condition: { ArnNotLike: { "aws:PrincipalArn": CALLER } },
    }),
  ],
  [
    "a denial of everyone but another role",
    "deny",
    document(allow(), {
      Effect: "Deny",
      Principal: "*",
      Action: "sts:*",
      Condition: { ArnNotLike: { "aws:PrincipalArn": `${CALLER}-2` } },
    }),
  ],
  [
    "NotPrincipal with the caller's role and account",
    "allow",
    document(allow(), { Effect: "Deny", NotPrincipal: { AWS: [CALLER, ROOT.AWS] }, Action: "sts:AssumeRole" }),
  ],
  [
    "NotPrincipal with another role",
    "deny",
    document(allow(), { Effect: "Deny", NotPrincipal: { AWS: [`${CALLER}-2`, ROOT.AWS] }, Action: "sts:AssumeRole" }),
  ],
  [
    "the unique id of a role that was deleted",
    "deny",
    document(allow({ Principal: { AWS: "AROAEXAMPLEEXAMPLE000" } })),
  ],
  [
    "the organization, and a caller outside of any",
    "deny",
    document(
      allow({ Principal: { AWS: "*" }, Condition: { StringEquals: { "aws:PrincipalOrgID": "o-exampleorgid" } } }),
    ),
  ],
  [
    "MFA, which no machine has",
    "deny",
    document(allow({ Principal: ROOT, Condition: { Bool: { "aws:MultiFactorAuthPresent": true } } })),
  ],
])("%s: %s", async (_name, verdict, policy) => {
  expect(await verdictOf(policy)).toBe(verdict);
});

const SESSION = "arn:aws:sts::111122223333:assumed-role/integration-host/i-0123456789abcdef0";
const GITHUB = { Federated: "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" };
const EKS = "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";
const everyone = (Condition: object) => allow({ Principal: "*", Condition });
const ORGANIZATION = { "aws:PrincipalOrgID": "o-exampleorgid" };
const PATH = "o-exampleorgid/r-ab12/ou-ab12-11111111/";
const clock = (now: string) => ({ now: () => Date.parse(now) });

it.each<[string, Verdict, object, LocalAwsOptions]>([
  [
    "everyone in the organization",
    "allow",
    document(everyone({ StringEquals: { "aws:PrincipalOrgID": ["o-other", "o-exampleorgid"] } })),
    { requestContext: ORGANIZATION },
  ],
  [
    "a Deny for everyone outside of the organization, and a caller inside",
    "allow",
    document(allow(), { ...everyone({ StringNotEquals: ORGANIZATION }), Effect: "Deny" }),
    { requestContext: ORGANIZATION },
  ],
  [
    "a Deny for everyone outside of the organization, and a caller outside of any",
    "deny",
    document(allow(), { ...everyone({ StringNotEquals: ORGANIZATION }), Effect: "Deny" }),
    {},
  ],
  [
    "a Deny for everyone outside of the organization except AWS services",
    "deny",
    document(allow(), {
      ...everyone({ StringNotEqualsIfExists: ORGANIZATION, BoolIfExists: { "aws:PrincipalIsAWSService": "false" } }),
      Effect: "Deny",
    }),
    { requestContext: { "aws:PrincipalOrgID": "o-other" } },
  ],
  [
    "an organizational unit and those below it",
    "allow",
    document(everyone({ "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": [`${PATH}*`] } })),
    { requestContext: { "aws:PrincipalOrgPaths": [`${PATH}ou-ab12-22222222/`] } },
  ],
  [
    "an organizational unit, and a caller in another",
    "deny",
    document(everyone({ "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": [`${PATH}*`] } })),
    { requestContext: { "aws:PrincipalOrgPaths": ["o-exampleorgid/r-ab12/ou-ab12-33333333/"] } },
  ],
  [
    "a Deny with ForAllValues on organizational units, and a caller without any",
    "deny",
    document(allow(), {
      ...everyone({ "ForAllValues:StringNotLike": { "aws:PrincipalOrgPaths": `${PATH}*` } }),
      Effect: "Deny",
    }),
    {},
  ],
  [
    "the tag of the caller as a variable",
    "allow",
    document(allow({ Condition: { StringEquals: { "aws:ResourceTag/team": `\${aws:PrincipalTag/team}` } } })),
    { requestContext: { "aws:PrincipalTag/team": "red", "aws:ResourceTag/team": "red" } },
  ],
  [
    "the tag of the caller as a variable, and a caller without it",
    "deny",
    document(allow({ Condition: { StringEquals: { "aws:ResourceTag/team": `\${aws:PrincipalTag/team}` } } })),
    { requestContext: { "aws:ResourceTag/team": "red" } },
  ],
  [
    "a tag of the certificate of IAM Roles Anywhere",
    "allow",
    document(allow({ Condition: { StringEquals: { "aws:PrincipalTag/x509Subject/CN": "host-1" } } })),
    { requestContext: { "aws:PrincipalTag/x509Subject/CN": "host-1" } },
  ],
  [
    "MFA of at most one hour",
    "allow",
    document(
      allow({
        Principal: ROOT,
        Condition: {
          Bool: { "aws:MultiFactorAuthPresent": "true" },
          NumericLessThan: { "aws:MultiFactorAuthAge": "3600" },
        },
      }),
    ),
    { requestContext: { "aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "60" } },
  ],
  [
    "a Deny with BoolIfExists on MFA, and a session without MFA",
    "deny",
    document(allow(), {
      ...everyone({ BoolIfExists: { "aws:MultiFactorAuthPresent": "false" } }),
      Effect: "Deny",
    }),
    {},
  ],
  [
    "two networks, of which one has the caller",
    "allow",
    document(allow({ Condition: { IpAddress: { "aws:SourceIp": ["198.51.100.0/24", "203.0.113.0/24"] } } })),
    { requestContext: { "aws:SourceIp": "203.0.113.7" } },
  ],
  [
    "a Deny outside of a network, and a caller inside a VPC",
    "allow",
    document(allow(), {
      ...everyone({ NotIpAddressIfExists: { "aws:SourceIp": "203.0.113.0/24" }, Null: { "aws:SourceVpce": "true" } }),
      Effect: "Deny",
    }),
    { requestContext: { "aws:SourceVpce": "vpce-1a2b3c4d" } },
  ],
  [
    "a period of time that has begun",
    "allow",
    document(
      allow({
        Condition: {
          DateGreaterThan: { "aws:CurrentTime": "2026-01-01T09:00:00Z" },
          DateLessThan: { "aws:CurrentTime": "2026-01-01T17:00:00Z" },
        },
      }),
    ),
    { clock: clock("2026-01-01T12:00:00Z") },
  ],
  [
    "a period of time that has ended",
    "deny",
    document(allow({ Condition: { DateLessThan: { "aws:CurrentTime": "2026-01-01T17:00:00Z" } } })),
    { clock: clock("2026-01-01T18:00:00Z") },
  ],
  [
    "the user name as a variable, and a caller that is a role",
    "deny",
    document(allow({ Principal: ROOT, Condition: { StringLike: { "sts:RoleSessionName": `\${aws:username}` } } })),
    {},
  ],
  ["the caller's session", "allow", document(allow({ Principal: { AWS: SESSION } })), {}],
  ["another session of the caller's role", "deny", document(allow({ Principal: { AWS: `${SESSION}1` } })), {}],
  [
    "a Deny with NotPrincipal for the caller's session, role and account",
    "allow",
    document(allow(), { Effect: "Deny", NotPrincipal: { AWS: [SESSION, CALLER, ROOT.AWS] }, Action: "sts:*" }),
    {},
  ],
  [
    "services in one statement and the caller in another, which requires https",
    "allow",
    document(SERVICE, allow({ Condition: { Bool: { "aws:SecureTransport": true } } })),
    {},
  ],
  [
    "a Kubernetes service account beside the caller",
    "allow",
    document(
      allow({
        Principal: { Federated: `arn:aws:iam::123456789012:oidc-provider/${EKS}` },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: { [`${EKS}:sub`]: "system:serviceaccount:apps:sync", [`${EKS}:aud`]: "sts.amazonaws.com" },
        },
      }),
      allow(),
    ),
    {},
  ],
  [
    "an identity pool beside the caller",
    "allow",
    document(
      allow({
        Principal: { Federated: "cognito-identity.amazonaws.com" },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { "ForAnyValue:StringLike": { "cognito-identity.amazonaws.com:amr": "authenticated" } },
      }),
      allow(),
    ),
    {},
  ],
])("%s: %s", async (_name, verdict, policy, options) => {
  expect(await verdictOf(policy, options)).toBe(verdict);
});

it.each<[string, object]>([
  ["Condition.StringMatches is an operator that", { ...OIDC, Condition: { StringMatches: { "a:sub": "repo:*" } } }],
  ["Condition.Unheard is an operator that", { ...SERVICE, Condition: { Unheard: {} } }],
  ["tests aws:SourceAcount", { ...SERVICE, Condition: { StringEquals: { "aws:SourceAcount": "123456789012" } } }],
  ["tests sts:External", { ...SAML, Condition: { StringEquals: { "sts:External": "acme" } } }],
  ["has a policy variable", allow({ Principal: GITHUB, Condition: { StringLike: { "a:sub": `\${aws:nobody}` } } })],
])(
  "a statement about another principal is an error too if the local AWS does not know it: %s",
  async (message, statement) => {
    await expect(verdictOf(document(statement, allow()))).rejects.toThrow(message);
  },
);

const POLICIES_OF_PUBLIC_REPOSITORIES = fileURLToPath(
  new URL("../../../shared/trust-policies/shapes.json", import.meta.url),
);
if (existsSync(POLICIES_OF_PUBLIC_REPOSITORIES)) {
  const { caller, role, shapes } = JSON.parse(readFileSync(POLICIES_OF_PUBLIC_REPOSITORIES, "utf8"));
  it.each<Shape>(shapes)("a policy of a public repository, $name: $verdict", async ({ verdict, policy }) => {
    expect([caller, role]).toEqual([CALLER, ROLE]);
    expect(await verdictOf(policy)).toBe(verdict);
  });
} else {
  console.log(
    "Skipped: the trust policies of public repositories are not beside this checkout. The policies above cover each kind.",
  );
}
