import { hasWildcard } from "../request/allowed-roles.js";
import { assertInPartition, readRegion } from "../request/regions.js";
import { type RoleArn, readRoleArn } from "../request/role-arn.js";
import {
  conflict,
  invalidText,
  isGiven,
  readLimit,
  readSettings,
  readText,
  type TextRule,
} from "../request/validation.js";
import { DEFAULT_PARTITION, type NamedArn, readPartition } from "./partition.js";
import {
  type Machine,
  type PolicyStatement,
  type PolicyWarning,
  type SetupPolicy,
  toDocument,
  warn,
} from "./policy-document.js";
import { type MachineService, serviceLabel, servicePrincipal } from "./service-principals.js";

/** An EC2 instance, or a Lambda function. */
export interface ServiceMachineOptions {
  machine: "ec2" | "lambda";
  /** The ARN of the machine's role. Required for Terraform and CloudFormation, which create the role. */
  principal?: string | null | undefined;
  /** Default: the partition of `principal`, or `aws`. */
  partition?: string | null | undefined;
}

/** An ECS task. The role can be used only by tasks in its account. */
export interface EcsMachineOptions {
  machine: "ecs";
  /** The ARN of the task's role. The tasks must be in the role's account. */
  principal: string;
  /** The region of the tasks. Default: any region. ECS does not support limiting the role to one cluster. */
  region?: string | undefined;
}

/** A pod that gets its role from EKS Pod Identity. By default, an association in any cluster may use the role. */
export interface PodIdentityMachineOptions {
  machine: "pod-identity";
  /** The ARN of the pod's role. Required for Terraform and CloudFormation, which create the role. */
  principal?: string | null | undefined;
  /** Default: the partition of `principal` or `clusterArn`, or `aws`. */
  partition?: string | null | undefined;
  /** The only cluster whose pods may use the role, in the role's account. Default: any cluster. */
  clusterArn?: string | undefined;
  /** The only namespace; may contain IAM's `*` and `?`. Default: any namespace. */
  namespace?: string | undefined;
  /** The only service account; may contain IAM's `*` and `?`. Default: any service account. */
  serviceAccount?: string | undefined;
}

/** A pod with an OIDC token of its service account. STS exchanges the token for a session of the role (IRSA). */
export interface IrsaMachineOptions {
  machine: "irsa";
  /** The ARN of the pod's role. Required for Terraform and CloudFormation, which create the role. */
  principal?: string | null | undefined;
  /**
   * The ARN of the cluster's OIDC provider in IAM, in the role's account. Set either this, or `issuer` together with
   * `principal`.
   */
  provider?: string | null | undefined;
  /** The cluster's issuer URL, as `aws eks describe-cluster --query cluster.identity.oidc.issuer` prints it. */
  issuer?: string | null | undefined;
  /**
   * The audience of the token. Default: `sts.amazonaws.com`, in every partition. This is the default of EKS's own
   * webhook (https://github.com/aws/amazon-eks-pod-identity-webhook). In China, tokens for `sts.amazonaws.com.cn` are
   * rejected (https://github.com/eksctl-io/eksctl/issues/1910).
   */
  audience?: string | null | undefined;
  /** The service account's namespace; may contain IAM's `*` and `?`. */
  namespace: string;
  /** The service account's name; may contain IAM's `*` and `?`. */
  serviceAccount: string;
}

/** Options of {@link machineTrustPolicy}. `machine` is the platform that runs the program. */
export type MachineTrustPolicyOptions =
  | ServiceMachineOptions
  | EcsMachineOptions
  | PodIdentityMachineOptions
  | IrsaMachineOptions;

const OPTIONS = [
  "machine",
  "principal",
  "partition",
  "region",
  "clusterArn",
  "provider",
  "issuer",
  "audience",
  "namespace",
  "serviceAccount",
] as const;

type Option = (typeof OPTIONS)[number];
type Settings = Partial<Record<Option, unknown>>;

interface Result {
  readonly partition: string;
  readonly statement: Omit<PolicyStatement, "Effect">;
  readonly warnings?: readonly PolicyWarning[];
}

interface Kind {
  /** The options besides `machine` and `principal`. */
  readonly options: readonly Option[];
  make(settings: Settings, role: RoleArn | undefined): Result;
}

const MACHINES: Record<Machine, Kind> = {
  ec2: { options: ["partition"], make: (settings, role) => byService("ec2", settings, role) },
  ecs: { options: ["region"], make: ecs },
  lambda: { options: ["partition"], make: (settings, role) => byService("lambda", settings, role) },
  "pod-identity": { options: ["partition", "clusterArn", "namespace", "serviceAccount"], make: podIdentity },
  irsa: { options: ["provider", "issuer", "audience", "namespace", "serviceAccount"], make: irsa },
};

