/**
 * The few shapes of the SDK that the public surface names, written out so that our types do not tie a consumer to one
 * version of the SDK's own. `test/public-types.test.ts` holds them against the SDK's.
 */

/** Credentials, as any SDK v3 provider returns them. */
export interface AwsCredentialIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
  readonly accountId?: string;
}

/** Any SDK v3 credential provider. */
export type CredentialProvider = (options?: never) => Promise<AwsCredentialIdentity>;
