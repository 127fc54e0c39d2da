import { generateKeyPairSync, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  type AssumeRoleWithWebIdentityCommandInput,
  type AssumeRoleWithWebIdentityCommandOutput,
  GetCallerIdentityCommand,
  STSClient,
} from "@aws-sdk/client-sts";
import { fromTokenFile } from "@aws-sdk/credential-provider-web-identity";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createManualClock,
  type LocalAws,
  type LocalAwsOptions,
  startLocalAws,
  type WebIdentityClaims,
} from "../../src/testing/index.js";
import { assumeRole, type Keys, OTHER_ROLE, ROLE, send, stsAs, unsigned } from "./requests.js";

const GITHUB = "https://token.actions.githubusercontent.com";
const MAIN = "repo:example/project:ref:refs/heads/main";
const HOUR = 3_600_000;

const statement = (more: object = {}) => ({
  Effect: "Allow",
  Principal: { Federated: "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" },
  Action: "sts:AssumeRoleWithWebIdentity",
  Condition: {
    StringEquals: { "token.actions.githubusercontent.com:aud": "sts.amazonaws.com" },
    StringLike: { "token.actions.githubusercontent.com:sub": "repo:example/project:*" },
  },
  ...more,
});
const trusting = (...Statement: object[]) => ({ Version: "2012-10-17", Statement });

/** A local AWS with a role that trusts a repository's workflows. */
async function start(options: LocalAwsOptions = {}, trustPolicy: object = trusting(statement())): Promise<LocalAws> {
  const aws = await startLocalAws({
    oidcIssuer: { url: GITHUB },
    roles: [{ roleArn: ROLE, trustPolicy }],
    ...options,
  });
  onTestFinished(() => aws.close());
  return aws;
}

async function assume(
  aws: LocalAws,
  claims: WebIdentityClaims = {},
  input: Partial<AssumeRoleWithWebIdentityCommandInput> = {},
) {
  const sts = new STSClient({ endpoint: aws.endpoint, region: "us-east-1", maxAttempts: 1 });
  return sts.send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: ROLE,
      RoleSessionName: "test",
      WebIdentityToken: aws.oidcIssuer.token({ subject: MAIN, ...claims }),
      ...input,
    }),
  );
}

function toKeys({ Credentials }: Pick<AssumeRoleWithWebIdentityCommandOutput, "Credentials">): Keys {
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = Credentials ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

describe("a token of a trusted provider", () => {
  it("gives a session of the role", async () => {
    const aws = await start();

    const { Credentials, $metadata: _, ...response } = await assume(aws);

    expect(response).toEqual({
      SubjectFromWebIdentityToken: MAIN,
      Audience: "sts.amazonaws.com",
      Provider: "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com",
      AssumedRoleUser: {
        AssumedRoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}:test$/),
        Arn: "arn:aws:sts::123456789012:assumed-role/Inventory/test",
      },
    });
    const keys = toKeys({ Credentials });
    const identity = await stsAs(aws, keys).send(new GetCallerIdentityCommand({}));
    expect(identity.Arn).toBe("arn:aws:sts::123456789012:assumed-role/Inventory/test");
  });

  it("is recorded without the token, and without a signer", async () => {
    const aws = await start();
    await assume(aws);
    const [request] = aws.requests;
    expect(request).toMatchObject({
      target: "sts",
      operation: "AssumeRoleWithWebIdentity",
      roleArn: ROLE,
      status: 200,
      parameters: { RoleSessionName: "test" },
    });
    expect(request).not.toHaveProperty("session");
    expect(request?.parameters).not.toHaveProperty("WebIdentityToken");
  });

  it("may have several audiences", async () => {
    const { Audience } = await assume(await start(), { audience: ["other", "sts.amazonaws.com"] });
    expect(Audience).toBe("sts.amazonaws.com");
  });

  it("may have another audience that the provider lists", async () => {
    const oidcIssuer = { url: GITHUB, audiences: ["https://example.com/aws"] };
    const aws = await start({ oidcIssuer }, trusting(statement({ Condition: {} })));
    await expect(assume(aws, { audience: "https://example.com/aws" })).resolves.toBeDefined();
    await expect(assume(aws)).rejects.toMatchObject({ name: "InvalidIdentityTokenException" });
  });

  it("gives a session that lasts as long as the role allows, and may assume another role for an hour", async () => {
    const clock = createManualClock({ now: Date.now() });
    const role = { roleArn: ROLE, trustPolicy: trusting(statement()), maxSessionDuration: 43_200 };
    const other = { roleArn: OTHER_ROLE, trustedPrincipals: [ROLE] };
    const aws = await start({ clock, roles: [{ ...role, allowAssumeRole: ["*"] }, other] });

    const { Credentials } = await assume(aws, {}, { DurationSeconds: 43_200 });

    expect(Credentials?.Expiration?.getTime()).toBe(Math.floor(clock.now() / 1000 + 43_200) * 1000);
    const keys = toKeys({ Credentials });
    const chained = (DurationSeconds: number) => assumeRole(aws, { RoleArn: OTHER_ROLE, DurationSeconds }, keys);
    await expect(chained(3600)).resolves.toMatchObject({ AssumedRoleUser: expect.anything() });
    await expect(chained(3601)).rejects.toMatchObject({ message: expect.stringContaining("role chaining") });
  });
});

