import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createCredentialResolver, isRolecallError } from "../../src/index.js";
import { type MachineTrustPolicyOptions, machineTrustPolicy } from "../../src/policies/index.js";
import { readTrustPolicy } from "../../src/testing/iam-policy.js";
import {
  createManualClock,
  type LocalAwsOptions,
  type LocalPlatformName,
  startLocalAws,
  type WebIdentityClaims,
} from "../../src/testing/index.js";
import { readRequestContext, serviceContext } from "../../src/testing/request-context.js";
import { trusts } from "../../src/testing/trust.js";

const REGION = "eu-central-1";
/** The role of the pod with a web identity, and here of every other machine. */
const HOST = "arn:aws:iam::111122223333:role/rolecall-web-identity";
const CLUSTER = "arn:aws:eks:eu-central-1:111122223333:cluster/rolecall";
const ISSUER = "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
const POD = { namespace: "default", serviceAccount: "integration" } as const;

const PLATFORMS = ["EC2", "ECS", "EKSPodIdentity", "IRSA", "Lambda"] as const satisfies LocalPlatformName[];

/** The document for each platform, limited as far as it can be. */
const OPTIONS = {
  EC2: { machine: "ec2", principal: HOST },
  ECS: { machine: "ecs", principal: HOST, region: REGION },
  EKSPodIdentity: { machine: "pod-identity", principal: HOST, clusterArn: CLUSTER, ...POD },
  IRSA: { machine: "irsa", principal: HOST, issuer: ISSUER, ...POD },
  Lambda: { machine: "lambda", principal: HOST },
} as const satisfies Record<LocalPlatformName, MachineTrustPolicyOptions>;

/** How the library reports that the platform or STS refused the role. */
const REFUSED: Record<LocalPlatformName, string> = {
  EC2: "INSTANCE_PROFILE_INVALID",
  ECS: "BASE_IDENTITY_UNAVAILABLE",
  EKSPodIdentity: "BASE_IDENTITY_UNAVAILABLE",
  IRSA: "ASSUME_ROLE_DENIED",
  Lambda: "INVALID_REQUEST",
};

/** Who the library is on a platform whose role has the document: the name of the role, or an error's code. */
async function identityOn(
  platform: LocalPlatformName,
  trust: MachineTrustPolicyOptions,
  { claims, ...options }: LocalAwsOptions & { claims?: WebIdentityClaims } = {},
): Promise<string> {
  const role = { roleArn: HOST, trustPolicy: machineTrustPolicy(trust).document };
  const env: Record<string, string | undefined> = {};
  const clock = createManualClock({ now: Date.now(), env });
  const aws = await startLocalAws({ clock, region: REGION, instanceProfile: role, roles: [role], ...options });
  if (platform === "ECS" || platform === "EKSPodIdentity" || platform === "Lambda") {
    aws.platform(platform).role.attach(role);
  }
  if (claims) aws.platform("IRSA").rotateToken(claims);
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  Object.assign(env, { AWS_REGION: REGION }, aws.platform(platform).env);
  const resolver = createCredentialResolver({ runtime: clock, assumeRole: { attempts: 1 } });
  onTestFinished(async () => {
    await resolver.close();
    await aws.close();
  });
  try {
    const { arn } = await resolver.verify({ credentials: "Runtime" });
    return arn.split("/")[1] ?? "";
  } catch (error) {
    if (isRolecallError(error)) return error.code;
    throw error;
  }
}

const ACTS = "rolecall-web-identity";

describe.each(PLATFORMS)("the document for %s", (document) => {
  it.each(PLATFORMS)(`on %s, lets the program act as the role only if that is ${document}`, async (platform) => {
    expect(await identityOn(platform, OPTIONS[document])).toBe(platform === document ? ACTS : REFUSED[platform]);
  });
});

describe("the document for ECS tasks", () => {
  it.each<[string, string, LocalAwsOptions["requestContext"]]>([
    ["refuses tasks of another account", REFUSED.ECS, { "aws:SourceAccount": "444455556666" }],
    [
      "refuses a source in another account",
      REFUSED.ECS,
      { "aws:SourceArn": "arn:aws:ecs:eu-central-1:444455556666:task/rolecall/0123456789abcdef0123456789abcdef" },
    ],
    [
      "refuses tasks in another region",
      REFUSED.ECS,
      { "aws:SourceArn": "arn:aws:ecs:us-east-1:111122223333:task/rolecall/0123456789abcdef0123456789abcdef" },
    ],
    [
      "lets any task of the region in",
      ACTS,
      { "aws:SourceArn": "arn:aws:ecs:eu-central-1:111122223333:task/other/00000000000000000000000000000000" },
    ],
  ])("%s", async (_, expected, requestContext = {}) => {
    expect(await identityOn("ECS", OPTIONS.ECS, { requestContext })).toBe(expected);
  });

  it("lets tasks in every region in if it names none", async () => {
    expect(await identityOn("ECS", { machine: "ecs", principal: HOST }, { region: "us-east-1" })).toBe(ACTS);
  });

  it("lets in the service's name in China, where EC2 has another one", async () => {
    const principal = HOST.replace("aws", "aws-cn");
    const statements = readTrustPolicy("trust", machineTrustPolicy({ machine: "ecs", principal }).document, () => true);
    const sourceArn = "arn:aws-cn:ecs:cn-north-1:111122223333:task/rolecall/0123456789abcdef0123456789abcdef";
    const mayAssume = (service: string) =>
      trusts(statements, "Service", service, {
        action: "sts:AssumeRole",
        roleArn: principal,
        context: serviceContext({ service, sourceArn, time: 0, given: new Map(), tags: undefined }),
      });
    expect(mayAssume("ecs-tasks.amazonaws.com")).toBe(true);
    expect(mayAssume("ecs-tasks.amazonaws.com.cn")).toBe(false);
    expect(mayAssume("ec2.amazonaws.com.cn")).toBe(false);
  });
});

