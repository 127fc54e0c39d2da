import { EC2Client } from "@aws-sdk/client-ec2";
import type { CredentialResolver } from "aws-rolecall";
import { instance } from "./moving-temporary-credentials-after.js";

/** A client that you still create yourself, with the library's sessions. */
export function ec2For(resolver: CredentialResolver, roleArn: string, region: string) {
  return new EC2Client({ region, credentials: resolver.provider(instance, { roleArn }) });
}
