import { readFileSync } from "node:fs";
import { STSClient } from "@aws-sdk/client-sts";
import { createCredentialResolver, type IntegrationInstance } from "aws-rolecall";

/** An instance that calls AWS through a proxy that intercepts TLS with the company's own certificate. */
export function behindTheProxy(proxy: string, caFile: string): IntegrationInstance {
  return {
    roleArn: "arn:aws:iam::123456789012:role/Inventory",
    region: "eu-central-1",
    network: {
      proxy, // such as http://user:password@proxy.example.com:3128
      extraCa: readFileSync(caFile, "utf8"),
      connectionTimeout: 5_000, // milliseconds
      socketTimeout: 60_000,
      maxAttempts: 4,
    },
  };
}

/** Makes your own STS client. `context.requestHandler` has the instance's network settings. */
export function withAnStsClientOfYourOwn() {
  return createCredentialResolver({ stsClient: (context) => new STSClient({ ...context, maxAttempts: 1 }) });
}
