import { servicePrincipal } from "../policies/service-principals.js";
import { findPartition } from "../request/regions.js";
import type { PlatformHost, PlatformRole } from "./platform-role.js";

/** The instance that the local AWS imitates. */
export const INSTANCE_ID = "i-0123456789abcdef0";
export const LAMBDA_FUNCTION_NAME = "rolecall";
const TASK_ID = "0123456789abcdef0123456789abcdef";
const CLUSTER_NAME = "rolecall";
const NAMESPACE = "default";
const SERVICE_ACCOUNT = "integration";
const POD_NAME = "integration-0";
const POD_UID = "00000000-0000-4000-8000-000000000000";

/** The account of every platform role by default. */
export const PLATFORM_ACCOUNT = "111122223333";
/** The subject of the tokens of the pod's service account. */
export const SERVICE_ACCOUNT_SUBJECT = `system:serviceaccount:${NAMESPACE}:${SERVICE_ACCOUNT}`;

export const EC2_HOST: PlatformHost = {
  option: "instanceProfile",
  kind: "instance-profile",
  roleSessionName: INSTANCE_ID,
  findService: (partition) => servicePrincipal("ec2", partition),
};

/** For the source, see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html. */
export function ecsHost(region: string): PlatformHost {
  return {
    option: "role",
    kind: "ecs-task",
    roleSessionName: TASK_ID,
    findService: (partition) => servicePrincipal("ecs-tasks", partition),
    findSourceArn: (partition, account) => `arn:${partition}:ecs:${region}:${account}:task/${CLUSTER_NAME}/${TASK_ID}`,
  };
}

/** For the tags, see https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html. */
export function eksPodHost(region: string): PlatformHost {
  return {
    option: "role",
    kind: "eks-pod",
    roleSessionName: `eks-${CLUSTER_NAME}-${POD_NAME}-${POD_UID}`,
    findService: (partition) => servicePrincipal("pods.eks", partition),
    sessionTags: new Map([
      ["eks-cluster-arn", clusterArn(region)],
      ["eks-cluster-name", CLUSTER_NAME],
      ["kubernetes-namespace", NAMESPACE],
      ["kubernetes-service-account", SERVICE_ACCOUNT],
      ["kubernetes-pod-name", POD_NAME],
      ["kubernetes-pod-uid", POD_UID],
    ]),
  };
}

export const LAMBDA_HOST: PlatformHost = {
  option: "role",
  kind: "lambda",
  roleSessionName: LAMBDA_FUNCTION_NAME,
  findService: (partition) => servicePrincipal("lambda", partition),
};

function clusterArn(region: string): string {
  return `arn:${findPartition(region) ?? "aws"}:eks:${region}:${PLATFORM_ACCOUNT}:cluster/${CLUSTER_NAME}`;
}

export const DEFAULT_INSTANCE_PROFILE = defaultRole("rolecall-instance-profile");
export const DEFAULT_TASK_ROLE = defaultRole("rolecall-ecs-task");
export const DEFAULT_POD_ROLE = defaultRole("rolecall-eks-pod");
export const DEFAULT_FUNCTION_ROLE = defaultRole("rolecall-lambda");
export const DEFAULT_WEB_IDENTITY_ROLE = defaultRole("rolecall-web-identity");

function defaultRole(name: string): PlatformRole {
  return { roleArn: `arn:aws:iam::${PLATFORM_ACCOUNT}:role/${name}` };
}
