import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";

const provider = fromTemporaryCredentials({
  params: { RoleArn: process.env.ROLE_ARN, RoleSessionName: "benchmark" },
});
void provider().then(globalThis.obtained);
