import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { type CommandOverrides, createCredentialResolver, type IntegrationInstance } from "aws-rolecall";

const resolver = createCredentialResolver();

/** Returns the credentials. `signal` cancels only this call. */
export function credentialsFor(instance: IntegrationInstance, args: CommandOverrides, signal?: AbortSignal) {
  return resolver.resolve(instance, args, { signal });
}

/** Returns a client that presigns URLs for 15 minutes. Its sessions stay valid for at least 20 minutes. */
export function clientForPresigning(instance: IntegrationInstance, args: CommandOverrides) {
  return resolver.getClientForCommand(S3Client, instance, args, { minRemaining: 20 * 60_000 });
}

/** Passes a credential provider to a client of your own. Every call to the provider returns valid credentials. */
export function clientOfYourOwn(instance: IntegrationInstance, args: CommandOverrides) {
  return new S3Client({ region: "eu-central-1", credentials: resolver.provider(instance, args) });
}

/** Call this after a role's session was revoked. The command then gets a new session. */
export async function afterRevocation(instance: IntegrationInstance, args: CommandOverrides) {
  await resolver.invalidate(instance, args);
  return resolver.getClientForCommand(S3Client, instance, args).send(new ListBucketsCommand({}));
}

export function shutDown() {
  return resolver.close();
}
