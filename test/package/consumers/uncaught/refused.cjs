// The CommonJS build; on Node 20.19 and later `require("aws-rolecall")` gets the ES modules.
const { getClientForCommand } = require("../node_modules/aws-rolecall/dist/index.cjs");
const { EC2Client } = require("@aws-sdk/client-ec2");

getClientForCommand(EC2Client, { roleArn: "arn:aws:iam::12345:role/Auditor", region: "eu-west-1" });
