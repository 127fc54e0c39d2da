import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromHttp } from "@aws-sdk/credential-provider-http";

/** What an SDK in the program does: asks the endpoint, and then STS who it is. */
export async function whoAmI(env: Record<string, string | undefined>): Promise<string | undefined> {
  const credentials = fromHttp({
    awsContainerCredentialsFullUri: env.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? "",
    awsContainerAuthorizationToken: env.AWS_CONTAINER_AUTHORIZATION_TOKEN ?? "",
    maxRetries: 0,
  });
  const client = new STSClient({ credentials, region: env.AWS_REGION ?? "", endpoint: env.AWS_ENDPOINT_URL ?? "" });
  const { Arn } = await client.send(new GetCallerIdentityCommand({}));
  client.destroy();
  return Arn;
}
