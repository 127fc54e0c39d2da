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