/** Follows Kubernetes's rules for names, and also allows IAM's wildcards. */
const NAMESPACE: TextRule = {
  pattern: /^[a-z0-9*?](?:[a-z0-9*?-]*[a-z0-9*?])?$/,
  min: 1,
  max: 63,
  allowed: "a Kubernetes namespace: 1 to 63 lowercase letters, digits and -, with * and ? as in IAM",
};
const SERVICE_ACCOUNT: TextRule = {
  pattern: /^[a-z0-9*?](?:[a-z0-9.*?-]*[a-z0-9*?])?$/,
  min: 1,
  max: 253,
  allowed: "the name of a service account: 1 to 253 lowercase letters, digits, . and -, with * and ? as in IAM",
};
const CLUSTER: TextRule = {
  pattern: /^arn:aws(?:-[a-z0-9]+)*:eks:[a-z0-9-]+:\d{12}:cluster\/[0-9A-Za-z][\w-]{0,99}$/,
  min: 20,
  max: 300,
  allowed: "the ARN of an EKS cluster, such as arn:aws:eks:eu-central-1:111122223333:cluster/production",
};
/**
 * IAM does not accept a port: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
 */
const PROVIDER: TextRule = {
  pattern: /^arn:aws(?:-[a-z0-9]+)*:iam::\d{12}:oidc-provider\/[a-z0-9.-]+(?:\/[\w.~-]+)*$/,
  min: 20,
  max: 400,
  allowed:
    "the ARN of an OIDC provider in IAM, such as arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE",
};
const ISSUER: TextRule = {
  pattern: /^https:\/\/[a-z0-9.-]+(?:\/[\w.~-]+)*$/,
  min: 9,
  max: 255,
  allowed: "an https URL without a port, a query or a trailing slash",
};
const AUDIENCE: TextRule = {
  pattern: /^[\w.:/@+=,~%-]+$/,
  min: 1,
  max: 255,
  allowed: "1 to 255 letters, digits and _.:/@+=,~%-",
};
const DEFAULT_AUDIENCE = "sts.amazonaws.com";

/**
 * Creates the trust policy of the machine's role (the base identity). It lets the platform that runs the program assume
 * the role.
 * @throws RolecallError `INVALID_REQUEST` naming the invalid option
 */
export function machineTrustPolicy(options: MachineTrustPolicyOptions): SetupPolicy {
  const settings = readSettings("options", options, OPTIONS);
  const { machine } = settings;
  if (typeof machine !== "string" || !Object.hasOwn(MACHINES, machine)) {
    throw invalidText("machine", machine, Object.keys(MACHINES).join(", "));
  }
  return trustOfMachine(machine as Machine, settings);
}

export function trustOfMachine(machine: Machine, settings: Settings): SetupPolicy {
  const kind = MACHINES[machine];
  const known = ["machine", "principal", ...kind.options];
  const foreign = OPTIONS.find((option) => !known.includes(option) && isGiven(settings[option]));
  if (foreign !== undefined) {
    const hint = `Remove it. Options of ${machine}: ${known.slice(1).join(", ")}.`;
    throw conflict(foreign, `is not an option of the machine ${machine}`, hint);
  }
  const role = readRoleArn("principal", settings.principal);
  const { partition, statement, warnings = [] } = kind.make(settings, role);
  const document = toDocument([{ Effect: "Allow", ...statement }]);
  return { kind: `${machine}-trust`, document, roleArn: role?.arn, partition, warnings };
}

function byService(service: MachineService, { partition: given }: Settings, role: RoleArn | undefined): Result {
  const partition = readPartition(given, named("principal", role?.arn)) ?? DEFAULT_PARTITION;
  return { partition, statement: { Principal: principalOf(service, partition), Action: "sts:AssumeRole" } };
}

/**
 * Includes the conditions that AWS recommends to prevent the confused deputy problem:
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
 */
function ecs(settings: Settings, role: RoleArn | undefined): Result {
  if (!role) {
    const hint = "Set it to the ARN of the task's role. The policy limits the role to tasks in its account.";
    throw conflict("principal", "is missing", hint);
  }
  const region = readRegion("region", readLimit("region", settings.region));
  if (region !== undefined) assertInPartition({ from: "region", value: region }, role);
  const { partition, accountId } = role;
  const statement = {
    Principal: principalOf("ecs-tasks", partition),
    Action: "sts:AssumeRole",
    Condition: {
      ArnLike: { "aws:SourceArn": `arn:${partition}:ecs:${region ?? "*"}:${accountId}:*` },
      StringEquals: { "aws:SourceAccount": accountId },
    },
  };
  return { partition, statement };
}

