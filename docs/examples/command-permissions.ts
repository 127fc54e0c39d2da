import { EC2Client, StopInstancesCommand } from "@aws-sdk/client-ec2";
import { type CommandOverrides, getClientForCommand, type IntegrationInstance } from "aws-rolecall";
import { type CommandPermissions, commandPolicy } from "aws-rolecall/policies";

// A string allows the action on every resource.
export const permissions = {
  "list-instances": ["ec2:DescribeInstances"],
  "stop-instances": [{ actions: ["ec2:StopInstances"], resources: ["arn:aws:ec2:*:*:instance/*"] }],
} satisfies CommandPermissions;

export async function stopInstance(instance: IntegrationInstance, args: CommandOverrides & { instanceId: string }) {
  const ec2 = getClientForCommand(EC2Client, instance, args, {
    session: { policy: commandPolicy(permissions, "stop-instances") },
  });
  await ec2.send(new StopInstancesCommand({ InstanceIds: [args.instanceId] }));
}
