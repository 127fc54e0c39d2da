import { EC2Client } from "@aws-sdk/client-ec2";
import { getClientForCommand } from "aws-rolecall";

getClientForCommand(EC2Client, { roleArn: "arn:aws:iam::12345:role/Auditor", region: "eu-west-1" });
