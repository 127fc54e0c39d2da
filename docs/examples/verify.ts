import { createCredentialResolver, type IntegrationInstance, isRolecallError } from "aws-rolecall";

/** The "Test" button of an integration. */
export async function testConnection(instance: IntegrationInstance): Promise<string> {
  await using resolver = createCredentialResolver();
  try {
    const { arn, accountId, region, base } = await resolver.verify(instance);
    return `ok: acts as ${arn} in account ${accountId} (STS in ${region}), called by ${base.arn}`;
  } catch (error) {
    if (isRolecallError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
}
