import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Finding } from "../../src/cli/doctor/finding.js";
import type { IntegrationInstance } from "../../src/index.js";
import {
  type IamPolicy,
  type LocalAws,
  type LocalAwsOptions,
  type LocalRole,
  startLocalAws,
} from "../../src/testing/index.js";
import { createCertificates } from "../support/certificates.js";
import { startConnectProxy } from "../support/connect-proxy.js";
import { OWN_ADDRESS, startSimulator } from "../support/simulator.js";
import { startTlsRelay } from "../support/tls-relay.js";
import { runRolecall } from "./run-rolecall.js";

const MACHINE = "arn:aws:iam::111122223333:role/integration-host";
const MACHINE_SESSION = "arn:aws:sts::111122223333:assumed-role/integration-host/i-0123456789abcdef0";
const ROLE = "arn:aws:iam::123456789012:role/Inventory";
const OTHER = "arn:aws:iam::444455556666:role/Audit";
const USER = "arn:aws:iam::111122223333:user/integration";
const HUB = "arn:aws:iam::777788889999:role/central/Hub";
const HUB_ID = "hub-0815";
const EXTERNAL_ID = "acme-4711";
const MINUTE = 60_000;
/** Everything that a trust policy can require. */
const DEMANDING: IntegrationInstance = {
  roleArn: ROLE,
  externalId: EXTERNAL_ID,
  tags: { team: "platform" },
  sourceIdentity: "inventory",
};

/** A machine, and the instance that is configured on it. */
interface Machine {
  aws?: LocalAwsOptions;
  /** Changes to the local AWS after it has started. */
  broken?(aws: LocalAws): unknown;
  env?: Readonly<Record<string, string>> | ((aws: LocalAws) => Readonly<Record<string, string>>);
  instance?: IntegrationInstance | ((aws: LocalAws) => IntegrationInstance | Promise<IntegrationInstance>);
  /** The roles on the command line. */
  roles?: string[];
}

const permitting = (allowAssumeRole: string[]): LocalAwsOptions => ({
  instanceProfile: { roleArn: MACHINE, allowAssumeRole },
});
const withRole = (role: Partial<LocalRole> = {}): LocalAwsOptions => ({ roles: [{ roleArn: ROLE, ...role }] });
const policyOf = (...Statement: object[]) => ({ Version: "2012-10-17", Statement }) as IamPolicy;
const explained: LocalAwsOptions = { denialContext: true };