describe("a token that STS rejects", () => {
  it.each<[string, WebIdentityClaims, string, string]>([
    ["another audience", { audience: "other" }, "InvalidIdentityTokenException", "Incorrect token audience"],
    [
      "another issuer",
      { issuer: "https://example.com" },
      "InvalidIdentityTokenException",
      "No OpenIDConnect provider found in your account for https://example.com",
    ],
    ["an expiry in the past", { expiresIn: -1000 }, "ExpiredTokenException", "Token expired: current date/time"],
    ["no subject", { subject: "" }, "InvalidIdentityTokenException", "Missing a required claim: sub"],
    ["no audience", { audience: [] }, "InvalidIdentityTokenException", "Missing a required claim: aud"],
  ])("has %s", async (_, claims, name, message) => {
    const call = assume(await start(), claims);
    await expect(call).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
  });

  it("is refused with AWS's code, which differs from the name that the SDK gives its error", async () => {
    const aws = await start();
    await assume(aws, { audience: "other" }).catch(() => undefined);
    expect(aws.requests.at(-1)).toMatchObject({ status: 400, errorCode: "InvalidIdentityToken" });
  });

  it("expires by the server's clock", async () => {
    const clock = createManualClock({ now: Date.now() });
    const aws = await start({ clock });
    const WebIdentityToken = aws.oidcIssuer.token({ subject: MAIN, expiresIn: HOUR });
    await expect(assume(aws, {}, { WebIdentityToken })).resolves.toBeDefined();
    await clock.advance(HOUR);
    await expect(assume(aws, {}, { WebIdentityToken })).rejects.toMatchObject({ name: "ExpiredTokenException" });
  });

  it("is signed by another key", async () => {
    const aws = await start();
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const signed = aws.oidcIssuer.token({ subject: MAIN }).split(".").slice(0, 2).join(".");
    const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
    const WebIdentityToken = `${signed}.${signature.toString("base64url")}`;
    await expect(assume(aws, {}, { WebIdentityToken })).rejects.toMatchObject({
      name: "InvalidIdentityTokenException",
      message: expect.stringContaining("Couldn't retrieve verification key"),
    });
  });

  it("has claims that were changed after it was signed", async () => {
    const aws = await start();
    const [header, , signature] = aws.oidcIssuer
      .token({ subject: "repo:example/other:ref:refs/heads/main" })
      .split(".");
    const [, payload] = aws.oidcIssuer.token({ subject: MAIN }).split(".");
    const call = assume(aws, {}, { WebIdentityToken: [header, payload, signature].join(".") });
    await expect(call).rejects.toMatchObject({ name: "InvalidIdentityTokenException" });
  });

  it("names no signature algorithm", async () => {
    const aws = await start();
    const [, payload] = aws.oidcIssuer.token({ subject: MAIN }).split(".");
    const header = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
    const call = assume(aws, {}, { WebIdentityToken: `${header}.${payload}.` });
    await expect(call).rejects.toMatchObject({ name: "InvalidIdentityTokenException" });
  });

  it.each(["made-up", "a.b.c", "....", "e30.e30"])("is not a JWT: %s", async (WebIdentityToken) => {
    await expect(assume(await start(), {}, { WebIdentityToken })).rejects.toMatchObject({
      name: "InvalidIdentityTokenException",
      message: expect.stringContaining("is not a valid JWT"),
    });
  });
});

