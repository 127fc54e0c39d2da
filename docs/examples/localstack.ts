import type { IntegrationInstance } from "aws-rolecall";

/** With AWS_ENDPOINT_URL=http://localstack:4566 in the environment: a simulator in another container. */
export const onLocalStack: IntegrationInstance = {
  roleArn: "arn:aws:iam::000000000000:role/Inventory",
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" }, // an id of 12 digits names another account
  dangerouslyAllowPlainHttp: true, // not needed for http://localhost:4566
};