async function diagnose({ aws: options, broken, env = {}, instance = { roleArn: ROLE }, roles = [] }: Machine) {
  const aws = await startLocalAws({
    instanceProfile: { roleArn: MACHINE },
    region: "eu-central-1",
    ...withRole(),
    ...options,
  });
  onTestFinished(() => aws.close());
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  broken?.(aws);
  const folder = await mkdtemp(join(tmpdir(), "rolecall-doctor-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const config = join(folder, "instance.json");
  const settings = typeof instance === "function" ? await instance(aws) : instance;
  await writeFile(config, JSON.stringify(settings), { mode: 0o600 });
  const variables = typeof env === "function" ? env(aws) : env;
  const run = async () => {
    const { code, output, errors } = await runRolecall(["doctor", "--config", config, ...roles, "--json"], variables);
    expect(errors).toBe("");
    const { exitCode, findings } = JSON.parse(output) as { exitCode: number; findings: Finding[] };
    expect(exitCode).toBe(code);
    for (const secret of aws.secrets()) expect(output).not.toContain(secret);
    return { aws, code, findings, output };
  };
  return { ...(await run()), again: run };
}

/** The local AWS of a machine behind a source role; changes to the source role and to the role behind it. */
const chained = (hub: Partial<LocalRole> = {}, role: Partial<LocalRole> = {}): LocalAwsOptions => ({
  ...explained,
  roles: [
    { roleArn: HUB, ...(hub.policy === undefined && { allowAssumeRole: ["*"] }), ...hub },
    { roleArn: ROLE, trustedPrincipals: [HUB], ...role },
  ],
});
const BEHIND: IntegrationInstance = { roleArn: ROLE, sourceRole: HUB };
const LABELED: IntegrationInstance = {
  roleArn: ROLE,
  sourceRole: { roleArn: HUB, tags: { team: "blue" }, transitiveTagKeys: ["team"], sourceIdentity: "inventory" },
};

/** Title, the machine, the step and text of its first failed line, text of the fix, the exit code. */
const BROKEN: [string, Machine, Finding["step"], RegExp, RegExp, number][] = [
  [
    "no metadata service",
    { broken: () => vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9") },
    "metadata",
    /^AWS_EC2_METADATA_SERVICE_ENDPOINT is set, but nothing responds at that address\.$/,
    /^Correct it, or unset it\. .*set credentials in the instance/,
    3,
  ],
  [
    "a metadata service that hangs",
    { broken: (aws) => aws.fault({ on: { target: "imds" }, kind: "hang" }) },
    "metadata",
    /^AWS_EC2_METADATA_SERVICE_ENDPOINT is set, but nothing responds at that address\.$/,
    /^Correct it, or unset it; in a container, raise HttpPutResponseHopLimit/,
    3,
  ],
  [
    "a container, and a hop limit of 1",
    { aws: { imds: { hopLimitExceeded: true } } },
    "metadata",
    /IMDSv2 token does not arrive: the hop limit is too low/,
    /--http-put-response-hop-limit 2 Every container on this machine can then use its role/,
    3,
  ],
  [
    "a metadata service that is turned off",
    { broken: (aws) => aws.fault({ on: { target: "imds" }, status: 403 }) },
    "metadata",
    /turned off for this machine, or a metadata proxy such as kube2iam refuses the request/,
    /Set HttpEndpoint to enabled, or let PUT/,
    3,
  ],
  [
    "a metadata proxy that refuses tokens",
    { broken: (aws) => aws.fault({ on: { target: "imds", operation: "token" }, status: 403 }) },
    "metadata",
    /^A metadata proxy such as kube2iam rejects IMDSv2 token requests with 403, but answers other requests\.$/,
    /^Allow PUT \/latest\/api\/token in the proxy\./,
    3,
  ],
  [
    "IMDSv1 alone",
    {
      aws: { imds: { v1: true } },
      broken: (aws) => aws.fault({ on: { target: "imds", operation: "token" }, status: 404 }),
    },
    "metadata",
    /supports only IMDSv1/,
    /PUT \/latest\/api\/token/,
    3,
  ],
  [
    "IMDS that this process may not use",
    { env: { AWS_EC2_METADATA_DISABLED: "true" } },
    "metadata",
    /AWS_EC2_METADATA_DISABLED is true/,
    /Unset it/,
    3,
  ],
  [
    "no role attached",
    { aws: { instanceProfile: null } },
    "base-identity",
    /No IAM role is attached to this instance/,
    /Attach an instance profile/,
    3,
  ],
  [
    "no role attached, and keys that only other tools would use",
    { aws: { instanceProfile: null }, env: { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE" } },
    "base-identity",
    /No IAM role is attached/,
    /AWS_ACCESS_KEY_ID is set in the environment but not used: in the instance, set "credentials": "Environment"/,
    3,
  ],
  [
    "a container's role that nobody chose",
    { env: (aws) => aws.platform("ECS").env },
    "base-identity",
    /instance\.credentials is not set, and the environment announces a container's role/,
    /"credentials": "EcsContainer" for a container's role, or "credentials": "Ec2InstanceMetadata"/,
    3,
  ],
  [
    "a chosen source that is not there",
    { instance: { roleArn: ROLE, credentials: "WebIdentity" } },
    "base-identity",
    /is "WebIdentity", but AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are not set/,
    /"credentials": "Ec2InstanceMetadata"/,
    3,
  ],
  [
    "a container endpoint that refuses",
    {
      env: (aws) => aws.platform("ECS").env,
      instance: { roleArn: ROLE, credentials: "Runtime" },
      broken: (aws) => aws.fault({ on: { target: "container" }, kind: "status", status: 403 }),
    },
    "base-identity",
    /The container's credential endpoint http:.* responded with status 403/,
    /Check the token in AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE/,
    3,
  ],
  [
    "a base identity that has expired",
    {
      instance: (aws) => {
        const { expiration: _, ...credentials } = aws.issueSession({ roleArn: MACHINE });
        aws.expireSession(credentials.accessKeyId);
        return { roleArn: ROLE, region: "eu-central-1", credentials };
      },
    },
    "caller",
    /rejects the base identity's keys: ExpiredToken/,
    /Replace the keys at their source: .*have expired/,
    3,
  ],
  [
    "keys that were deleted",
    {
      instance: {
        roleArn: ROLE,
        region: "eu-central-1",
        credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "made-up" },
      },
    },
    "caller",
    /InvalidClientTokenId/,
    /in eu-central-1 \(partition aws\) does not recognize these keys: they were deleted, or they belong to another partition/,
    3,
  ],
  [
    "a signature for another region",
    {
      broken: (aws) =>
        aws.fault({
          on: { target: "sts" },
          status: 403,
          code: "SignatureDoesNotMatch",
          message: "Credential should be scoped to a valid region, not 'eu-central-1'. ",
        }),
    },
    "caller",
    /SignatureDoesNotMatch/,
    /AWS says that the credential should be scoped to a valid region, .*signed for eu-central-1/,
    3,
  ],
  [
    "STS not activated in the region",
    { aws: { disabledRegions: ["eu-central-1"] } },
    "sts",
    /STS is not activated in eu-central-1/,
    /Activate STS in that region/,
    4,
  ],
  [
    "no way to STS, and a proxy in the environment",
    {
      instance: { roleArn: ROLE, sts: { endpoint: "http://127.0.0.1:9/", region: "eu-central-1" } },
      env: { HTTPS_PROXY: "http://user:hush@proxy.example.com:3128" },
    },
    "sts",
    /STS in eu-central-1 does not respond/,
    /HTTPS_PROXY is set in the environment but not used: set instance\.network\.proxy/,
    4,
  ],
  [
    "no way to STS in a region that is misspelt",
    {
      instance: { roleArn: ROLE, region: "eu-centrall-1" },
      broken: () => vi.stubEnv("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
    },
    "sts",
    /STS in eu-centrall-1 does not respond/,
    /^The region eu-centrall-1 is unknown to this release\. Did you mean eu-central-1\? /,
    4,
  ],
  [
    "no way to STS",
    { instance: { roleArn: ROLE, sts: { endpoint: "http://127.0.0.1:9/", region: "eu-central-1" } } },
    "sts",
    /STS in eu-central-1 does not respond/,
    /VPC endpoint/,
    4,
  ],
  [
    "a proxy in the place of STS",
    {
      broken: (aws) =>
        aws.fault({ on: { target: "sts" }, kind: "body", status: 502, contentType: "text/html", body: "" }),
    },
    "sts",
    /STS in eu-central-1 returned no usable response at 127\.0\.0\.1\. .*status 502/,
    /proxy/,
    4,
  ],
  [
    "an STS that fails",
    { broken: (aws) => aws.fault({ on: { target: "sts" }, status: 503 }) },
    "sts",
    /STS in eu-central-1 returned no usable response at .* ServiceUnavailable\./,
    /try again/,
    4,
  ],
  [
    "an STS that throttles",
    {
      instance: { roleArn: ROLE, network: { maxAttempts: 1 } },
      broken: (aws) => aws.fault({ on: { target: "sts" }, status: 400, code: "Throttling" }),
    },
    "sts",
    /STS in eu-central-1 returned no usable response at .* Throttling\./,
    /^Try again later, .*STS limits the rate of calls per account/,
    4,
  ],
  [
    "an STS whose certificate nobody vouches for",
    {
      instance: async (aws) => ({
        roleArn: ROLE,
        sts: { endpoint: await startTlsRelay(aws.endpoint, createCertificates()), region: "eu-central-1" },
      }),
    },
    "sts",
    /^GetCallerIdentity in eu-central-1 failed: [A-Z_]+\.$/,
    /The certificate is not trusted\. .*instance\.network\.extraCa\.$/,
    4,
  ],
  [
    "an STS endpoint that others could read",
    {
      instance: { roleArn: ROLE, region: "eu-central-1" },
      broken: () => vi.stubEnv("AWS_ENDPOINT_URL", "http://sts.test"),
    },
    "sts",
    /would reach STS over http:/,
    /Use https/,
    4,
  ],
  [
    "keys in the instance, no region, and no metadata service",
    {
      instance: (aws) => ({ roleArn: ROLE, credentials: aws.issueUserKeys({ userArn: USER }) }),
      broken: (aws) => aws.fault({ on: { target: "imds" }, status: 403 }),
    },
    "region",
    /No region is set/,
    /AWS_REGION/,
    4,
  ],
  [
    "no region, and none from the metadata service",
    { broken: (aws) => aws.fault({ on: { operation: "placement" }, status: 404 }) },
    "region",
    /No region is set/,
    /AWS_REGION/,
    4,
  ],
  [
    "a clock that is 20 minutes slow",
    { aws: { clock: { now: () => Date.now() + 20 * MINUTE }, strictSignatureTime: true } },
    "clock",
    /clock is 20 minutes behind AWS's/,
    /chrony/,
    4,
  ],
  [
    "a clock that is 20 minutes fast",
    { aws: { clock: { now: () => Date.now() - 20 * MINUTE }, strictSignatureTime: true } },
    "clock",
    /clock is 20 minutes ahead of AWS's/,
    /chrony/,
    4,
  ],
  [
    "a role that allowedRoles does not list",
    { instance: { allowedRoles: [OTHER] }, roles: [ROLE] },
    "allowed-roles",
    /not in the instance's allowedRoles/,
    /add it to allowedRoles/,
    5,
  ],
  [
    "a role of another partition than the region",
    { instance: { region: "eu-central-1" }, roles: ["arn:aws-cn:iam::123456789012:role/Inventory"] },
    "allowed-roles",
    /the role is in partition aws-cn/,
    /region in the role's partition/,
    5,
  ],
  [
    "no permission to assume anything",
    { aws: { ...explained, ...permitting([]) } },
    "assume",
    /no policy of the base identity allows sts:AssumeRole on this role/,
    new RegExp(`Add ${ROLE} to the Resource list of sts:AssumeRole in a policy of ${MACHINE}`),
    5,
  ],
  [
    "a role that is not in the Resource list",
    {
      aws: { ...explained, ...permitting([OTHER]), roles: [{ roleArn: ROLE }, { roleArn: OTHER }] },
      roles: [ROLE, OTHER],
    },
    "assume",
    new RegExp(`It can assume ${OTHER}, so a Resource list or a Condition excludes this role`),
    new RegExp(`Add ${ROLE} to the Resource list`),
    5,
  ],
  [
    "a trust policy for another principal",
    { aws: { ...explained, ...withRole({ trustedPrincipals: [OTHER] }) } },
    "assume",
    /this role's trust policy does not allow sts:AssumeRole\. It names another principal/,
    new RegExp(`in account 123456789012: .*--role-name Inventory .*its Principal is ${MACHINE} `),
    5,
  ],
  [
    "a wrong external id",
    {
      aws: { ...explained, ...withRole({ externalId: EXTERNAL_ID }) },
      instance: { roleArn: ROLE, externalId: "umbrella" },
    },
    "assume",
    /this role's trust policy does not allow .* requires another external id/,
    /sts:ExternalId there equals instance\.externalId/,
    5,
  ],
  [
    "a missing external id",
    { aws: { ...explained, ...withRole({ externalId: EXTERNAL_ID }) } },
    "assume",
    /requires an external id \(none is set\)/,
    /it has no sts:ExternalId condition \(or set externalId to its value\)/,
    5,
  ],
  [
    "a role that is gone",
    { aws: { ...explained, roles: [] } },
    "assume",
    /or the role does not exist/,
    /aws iam get-role --role-name Inventory/,
    5,
  ],
  [
    "a Deny in the base identity's own policy",
    {
      aws: {
        ...explained,
        instanceProfile: {
          roleArn: MACHINE,
          policy: policyOf(
            { Effect: "Allow", Action: "sts:AssumeRole", Resource: "*" },
            { Effect: "Deny", Action: "sts:AssumeRole", Resource: ROLE },
          ),
        },
      },
    },
    "assume",
    /a Deny statement in an identity-based policy blocks sts:AssumeRole/,
    /base identity's account.*find the Deny statement/,
    5,
  ],
  [
    "a Deny in the trust policy",
    {
      aws: {
        ...explained,
        ...withRole({ trustPolicy: policyOf({ Effect: "Deny", Principal: "*", Action: "sts:AssumeRole" }) }),
      },
    },
    "assume",
    /a Deny statement in a role trust policy blocks sts:AssumeRole/,
    /the role's trust relationships: find the Deny statement/,
    5,
  ],
  [
    "a service control policy",
    {
      broken: (aws) =>
        aws.fault({
          on: { operation: "AssumeRole" },
          status: 403,
          message: `User: ${MACHINE_SESSION} is not authorized to perform: sts:AssumeRole on resource: ${ROLE} with an explicit deny in a service control policy`,
        }),
    },
    "assume",
    /a Deny statement in a service control policy/,
    /AWS Organizations/,
    5,
  ],
  [
    "a machine's role that EC2 may not assume",
    {
      aws: {
        instanceProfile: {
          roleArn: MACHINE,
          trustPolicy: policyOf({ Effect: "Allow", Principal: { AWS: USER }, Action: "sts:AssumeRole" }),
        },
      },
    },
    "base-identity",
    /something other than credentials/,
    /its trust policy may not allow ec2\.amazonaws\.com/,
    3,
  ],
  [
    "tags that the trust policy does not let pass",
    {
      aws: { ...explained, ...withRole({ allowTagSession: false }) },
      instance: { roleArn: ROLE, tags: { team: "platform" } },
    },
    "assume",
    /^Denied: the role's trust policy does not allow sts:TagSession, which the instance's tags need\.$/,
    /^Add sts:TagSession next to sts:AssumeRole in the role's trust policy/,
    5,
  ],
  [
    "tags, and AWS does not say which policy lets them not pass",
    { aws: withRole({ allowTagSession: false }), instance: { roleArn: ROLE, tags: { team: "platform" } } },
    "assume",
    /^Denied: sts:TagSession is not allowed on this role, but the instance's tags need it\.$/,
    new RegExp(`^Add sts:TagSession next to sts:AssumeRole in the role's trust policy.*in a policy of ${MACHINE}`),
    5,
  ],
  [
    "a source identity that the trust policy does not let pass",
    {
      aws: {
        ...explained,
        ...withRole({
          trustPolicy: policyOf({ Effect: "Allow", Principal: { AWS: MACHINE }, Action: "sts:AssumeRole" }),
        }),
      },
      instance: { roleArn: ROLE, sourceIdentity: "inventory" },
    },
    "assume",
    /^Denied: the role's trust policy does not allow sts:SetSourceIdentity, which the instance's source identity needs\.$/,
    /^Add sts:SetSourceIdentity next to sts:AssumeRole in the role's trust policy/,
    5,
  ],
  [
    "a machine and a role of different partitions",
    {
      aws: {
        region: "cn-north-1",
        instanceProfile: { roleArn: MACHINE.replace("aws", "aws-cn") },
      },
      broken: (aws) => aws.fault({ on: { operation: "AssumeRole" }, status: 403, code: "InvalidClientTokenId" }),
    },
    "assume",
    /^The base identity is in the partition aws-cn, but this role is in aws\. Credentials work only within their partition\.$/,
    /^Name a role in aws-cn, or set credentials for aws in the instance\.$/,
    5,
  ],
  [
    "a denial of which AWS tells nothing, of the only role",
    { aws: permitting([]) },
    "assume",
    /AWS does not say which policy decided\. Possible causes, most likely first: the base identity's own policy does not allow/,
    new RegExp(`^Check that a policy of ${MACHINE} .*allows sts:AssumeRole on ${ROLE}`),
    5,
  ],
  [
    "a denial of which AWS tells nothing, while another role can be assumed",
    { aws: { roles: [{ roleArn: ROLE, trustedPrincipals: [OTHER] }, { roleArn: OTHER }] }, roles: [ROLE, OTHER] },
    "assume",
    /most likely first: this role's trust policy names another principal/,
    /^Look at its trust policy in account 123456789012: aws iam get-role/,
    5,
  ],
  [
    "a duration that role chaining does not grant",
    {
      aws: withRole({ maxSessionDuration: 43_200 }),
      instance: { roleArn: ROLE, roleSessionDuration: 14_400 },
    },
    "duration",
    /instance\.roleSessionDuration requests 14400 s, but commands get 3600 s\. STS returned: .*1 hour session limit .*role chaining\.$/,
    /Set roleSessionDuration to 3600 or less/,
    5,
  ],
  [
    "a duration over the role's MaxSessionDuration",
    {
      aws: withRole({ maxSessionDuration: 7200, trustedPrincipals: [USER] }),
      instance: (aws) => ({
        roleArn: ROLE,
        region: "eu-central-1",
        roleSessionDuration: 43_200,
        credentials: aws.issueUserKeys({ userArn: USER }),
      }),
    },
    "duration",
    /STS returned: .* exceeds the MaxSessionDuration set for this role\. In whole hours, it grants up to 7200 s\./,
    /aws iam update-role --role-name Inventory --max-session-duration 43200/,
    5,
  ],
  [
    "a source role that does not trust the machine",
    { aws: chained({ trustedPrincipals: [OTHER] }), instance: BEHIND },
    "assume",
    /^Denied: the source role's trust policy does not allow sts:AssumeRole\. It names another principal/,
    new RegExp(
      `in account 777788889999: .*--role-name Hub .*its Principal is ${MACHINE} .*policy trust ${HUB} --principal`,
    ),
    5,
  ],
  [
    "a source role that the machine has no permission to assume",
    { aws: { ...chained(), ...permitting([ROLE]) }, instance: BEHIND },
    "assume",
    /^Denied: no policy of the base identity allows sts:AssumeRole on the source role\.$/,
    new RegExp(`^Add ${HUB} to the Resource list of sts:AssumeRole in a policy of ${MACHINE} `),
    5,
  ],
  [
    "a source role that requires an external id of its own",
    { aws: chained({ externalId: HUB_ID }), instance: { ...BEHIND, externalId: EXTERNAL_ID } },
    "assume",
    /the source role's trust policy .* requires an external id \(none is set\)/,
    /it has no sts:ExternalId condition/,
    5,
  ],
  [
    "a source role whose external id is another one",
    {
      aws: chained({ externalId: HUB_ID }),
      instance: { roleArn: ROLE, sourceRole: { roleArn: HUB, externalId: "x1" } },
    },
    "assume",
    /the source role's trust policy .* requires another external id/,
    /sts:ExternalId there equals instance\.sourceRole\.externalId/,
    5,
  ],
  [
    "a source role whose tags the first hop does not let pass",
    { aws: chained({ allowTagSession: false }), instance: LABELED },
    "assume",
    /^Denied: the role's trust policy does not allow sts:TagSession, which the source role's tags need\.$/,
    /^Add sts:TagSession next to sts:AssumeRole in the role's trust policy/,
    5,
  ],
  [
    "a denial at the first hop of which AWS tells nothing",
    { aws: { ...chained({ trustedPrincipals: [OTHER] }), denialContext: false }, instance: BEHIND },
    "assume",
    /most likely first: the base identity's own policy does not allow sts:AssumeRole on the source role; or the source role's trust policy/,
    new RegExp(`^Check that a policy of ${MACHINE} .*allows sts:AssumeRole on ${HUB}`),
    5,
  ],
  [
    "a role that trusts the machine and not the source role",
    { aws: chained({}, { trustedPrincipals: [MACHINE] }), instance: BEHIND },
    "assume",
    /^Denied: this role's trust policy does not allow sts:AssumeRole\. It names another principal/,
    new RegExp(`in account 123456789012: .*its Principal is ${HUB}, its .*policy trust ${ROLE} --principal ${HUB} `),
    5,
  ],
  [
    "a source role that has no permission to assume the role",
    { aws: chained({ allowAssumeRole: [OTHER] }), instance: BEHIND },
    "assume",
    /^Denied: no policy of the source role allows sts:AssumeRole on this role\.$/,
    new RegExp(`^Add ${ROLE} to the Resource list of sts:AssumeRole in a policy of ${HUB}\\.$`),
    5,
  ],
  [
    "inherited tags that the role's trust policy does not let pass",
    { aws: chained({}, { allowTagSession: false }), instance: LABELED },
    "assume",
    /^Denied: the role's trust policy does not allow sts:TagSession, which the tags inherited from the source role need\.$/,
    /^Add sts:TagSession next to sts:AssumeRole in the role's trust policy/,
    5,
  ],
  [
    "the tags of an EKS pod that the role's trust policy does not let pass",
    {
      aws: { ...explained, ...withRole({ allowTagSession: false }) },
      env: (aws) => aws.platform("EKSPodIdentity").env,
      instance: { roleArn: ROLE, credentials: "EcsContainer" },
    },
    "assume",
    /does not allow sts:TagSession, which the tags inherited from the base identity need\.$/,
    /^Add sts:TagSession next to sts:AssumeRole in the role's trust policy/,
    5,
  ],
  [
    "the tags of an EKS pod that the source role's trust policy does not let pass",
    {
      aws: chained({ allowTagSession: false }),
      env: (aws) => aws.platform("EKSPodIdentity").env,
      instance: { ...BEHIND, credentials: "EcsContainer", credentialsName: "pod" },
    },
    "assume",
    /does not allow sts:TagSession, which the tags inherited from the base identity need\.$/,
    /^Add sts:TagSession next to sts:AssumeRole in the role's trust policy/,
    5,
  ],
  [
    "an inherited source identity that the role's trust policy does not let pass",
    { aws: chained({}, { allowSetSourceIdentity: false }), instance: LABELED },
    "assume",
    /does not allow sts:SetSourceIdentity, which the source identity inherited from the source role needs\.$/,
    /^Add sts:SetSourceIdentity next to sts:AssumeRole in the role's trust policy/,
    5,
  ],
  [
    "tags of the instance that the source role's policy does not let pass",
    {
      aws: chained({
        policy: policyOf({ Effect: "Allow", Action: "sts:AssumeRole", Resource: "*" }),
      }),
      instance: { ...BEHIND, tags: { team: "platform" } },
    },
    "assume",
    /^Denied: no policy of the source role allows sts:TagSession, which the instance's tags need\.$/,
    new RegExp(`^Allow sts:TagSession on ${ROLE} in a policy of ${HUB}\\.$`),
    5,
  ],
  [
    "inherited tags, and AWS does not say which policy lets them not pass",
    { aws: { ...chained({}, { allowTagSession: false }), denialContext: false }, instance: LABELED },
    "assume",
    /^Denied: sts:TagSession is not allowed on this role, but the tags inherited from the source role need it\.$/,
    new RegExp(`Also allow sts:TagSession on ${ROLE} in a policy of ${HUB}\\.$`),
    5,
  ],
  [
    "a Deny in the source role's own policy",
    {
      aws: chained({
        policy: policyOf(
          { Effect: "Allow", Action: "sts:*", Resource: "*" },
          { Effect: "Deny", Action: "sts:AssumeRole", Resource: ROLE },
        ),
      }),
      instance: BEHIND,
    },
    "assume",
    /a Deny statement in an identity-based policy blocks sts:AssumeRole on this role/,
    /^IAM in the source role's account, its own policies: find the Deny statement/,
    5,
  ],
  [
    "a duration over the limit of role chaining, behind a source role",
    { aws: chained({}, { maxSessionDuration: 43_200 }), instance: { ...BEHIND, roleSessionDuration: 7200 } },
    "allowed-roles",
    /^instance\.roleSessionDuration is 7200, but role chaining limits a session to one hour\.$/,
    /^Set at most 3600, or leave out instance\.sourceRole\.$/,
    5,
  ],
  [
    "a duration of the source role that STS does not grant",
    {
      aws: chained({ maxSessionDuration: 43_200 }),
      instance: { roleArn: ROLE, sourceRole: { roleArn: HUB, roleSessionDuration: 14_400 } },
    },
    "duration",
    /^instance\.sourceRole\.roleSessionDuration requests 14400 s, but the source role gets 3600 s\. STS returned: /,
    /Set roleSessionDuration to 3600 or less/,
    5,
  ],
  [
    "a source role of another partition than the region",
    {
      instance: { region: "eu-central-1", sourceRole: "arn:aws-cn:iam::123456789012:role/Hub" },
    },
    "source-role",
    /the role is in partition aws-cn/,
    /region in the role's partition/,
    5,
  ],
  [
    "the source role as the role of commands",
    { aws: chained(), instance: { sourceRole: HUB }, roles: [HUB] },
    "allowed-roles",
    /^command\.roleArn is the instance's sourceRole\.$/,
    /^Name another role/,
    5,
  ],
];

describe("rolecall doctor", () => {
  it.each(BROKEN)(
    "names the cause in the first failed line: %s",
    async (_title, machine, step, cause, next, exitCode) => {
      const { findings, code } = await diagnose(machine);
      const failure = findings.find(({ status }) => status === "failed");
      expect(failure).toMatchObject({ step, summary: expect.stringMatching(cause) });
      expect(failure?.next.join(" ")).toMatch(next);
      expect(code).toBe(exitCode);
    },
  );

  it("reports every step of a healthy machine as ok", async () => {
    const { findings, code, aws } = await diagnose({
      aws: withRole({ externalId: EXTERNAL_ID }),
      instance: { roleArn: ROLE, externalId: EXTERNAL_ID, allowedRoles: [ROLE] },
    });
    expect(findings.map(({ step, status }) => `${step} ${status}`)).toEqual([
      "metadata ok",
      "base-identity ok",
      "region ok",
      "sts ok",
      "clock ok",
      "caller ok",
      "allowed-roles ok",
      "assume ok",
      "external-id ok",
      "duration ok",
    ]);
    expect(code).toBe(0);
    const said = findings.map(({ summary }) => summary).join("\n");
    expect(said).toContain(MACHINE_SESSION);
    expect(said).toContain("It requires the external id that is set.");
    const assumed = aws.requests.filter(({ operation }) => operation === "AssumeRole");
    expect(assumed.map(({ parameters }) => parameters.DurationSeconds)).toEqual(["900", "900"]);
    for (const { parameters } of assumed) expect(parameters.RoleSessionName).toMatch(/^rolecall-doctor-/);
    const asked = aws.requests.filter(({ target }) => target === "sts").map(({ operation }) => operation);
    expect(new Set(asked)).toEqual(new Set(["GetCallerIdentity", "AssumeRole"]));
  });

  it("walks both hops of a healthy chain, with short sessions", async () => {
    const { findings, code, aws, output } = await diagnose({
      aws: chained({ externalId: HUB_ID }, { externalId: EXTERNAL_ID }),
      instance: {
        ...LABELED,
        allowedRoles: [{ roleArn: ROLE, externalId: EXTERNAL_ID }],
        sourceRole: { ...(LABELED.sourceRole as object), roleArn: HUB, externalId: HUB_ID },
      },
    });
    expect(findings.slice(6).map(({ step, status, roleArn }) => `${roleArn} ${step} ${status}`)).toEqual([
      `${HUB} source-role ok`,
      `${HUB} assume ok`,
      `${HUB} external-id ok`,
      `${HUB} duration ok`,
      `${ROLE} allowed-roles ok`,
      `${ROLE} assume ok`,
      `${ROLE} external-id ok`,
      `${ROLE} duration ok`,
    ]);
    expect(code).toBe(0);
    expect(output).not.toMatch(/hub-0815|acme-4711/);
    const assumed = aws.requests.filter(({ operation }) => operation === "AssumeRole");
    // Each hop once, and once without its external id.
    expect(assumed.map(({ roleArn }) => roleArn)).toEqual([HUB, HUB, ROLE, ROLE]);
    expect(new Set(assumed.map(({ parameters }) => parameters.DurationSeconds))).toEqual(new Set(["900"]));
    for (const { parameters } of assumed) expect(parameters.RoleSessionName).toMatch(/^rolecall-doctor-/);
    for (const { parameters } of assumed.slice(0, 2)) expect(parameters.Policy).toContain(ROLE);
  });

  it("uses the source role's session name if its trust policy requires that name", async () => {
    const trustPolicy = policyOf({
      Effect: "Allow",
      Principal: { AWS: MACHINE },
      Action: "sts:AssumeRole",
      Condition: { StringEquals: { "sts:RoleSessionName": "central" } },
    });
    const { findings, code } = await diagnose({
      aws: chained({ trustPolicy }),
      instance: { roleArn: ROLE, sourceRole: { roleArn: HUB, roleSessionName: "central" } },
    });
    expect(findings.filter(({ step }) => step === "assume")).toMatchObject([
      { roleArn: HUB, status: "ok", summary: expect.stringMatching(/STS denies it with the doctor's session name\.$/) },
      { roleArn: ROLE, status: "ok" },
    ]);
    expect(code).toBe(0);
  });

  it("does not try the roles behind a source role that cannot be assumed", async () => {
    const { findings, aws } = await diagnose({ aws: chained({ trustedPrincipals: [OTHER] }), instance: BEHIND });
    expect(findings.findLast(({ roleArn }) => roleArn === ROLE)).toMatchObject({
      step: "assume",
      status: "skipped",
      summary: "Not checked: the source role must be assumable first.",
    });
    const assumed = aws.requests.filter(({ operation }) => operation === "AssumeRole");
    expect(assumed.map(({ roleArn }) => roleArn)).toEqual([HUB]);
  });

  it("checks the source role alone if the instance names no other role", async () => {
    const { findings, code } = await diagnose({ aws: chained(), instance: { sourceRole: HUB } });
    expect(new Set(findings.map(({ roleArn }) => roleArn))).toEqual(new Set([undefined, HUB]));
    expect(code).toBe(0);
  });

  it("says that the other hop's role can be assumed only if the source role assumed it", async () => {
    const { findings } = await diagnose({
      aws: {
        ...explained,
        roles: [
          { roleArn: HUB, allowAssumeRole: [OTHER] },
          { roleArn: ROLE, trustedPrincipals: [HUB] },
          { roleArn: OTHER, trustedPrincipals: [HUB] },
        ],
      },
      instance: BEHIND,
      roles: [ROLE, OTHER],
    });
    expect(findings.find(({ status }) => status === "failed")?.summary).toBe(
      `Denied: no policy of the source role allows sts:AssumeRole on this role. It can assume ${OTHER}, so a Resource list or a Condition excludes this role.`,
    );
  });

  it.each([
    ["of the source role", { trustedPrincipals: [OTHER] }, {}],
    ["of the role behind it", {}, { trustedPrincipals: [OTHER] }],
  ])("prints a command whose trust policy works: that %s", async (_title, hub, role) => {
    const { aws, findings, again } = await diagnose({ aws: chained(hub, role), instance: LABELED });
    const command = findings
      .flatMap(({ next }) => next)
      .find((step) => step.startsWith("npx aws-rolecall policy trust "));
    const { output, errors, code } = await runRolecall(command?.split(" ").slice(2) ?? []);
    expect({ errors, code }).toEqual({ errors: "", code: 0 });
    const roleArn = command?.split(" ")[4] ?? "";
    aws.setRole({
      roleArn,
      trustPolicy: JSON.parse(output),
      ...(roleArn === HUB && { allowAssumeRole: ["*"] }),
    });
    expect((await again()).code).toBe(0);
  });

  it("reports a role that requires the instance's session name as assumable, and says when it is not", async () => {
    const { findings, aws, code } = await diagnose({
      aws: withRole({
        trustPolicy: policyOf({
          Effect: "Allow",
          Principal: { AWS: MACHINE },
          Action: "sts:AssumeRole",
          Condition: { StringEquals: { "sts:RoleSessionName": "inventory" } },
        }),
      }),
      instance: { roleArn: ROLE, roleSessionName: "inventory" },
    });
    expect(findings.find(({ step }) => step === "assume")).toMatchObject({
      status: "ok",
      summary: expect.stringMatching(
        /assumed-role\/Inventory\/inventory\. STS denies it with the doctor's session name\.$/,
      ),
    });
    const names = aws.requests.flatMap(({ parameters }) => parameters.RoleSessionName ?? []);
    expect(names).toEqual([expect.stringMatching(/^rolecall-doctor-/), "inventory"]);
    expect(code).toBe(0);
  });

  it("warns about IMDSv1 and exits with code 0", async () => {
    const { findings, code } = await diagnose({ aws: { imds: { v1: true } } });
    expect(findings.filter(({ status }) => status !== "ok")).toEqual([
      expect.objectContaining({
        step: "metadata-v1",
        status: "warning",
        next: [
          expect.stringContaining("--http-tokens required"),
          expect.stringContaining("Software that still uses IMDSv1 then stops working"),
        ],
      }),
    ]);
    expect(code).toBe(0);
  });

  it("warns about an unknown region and suggests a similar one", async () => {
    const { findings, code } = await diagnose({ env: { AWS_REGION: "eu-centrall-1" } });
    expect(findings.find(({ step }) => step === "region")).toMatchObject({
      status: "warning",
      summary: "The region is eu-centrall-1, from AWS_REGION, but it is unknown to this release.",
      next: ["Did you mean eu-central-1? A region newer than this release still works."],
    });
    expect(code).toBe(0);
  });

  it("warns about an external id that the role does not require", async () => {
    const { findings, code } = await diagnose({ instance: { roleArn: ROLE, externalId: EXTERNAL_ID } });
    expect(findings.find(({ step }) => step === "external-id")).toMatchObject({
      status: "warning",
      summary: "An external id is set, but the role can be assumed without it.",
    });
    expect(code).toBe(0);
  });

  it("requests a duration of more than an hour in full", async () => {
    const { findings, aws } = await diagnose({
      aws: withRole({ maxSessionDuration: 14_400, trustedPrincipals: [USER] }),
      instance: (local) => ({
        roleArn: ROLE,
        region: "eu-central-1",
        roleSessionDuration: 14_400,
        credentials: local.issueUserKeys({ userArn: USER }),
      }),
    });
    expect(findings.at(-1)).toMatchObject({
      step: "duration",
      status: "ok",
      summary: "It grants sessions of 14400 s.",
    });
    const durations = aws.requests.flatMap(({ parameters }) => parameters.DurationSeconds ?? []);
    expect(durations).toEqual(["900", "14400"]);
  });

  it("requests a long duration only once if STS names the role chaining limit", async () => {
    const { aws } = await diagnose({
      aws: withRole({ maxSessionDuration: 43_200 }),
      instance: { roleArn: ROLE, roleSessionDuration: 43_200 },
    });
    const durations = aws.requests.flatMap(({ parameters }) => parameters.DurationSeconds ?? []);
    expect(durations).toEqual(["900", "43200", "3600"]);
  });

  it("keeps the rest of the report if a call fails while it tests the duration", async () => {
    const { findings, code } = await diagnose({
      instance: { roleArn: ROLE, roleSessionDuration: 7200 },
      broken: (aws) => {
        const failAfterwards = <T>(fields: T): T => {
          aws.fault({ on: { operation: "AssumeRole" }, status: 503 });
          return fields;
        };
        aws.fault({ on: { operation: "AssumeRole" }, kind: "patch-credentials", patch: failAfterwards, times: 1 });
      },
    });
    expect(findings.at(-1)).toMatchObject({
      step: "duration",
      status: "skipped",
      summary: expect.stringMatching(
        /^Could not check whether the role grants 7200 s\. AssumeRole .* ServiceUnavailable\.$/,
      ),
    });
    expect(findings).toContainEqual(expect.objectContaining({ step: "assume", status: "ok" }));
    expect(code).toBe(0);
  });

  it("warns about an endpoint policy that denies GetCallerIdentity, and still checks the roles", async () => {
    const { findings, code } = await diagnose({
      aws: { ...explained, roles: [{ roleArn: ROLE }, { roleArn: OTHER, trustedPrincipals: [USER] }] },
      roles: [ROLE, OTHER],
      broken: (aws) =>
        aws.fault({
          on: { operation: "GetCallerIdentity" },
          status: 403,
          message: `User: ${MACHINE_SESSION} is not authorized to perform: sts:GetCallerIdentity because no VPC endpoint policy allows the sts:GetCallerIdentity action`,
        }),
    });
    expect(findings.find(({ step }) => step === "caller")).toMatchObject({
      status: "warning",
      summary: `STS does not return the caller identity: no VPC endpoint policy allows sts:GetCallerIdentity. The error message names ${MACHINE_SESSION}.`,
      next: ["VPC, the policy of the interface endpoint for STS: allow sts:GetCallerIdentity there."],
    });
    const [tried, denied] = findings.filter(({ step }) => step === "assume");
    expect(tried).toMatchObject({ status: "ok", summary: expect.stringContaining(":assumed-role/Inventory/") });
    expect(denied?.next.join(" ")).toContain(`its Principal is ${MACHINE} (with its path`);
    expect(code).toBe(5);
  });

  it("claims no cause if a denial of GetCallerIdentity names none", async () => {
    const { findings, code } = await diagnose({
      aws: { roles: [] },
      broken: (aws) => aws.fault({ on: { operation: "GetCallerIdentity" }, status: 403, message: "Access denied" }),
    });
    expect(findings.find(({ step }) => step === "caller")).toMatchObject({
      status: "warning",
      summary:
        "STS does not return the caller identity: sts:GetCallerIdentity is denied, and AWS does not say which policy decided.",
    });
    // The role's own denial names the caller.
    const denied = findings.find(({ step }) => step === "assume");
    expect(denied?.next.join(" ")).toContain(`Check that a policy of ${MACHINE} (with its path`);
    expect(code).toBe(5);
  });

  it("draws no conclusion about the base identity's policy from a role in its own account", async () => {
    const neighbour = "arn:aws:iam::111122223333:role/Neighbour";
    const { findings } = await diagnose({
      aws: { ...explained, ...permitting([]), roles: [{ roleArn: ROLE }, { roleArn: neighbour }] },
      roles: [ROLE, neighbour],
    });
    const [denied, tried] = findings.filter(({ step }) => step === "assume");
    expect(tried).toMatchObject({ roleArn: neighbour, status: "ok" });
    expect(denied?.summary).toBe("Denied: no policy of the base identity allows sts:AssumeRole on this role.");
  });

  it.each<[string, Machine]>([
    ["the machine's role", {}],
    [
      "a user",
      {
        instance: (aws) => ({
          ...DEMANDING,
          region: "eu-central-1",
          credentials: aws.issueUserKeys({ userArn: USER }),
        }),
      },
    ],
  ])("prints a command whose trust policy works for %s", async (_title, machine) => {
    const { aws, findings, again } = await diagnose({
      instance: DEMANDING,
      ...machine,
      aws: { ...explained, ...withRole({ trustedPrincipals: [OTHER] }) },
    });
    const command = findings
      .flatMap(({ next }) => next)
      .find((step) => step.startsWith("npx aws-rolecall policy trust "));
    const { output, errors, code } = await runRolecall(command?.split(" ").slice(2) ?? []);
    expect({ errors, code }).toEqual({ errors: "", code: 0 });
    aws.setRole({ roleArn: ROLE, trustPolicy: JSON.parse(output) });
    const { findings: mended, code: healthy } = await again();
    expect(healthy).toBe(0);
    expect(mended).toContainEqual(
      expect.objectContaining({ step: "external-id", summary: "It requires the external id that is set." }),
    );
    const { parameters } = aws.requests.findLast(({ operation }) => operation === "AssumeRole") ?? {};
    expect(parameters).toMatchObject({ "Tags.member.1.Key": "team", SourceIdentity: "inventory" });
  });

  it("mentions credentials for other tools outside EC2", async () => {
    const { findings } = await diagnose({
      instance: { credentials: "Ec2InstanceMetadata" },
      broken: () => vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9"),
      env: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/x" },
    });
    expect(findings.find(({ step }) => step === "base-identity")).toMatchObject({
      status: "skipped",
      next: [
        'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set in the environment but not used: in the instance, set "credentials": "EcsContainer".',
      ],
    });
  });

  it.each([
    ["ECS", "The container's credential endpoint http://127.0.0.1:"],
    ["EKSPodIdentity", "The container's credential endpoint http://127.0.0.1:"],
    ["IRSA", "The web identity for arn:aws:iam::111122223333:role/"],
    ["Lambda", "The key pair ASIA"],
  ] as const)("names the base identity on %s, without a look at the metadata service", async (platform, named) => {
    const { aws, code, findings } = await diagnose({
      env: (local) => local.platform(platform).env,
      instance: { credentials: "Runtime", roleArn: ROLE },
    });
    expect(findings.filter(({ status }) => status === "failed")).toEqual([]);
    expect(code).toBe(0);
    const { summary } = findings.find(({ step }) => step === "base-identity") ?? {};
    expect(summary?.startsWith(named), summary).toBe(true);
    expect(aws.count({ target: "imds" })).toBe(0);
  });

  it("does not query the metadata service if static keys and a region are set", async () => {
    const withKeys = (region?: string) => (local: LocalAws) => ({
      region,
      credentials: local.issueUserKeys({ userArn: USER }),
    });
    const alone = await diagnose({ instance: withKeys("eu-central-1") });
    expect(alone.aws.count({ target: "imds" })).toBe(0);
    expect(alone.findings[0]).toMatchObject({ step: "metadata", status: "skipped" });
    expect(alone.output).toMatch(/The instance sets static keys, AKIA\w{16}\./);
    const off = (aws: LocalAws) => aws.fault({ on: { target: "imds" }, status: 403 });
    const withRegion = await diagnose({ instance: withKeys(), broken: off, env: { AWS_REGION: "eu-central-1" } });
    expect(withRegion.findings[0]).toMatchObject({ step: "metadata", status: "skipped" });
  });

  it("uses the instance's proxy for STS, but not for the metadata service", async () => {
    const proxy = await startConnectProxy();
    const { aws, code, findings } = await diagnose({ instance: { roleArn: ROLE, network: { proxy: proxy.url } } });
    expect(code).toBe(0);
    expect(findings).toContainEqual(expect.objectContaining({ step: "sts", status: "ok" }));
    expect(findings).toContainEqual(expect.objectContaining({ step: "clock", status: "ok" }));
    expect(new Set(proxy.connected)).toEqual(new Set([new URL(aws.endpoint).host]));
    expect(aws.count({ target: "imds", operation: "token" })).toBeGreaterThan(0);
  });

  it("reports a proxy that rejects the connection", async () => {
    const proxy = await startConnectProxy({ answer: 407 });
    const { code, findings } = await diagnose({ instance: { roleArn: ROLE, network: { proxy: proxy.url } } });
    expect(code).toBe(4);
    expect(findings.find(({ status }) => status === "failed")).toMatchObject({
      step: "sts",
      summary: expect.stringMatching(/proxy|EPROXY/),
    });
  });

  it.runIf(OWN_ADDRESS)("calls a simulator over plain http if the instance allows it", async () => {
    const simulator = await startSimulator(OWN_ADDRESS ?? "");
    const sts = { endpoint: simulator.url, region: "eu-central-1" };
    const { findings } = await diagnose({ instance: { roleArn: ROLE, dangerouslyAllowPlainHttp: true, sts } });
    expect(findings.find(({ step }) => step === "sts")?.summary).toContain(OWN_ADDRESS);
    expect(simulator.signedBy).not.toEqual([]);
  });

  it("reports the steps that it skips after a failure", async () => {
    const { findings } = await diagnose({ aws: { instanceProfile: null } });
    expect(findings.map(({ step, status }) => `${step} ${status}`)).toEqual([
      "metadata ok",
      "base-identity failed",
      "region ok",
      "sts skipped",
      "allowed-roles ok",
      "assume skipped",
    ]);
  });

  it("checks the instance's role and the exact entries of allowedRoles, and skips patterns", async () => {
    const pattern = "arn:aws:iam::123456789012:role/integration-*";
    const instance = { roleArn: ROLE, allowedRoles: [ROLE, pattern, { roleArn: OTHER, externalId: EXTERNAL_ID }] };
    const { findings } = await diagnose({
      aws: { roles: [{ roleArn: ROLE }, { roleArn: OTHER, externalId: EXTERNAL_ID }] },
      instance,
    });
    const assumed = findings.filter(({ step }) => step === "assume");
    expect(assumed.map(({ roleArn, status }) => `${roleArn} ${status}`)).toEqual([
      `${ROLE} ok`,
      `${OTHER} ok`,
      `${pattern} skipped`,
    ]);
  });

  it("prints each failure with its fix, in the order of the setup guide", async () => {
    const aws = await startLocalAws({ region: "eu-central-1", roles: [] });
    onTestFinished(() => aws.close());
    for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
    const { code, output, errors } = await runRolecall(["doctor", ROLE]);
    expect({ code, errors }).toEqual({ code: 5, errors: "" });
    expect(output).toMatch(/^\nThis machine\n {2}✓ The metadata service issues IMDSv2 tokens\.\n/);
    expect(output).toMatch(new RegExp(`\n\n${ROLE}\n {2}✓ .*\n {2}✗ Denied, .*\n {6}Check that a policy of `));
    expect(output).toMatch(/\n\n1 failed\. Start with the first\.\n$/);
  });

  it("rejects an invalid setting in the file with the same error as the library", async () => {
    const folder = await mkdtemp(join(tmpdir(), "rolecall-doctor-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const config = join(folder, "instance.json");
    await writeFile(config, JSON.stringify({ roleArn: "Inventory" }));
    expect(await runRolecall(["doctor", "--config", config])).toMatchObject({
      code: 1,
      output: "",
      errors: expect.stringMatching(/^instance\.roleArn is invalid/),
    });
  });

  it("rejects an argument that is not a role ARN, before any call", async () => {
    expect(await runRolecall(["doctor", "Inventory"])).toMatchObject({
      code: 2,
      output: "",
      errors: expect.stringMatching(
        /^role is invalid: received "Inventory"\. Allowed: a role ARN.*\nSee: npx aws-rolecall doctor/,
      ),
    });
  });
});