describe("a role's trust policy", () => {
  const NAME = "token.actions.githubusercontent.com";
  it.each<[string, "allow" | "deny", object]>([
    ["names the provider and the subject", "allow", trusting(statement())],
    [
      "names another subject",
      "deny",
      trusting(statement({ Condition: { StringEquals: { [`${NAME}:sub`]: "other" } } })),
    ],
    [
      "matches no prefix of the subject",
      "deny",
      trusting(statement({ Condition: { StringLike: { [`${NAME}:sub`]: "repo:example/project" } } })),
    ],
    [
      "names another audience",
      "deny",
      trusting(statement({ Condition: { StringEquals: { [`${NAME}:aud`]: "other" } } })),
    ],
    [
      "lists subjects with ForAnyValue",
      "allow",
      trusting(
        statement({ Condition: { "ForAnyValue:StringLike": { [`${NAME}:sub`]: ["repo:other/*", "repo:example/*"] } } }),
      ),
    ],
    [
      "tests a claim of another provider",
      "deny",
      trusting(statement({ Condition: { StringEquals: { "gitlab.example.com:sub": MAIN } } })),
    ],
    [
      "names a provider in another account",
      "deny",
      trusting(statement({ Principal: { Federated: `arn:aws:iam::444455556666:oidc-provider/${NAME}` } })),
    ],
    ["allows only sts:AssumeRole", "deny", trusting(statement({ Action: "sts:AssumeRole", Condition: {} }))],
    ["allows sts:*", "allow", trusting(statement({ Action: "sts:*" }))],
    [
      "trusts an account instead",
      "deny",
      trusting({ Effect: "Allow", Principal: { AWS: "111122223333" }, Action: "sts:AssumeRole" }),
    ],
    [
      "denies the subject",
      "deny",
      trusting(statement(), statement({ Effect: "Deny", Condition: { StringEquals: { [`${NAME}:sub`]: MAIN } } })),
    ],
    [
      "limits the session name",
      "deny",
      trusting(statement({ Condition: { StringEquals: { "sts:RoleSessionName": "other" } } })),
    ],
  ])("%s: %s", async (_, verdict, trustPolicy) => {
    const call = assume(await start({}, trustPolicy));
    if (verdict === "allow") await expect(call).resolves.toBeDefined();
    else {
      await expect(call).rejects.toMatchObject({
        name: "AccessDenied",
        message: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
      });
    }
  });

  it("that trusts a provider does not trust the instance profile", async () => {
    const aws = await start({}, trusting(statement({ Action: "sts:*", Condition: {} })));
    await expect(assumeRole(aws)).rejects.toMatchObject({ name: "AccessDenied" });
  });

  it("does not exist for an unknown role", async () => {
    await expect(assume(await start({ roles: [] }))).rejects.toMatchObject({ name: "AccessDenied" });
  });
});