/** https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html */
function podIdentity(settings: Settings, role: RoleArn | undefined): Result {
  const cluster = readText("clusterArn", readLimit("clusterArn", settings.clusterArn), CLUSTER);
  const { namespace, serviceAccount } = readServiceAccount(settings);
  const arns = [...named("principal", role?.arn), ...named("clusterArn", cluster)];
  const partition = readPartition(settings.partition, arns) ?? DEFAULT_PARTITION;
  assertInAccount("clusterArn", cluster, role);
  const conditions = conditionsOf({
    "aws:RequestTag/eks-cluster-arn": cluster,
    "aws:RequestTag/kubernetes-namespace": namespace,
    "aws:RequestTag/kubernetes-service-account": serviceAccount,
  });
  const statement = {
    Principal: principalOf("pods.eks", partition),
    Action: ["sts:AssumeRole", "sts:TagSession"],
    ...(Object.keys(conditions).length > 0 && { Condition: conditions }),
  };
  return { partition, statement, warnings: warnOfPatterns({ namespace, "service account": serviceAccount }) };
}

/** https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html */
function irsa(settings: Settings, role: RoleArn | undefined): Result {
  const provider = readProvider(settings, role);
  const partition = readPartition(undefined, [...named("provider", provider), ...named("principal", role?.arn)]);
  assertInAccount("provider", provider, role);
  const audience = readText("audience", settings.audience, AUDIENCE) ?? DEFAULT_AUDIENCE;
  const { namespace, serviceAccount } = readServiceAccount(settings);
  if (namespace === undefined) throw isMissing("namespace");
  if (serviceAccount === undefined) throw isMissing("serviceAccount");
  const issuer = provider.slice(provider.indexOf("/") + 1);
  const statement = {
    Principal: { Federated: provider },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: conditionsOf({
      [`${issuer}:aud`]: audience,
      [`${issuer}:sub`]: `system:serviceaccount:${namespace}:${serviceAccount}`,
    }),
  };
  return {
    partition: partition ?? DEFAULT_PARTITION,
    statement,
    warnings: warnOfPatterns({ namespace, "service account": serviceAccount }),
  };
}

/** The ARN of the OIDC provider. STS looks for it in the role's account. */
function readProvider(settings: Settings, role: RoleArn | undefined): string {
  const provider = readText("provider", settings.provider, PROVIDER);
  const issuer = readText("issuer", settings.issuer, ISSUER);
  if (provider !== undefined) {
    if (issuer !== undefined) throw conflict("issuer", "cannot be combined with provider", "Remove one of them.");
    return provider;
  }
  if (issuer === undefined) {
    const hint = "Set it to the ARN of the cluster's OIDC provider, or set issuer to the cluster's issuer URL.";
    throw conflict("provider", "is missing", hint);
  }
  if (!role) {
    const hint = "Set it to the ARN of the role, or set provider to the ARN of the OIDC provider.";
    throw conflict("principal", "is missing, and issuer does not contain the account of its OIDC provider", hint);
  }
  return `arn:${role.partition}:iam::${role.accountId}:oidc-provider/${issuer.slice("https://".length)}`;
}

function principalOf(service: MachineService, partition: string): { readonly Service: string } {
  const Service = servicePrincipal(service, partition);
  if (Service !== undefined) return { Service };
  const label = serviceLabel(service);
  throw conflict(
    "partition",
    `is ${partition}, and its ${label} service principal is not known`,
    `Look up the ${label} service principal in the documentation of that partition, and write the document by hand.`,
  );
}

function named(field: string, arn: string | undefined): readonly NamedArn[] {
  return arn === undefined ? [] : [{ field, arn }];
}

function readServiceAccount({ namespace, serviceAccount }: Settings) {
  return {
    namespace: readText("namespace", readLimit("namespace", namespace), NAMESPACE),
    serviceAccount: readText("serviceAccount", readLimit("serviceAccount", serviceAccount), SERVICE_ACCOUNT),
  };
}

function isMissing(field: string): Error {
  return conflict(field, "is missing", "Set it: without it, every pod of the cluster could assume the role.");
}

/** AWS looks for the cluster or the provider only in the role's account. */
function assertInAccount(field: string, arn: string | undefined, role: RoleArn | undefined): void {
  const account = arn?.split(":")[4];
  if (account === undefined || !role || account === role.accountId) return;
  const message = `is in account ${account}, but the role is in account ${role.accountId}`;
  throw conflict(field, message, "Use a role in the same account.", role.arn);
}

/** Uses `StringLike` for values with wildcards, and `StringEquals` for the others. */
function conditionsOf(values: Readonly<Record<string, string | undefined>>): NonNullable<PolicyStatement["Condition"]> {
  const given = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const exact = given.filter(([, value]) => !hasWildcard(value));
  const patterns = given.filter(([, value]) => hasWildcard(value));
  return {
    ...(exact.length > 0 && { StringEquals: Object.fromEntries(exact) }),
    ...(patterns.length > 0 && { StringLike: Object.fromEntries(patterns) }),
  };
}

/** @param names the names, by the kind of object that they name */
function warnOfPatterns(names: Readonly<Record<string, string | undefined>>): PolicyWarning[] {
  return Object.entries(names).flatMap(([what, name]) => {
    if (name === undefined || !hasWildcard(name)) return [];
    const message = `"${name}" trusts every ${what} with a matching name, even one that is created later. Name one ${what} if you can.`;
    return [warn("any-service-account", message)];
  });
}
