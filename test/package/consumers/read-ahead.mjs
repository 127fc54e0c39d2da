/** Prints the requests for one role, and whether the SDK's STS client was loaded then. `MOCKED`: a mock loaded it. */
import { subscribe } from "node:diagnostics_channel";
import { createRequire } from "node:module";
import { createCredentialResolver } from "aws-rolecall";
import { startLocalAws } from "aws-rolecall/testing";

const require = createRequire(import.meta.url);
const sts = require.resolve("@aws-sdk/client-sts");
const roleArn = "arn:aws:iam::123456789012:role/Auditor";
const aws = await startLocalAws({ roles: [{ roleArn }] });
Object.assign(process.env, aws.env, { AWS_REGION: "eu-west-1" });

if (process.env.MOCKED) {
  require(sts).STSClient.prototype.send = async () => ({
    Credentials: {
      AccessKeyId: "ASIAEXAMPLEEXAMPLE00",
      SecretAccessKey: "example-secret",
      SessionToken: "example-token",
      Expiration: new Date(Date.now() + 3_600_000),
    },
  });
}
const asked = [];
subscribe("http.client.request.start", ({ request }) => {
  asked.push({ path: request.path, isStsLoaded: sts in require.cache });
});
const resolver = createCredentialResolver();
await resolver.resolve({ roleArn });
await resolver.close();
await aws.close();
process.stdout.write(JSON.stringify(asked));
