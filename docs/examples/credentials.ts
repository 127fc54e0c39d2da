import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { type CommandOverrides, createCredentialResolver, type IntegrationInstance } from "aws-rolecall";

const resolver = createCredentialResolver();

/** The credentials themselves. `signal` frees this caller alone. */
export function credentialsFor(instance: IntegrationInstance, args: CommandOverrides, signal?: AbortSignal) {
  return resolver.resolve(instance, args, { signal });
}

/** A client that presigns URLs for 15 minutes: its sessions live on for at least 20. */
export function clientForPresigning(instance: IntegrationInstance, args: CommandOverrides) {
  return resolver.getClientForCommand(S3Client, instance, args, { minRemaining: 20 * 60_000 });
}

/** Passes a credential provider to a client of your own. Every call to the provider returns valid credentials. */
export function clientOfYourOwn(instance: IntegrationInstance, args: CommandOverrides) {
  return new S3Client({ region: "eu-central-1", credentials: resolver.provider(instance, args) });
}

/** After a role's session was revoked: the next command gets a new one. */
export async function afterRevocation(instance: IntegrationInstance, args: CommandOverrides) {
  await resolver.invalidate(instance, args);
  return resolver.getClientForCommand(S3Client, instance, args).send(new ListBucketsCommand({}));
}

export function shutDown() {
  return resolver.close();
}