describe("the document for EKS Pod Identity", () => {
  const limits = { clusterArn: CLUSTER, ...POD };

  it.each([
    { clusterArn: "arn:aws:eks:eu-central-1:111122223333:cluster/other" },
    { clusterArn: "arn:aws:eks:us-east-1:111122223333:cluster/rolecall" },
    { namespace: "kube-system" },
    { namespace: "default-*" },
    { serviceAccount: "integration-admin" },
    { serviceAccount: "integratio?n" },
  ])("refuses a pod that is not in %j", async (other) => {
    const trust = { machine: "pod-identity", principal: HOST, ...limits, ...other } as const;
    expect(await identityOn("EKSPodIdentity", trust)).toBe(REFUSED.EKSPodIdentity);
  });

  it.each([
    {},
    { namespace: "default" },
    { clusterArn: CLUSTER },
    { ...POD, namespace: "de*" },
    { serviceAccount: "*" },
  ])("lets a pod in with the limits %j", async (some) => {
    expect(await identityOn("EKSPodIdentity", { machine: "pod-identity", principal: HOST, ...some })).toBe(ACTS);
  });

  /** Whether EKS may assume the role for a pod with these tags. */
  function mayAssume(options: object, tags: Record<string, string>, service = "pods.eks.amazonaws.com"): boolean {
    const { document } = machineTrustPolicy({ machine: "pod-identity", principal: HOST, ...options });
    const statements = readTrustPolicy("trust", document, () => true);
    const given = readRequestContext("given", {});
    const context = serviceContext({
      service,
      sourceArn: undefined,
      time: 0,
      given,
      tags: new Map(Object.entries(tags)),
    });
    return ["sts:AssumeRole", "sts:TagSession"].every((action) =>
      trusts(statements, "Service", service, { action, roleArn: HOST, context }),
    );
  }

  it("tests each tag by itself", () => {
    const tags = {
      "eks-cluster-arn": CLUSTER,
      "kubernetes-namespace": "default",
      "kubernetes-service-account": "integration",
    };
    expect(mayAssume(limits, tags)).toBe(true);
    expect(mayAssume(limits, tags, "eks.amazonaws.com")).toBe(false);
    for (const [tag, value] of Object.entries(tags)) {
      const { [tag as keyof typeof tags]: _, ...others } = tags;
      expect(mayAssume(limits, others)).toBe(false);
      expect(mayAssume(limits, { ...tags, [tag]: `${value}x` })).toBe(false);
      expect(mayAssume(limits, { ...tags, [tag]: value.toUpperCase() })).toBe(false);
    }
  });

  it("refuses pods without session tags if it has limits", () => {
    expect(mayAssume({}, {})).toBe(true);
    expect(mayAssume({ namespace: "default" }, {})).toBe(false);
  });
});

describe("the document for a service account with an OIDC token", () => {
  it.each<WebIdentityClaims>([
    { subject: "system:serviceaccount:kube-system:integration" },
    { subject: "system:serviceaccount:default:integration-admin" },
    { subject: "system:serviceaccount:default:Integration" },
    { subject: "system:serviceaccount:default" },
    { subject: "integration" },
    { audience: "pods.eks.amazonaws.com" },
    { audience: "sts.amazonaws.com.cn" },
  ])("refuses the token %j", async (claims) => {
    const audiences = ["sts.amazonaws.com", "sts.amazonaws.com.cn", "pods.eks.amazonaws.com"];
    const code = await identityOn("IRSA", OPTIONS.IRSA, { claims, oidcIssuer: { audiences } });
    expect(code).toBe(REFUSED.IRSA);
  });

  it("is not evaluated for the token of an issuer that IAM has no provider for", async () => {
    const claims = { issuer: `${ISSUER}0` };
    expect(await identityOn("IRSA", OPTIONS.IRSA, { claims })).toBe("BASE_IDENTITY_UNAVAILABLE");
  });

  it.each([
    { issuer: `${ISSUER}0` },
    { issuer: "https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE" },
    { audience: "pods.eks.amazonaws.com" },
    { namespace: "defaul" },
    { serviceAccount: "inventory-*" },
  ])("refuses the pod if the document says %j", async (other) => {
    expect(await identityOn("IRSA", { ...OPTIONS.IRSA, ...other })).toBe(REFUSED.IRSA);
  });

  it.each([{ namespace: "de*" }, { serviceAccount: "*" }, { namespace: "*", serviceAccount: "integ?ation" }])(
    "lets the pod in if its name matches %j",
    async (pattern) => {
      expect(await identityOn("IRSA", { ...OPTIONS.IRSA, ...pattern })).toBe(ACTS);
    },
  );

  it("never matches a namespace or a service account across a colon", async () => {
    const trust = { ...OPTIONS.IRSA, namespace: "*", serviceAccount: "admin" } as const;
    const claims = { subject: "system:serviceaccount:default:integration" };
    expect(await identityOn("IRSA", trust, { claims })).toBe(REFUSED.IRSA);
    expect(await identityOn("IRSA", trust, { claims: { subject: "system:serviceaccount:default:admin" } })).toBe(ACTS);
  });

  it("takes the audience that it names", async () => {
    const options = { oidcIssuer: { audiences: ["integrations"] }, claims: { audience: "integrations" } };
    expect(await identityOn("IRSA", { ...OPTIONS.IRSA, audience: "integrations" }, options)).toBe(ACTS);
    expect(await identityOn("IRSA", OPTIONS.IRSA, options)).toBe(REFUSED.IRSA);
  });
});
