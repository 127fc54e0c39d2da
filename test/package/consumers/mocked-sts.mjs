/** Prints the paths of the requests that one role's session takes if a test has mocked STS. */
import { subscribe } from "node:diagnostics_channel";
import { createRequire } from "node:module";
import { createCredentialResolver } from "aws-rolecall";
import { startLocalAws } from "aws-rolecall/testing";

const { STSClient } = createRequire(import.meta.url)("@aws-sdk/client-sts");
const roleArn = "arn:aws:iam::123456789012:role/Auditor";
const aws = await startLocalAws({ roles: [{ roleArn }] });
Object.assign(process.env, aws.env, { AWS_REGION: "eu-west-1" });

STSClient.prototype.send = async () => ({
  Credentials: {
    AccessKeyId: "ASIAEXAMPLEEXAMPLE00",
    SecretAccessKey: "example-secret",
    SessionToken: "example-token",
    Expiration: new Date(Date.now() + 3_600_000),
  },
});
const asked = [];
subscribe("http.client.request.start", ({ request }) => {
  asked.push(request.path);
});
const resolver = createCredentialResolver();
await resolver.resolve({ roleArn });
await resolver.close();
await aws.close();
process.stdout.write(JSON.stringify(asked));
