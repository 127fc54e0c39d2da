/** A service that assumes the role of a machine, and its name in errors. */
const SERVICES = {
  ec2: "EC2",
  "ecs-tasks": "ECS tasks",
  lambda: "Lambda",
  "pods.eks": "EKS Pod Identity",
} as const;

export type MachineService = keyof typeof SERVICES;

/**
 * The partitions where these service principals are `<service>.amazonaws.com`. Sources for all services:
 * https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/region-info/lib/default.ts and
 * https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/meta/service_principal_data_source.go.
 * For EC2 in the isolated partitions, which also accept its former names: https://github.com/aws/aws-cdk/pull/22589.
 * For EC2 in the European Sovereign Cloud, which rejects `ec2.amazonaws.eu`: https://github.com/pulumi/pulumi-eks/issues/2341.
 */
const PARTITIONS: readonly string[] = [
  "aws",
  "aws-cn",
  "aws-us-gov",
  "aws-iso",
  "aws-iso-b",
  "aws-iso-e",
  "aws-iso-f",
  "aws-eusc",
];

/** https://github.com/hashicorp/terraform-provider-aws/pull/47141 */
const EC2_IN_CHINA = "ec2.amazonaws.com.cn";

/** The name of a service in trust policies; `undefined` if it is not known for the partition. */
export function servicePrincipal(service: MachineService, partition: string): string | undefined {
  if (!PARTITIONS.includes(partition)) return undefined;
  return service === "ec2" && partition === "aws-cn" ? EC2_IN_CHINA : `${service}.amazonaws.com`;
}

export function serviceLabel(service: MachineService): string {
  return SERVICES[service];
}
