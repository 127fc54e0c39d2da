import { EC2Client } from "@aws-sdk/client-ec2";
import { type CommandOverrides, getClientForCommand, type IntegrationInstance } from "aws-rolecall";

export function ec2For(instance: IntegrationInstance, args: CommandOverrides, policy?: string) {
  return getClientForCommand(EC2Client, instance, args, { session: { policy } });
}