describe("the parameters of the call", () => {
  it("must have a token", async () => {
    const aws = await start();
    const body = new URLSearchParams({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: ROLE,
      RoleSessionName: "test",
    }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const { outcome, body: answer } = await send(unsigned(aws, { method: "POST", headers, body }));
    expect(outcome).toBe("400 ValidationError");
    expect(answer).toContain("&apos;webIdentityToken&apos; failed to satisfy constraint: Member must not be null");
  });

  it.each<[string, Partial<AssumeRoleWithWebIdentityCommandInput>, string]>([
    ["too short a duration", { DurationSeconds: 899 }, "greater than or equal to 900"],
    ["a longer duration than the role allows", { DurationSeconds: 3601 }, "MaxSessionDuration"],
    ["a session name with a space", { RoleSessionName: "a b" }, "regular expression"],
    ["a role's name instead of its ARN", { RoleArn: "role/that/is/no/arn/at/all" }, "is invalid"],
  ])("are refused with %s", async (_, input, message) => {
    const call = assume(await start(), {}, input);
    await expect(call).rejects.toMatchObject({ name: "ValidationError", message: expect.stringContaining(message) });
  });
});

describe("the OIDC issuer", () => {
  it("is an EKS cluster by default", async () => {
    const aws = await startLocalAws({ region: "eu-central-1" });
    onTestFinished(() => aws.close());
    const { url } = aws.oidcIssuer;
    expect(url).toBe("https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE");
    expect(aws.oidcIssuer.providerArn("123456789012")).toBe(
      `arn:aws:iam::123456789012:oidc-provider/${url.slice("https://".length)}`,
    );
  });

  it.each(["http://example.com", "https://example.com/", "https://example.com?a=b", "example.com"])(
    "refuses the URL %s",
    async (url) => {
      await expect(startLocalAws({ oidcIssuer: { url } })).rejects.toThrow("oidcIssuer.url must be an https URL");
    },
  );
});

describe("the SDK's provider for token files", () => {
  const irsa = async () => {
    const aws = await startLocalAws({ platform: "IRSA", processEnv: true });
    onTestFinished(() => aws.close());
    return { aws, ...aws.platform("IRSA") };
  };

  it("is refused with the token of another service account", async () => {
    const { rotateToken } = await irsa();
    rotateToken({ subject: "system:serviceaccount:default:other" });
    await expect(fromTokenFile()()).rejects.toMatchObject({ name: "AccessDenied" });
  });

  it("is refused with the token for another audience", async () => {
    const { rotateToken } = await irsa();
    rotateToken({ audience: "pods.eks.amazonaws.com" });
    await expect(fromTokenFile()()).rejects.toMatchObject({ name: "InvalidIdentityTokenException" });
  });

  it("is refused with an empty or broken file", async () => {
    const { tokenFile } = await irsa();
    writeFileSync(tokenFile, "");
    await expect(fromTokenFile()()).rejects.toMatchObject({ name: "ValidationError" });
    writeFileSync(tokenFile, "made-up");
    await expect(fromTokenFile()()).rejects.toMatchObject({ name: "InvalidIdentityTokenException" });
  });

  it("gets the error that a fault injects", async () => {
    const { aws } = await irsa();
    aws.fault({ on: { operation: "AssumeRoleWithWebIdentity" }, status: 403, code: "IDPRejectedClaim" });
    await expect(fromTokenFile()()).rejects.toMatchObject({ name: "IDPRejectedClaimException" });
  });

  it("assumes another role that trusts the service account", async () => {
    const { aws, roleArn } = await irsa();
    expect(roleArn).toBe("arn:aws:iam::111122223333:role/rolecall-web-identity");
    const name = aws.oidcIssuer.url.slice("https://".length);
    const Principal = { Federated: aws.oidcIssuer.providerArn("123456789012") };
    const Condition = { StringEquals: { [`${name}:sub`]: "system:serviceaccount:default:integration" } };
    aws.setRole({ roleArn: ROLE, trustPolicy: trusting(statement({ Principal, Condition })) });
    await expect(fromTokenFile({ roleArn: ROLE })()).resolves.toMatchObject({ accountId: "123456789012" });
  });
});

it("AssumeRole does not accept a token in place of a signature", async () => {
  const aws = await start();
  const sts = new STSClient({
    endpoint: aws.endpoint,
    region: "us-east-1",
    maxAttempts: 1,
    signer: { sign: async (request) => request },
    credentials: { accessKeyId: "ASIAEXAMPLEEXAMPLE00", secretAccessKey: "example" },
  });
  const call = sts.send(new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: "test" }));
  await expect(call).rejects.toMatchObject({ name: "MissingAuthenticationToken" });
});
