import type { IntegrationInstance } from "aws-rolecall";

/** For a simulator in another container. Set AWS_ENDPOINT_URL=http://localstack:4566 in the environment. */
export const onLocalStack: IntegrationInstance = {
  roleArn: "arn:aws:iam::000000000000:role/Inventory",
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" }, // a 12-digit access key id selects another account
  dangerouslyAllowPlainHttp: true, // not needed for http://localhost:4566
};
