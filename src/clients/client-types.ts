/**
 * Structural types for the SDK's clients. `Client<any, any, any>` breaks if a project has two versions of the Smithy
 * types, and `new (config) => C` does not match the constructors that the SDK generates.
 */

/** Any AWS SDK v3 client. */
export interface SdkClient {
  readonly config: object;
  send(...args: never): unknown;
  destroy(): void;
}

/** The class of any AWS SDK v3 client, such as `EC2Client`. */
export type SdkClientConstructor = new (...args: never) => SdkClient;

/** Only the library sets these. A caller could use any of them to make the client act as a different identity. */
export const MANAGED_KEYS = [
  "credentials",
  "credentialDefaultProvider",
  "region",
  "signer",
  "httpAuthSchemes",
  "httpAuthSchemeProvider",
] as const;

export type ManagedKey = (typeof MANAGED_KEYS)[number];

type FirstArgument<A> = A extends readonly [] ? never : A extends readonly [(infer C)?, ...unknown[]] ? C : never;

/** A client's configuration, without the keys that the library sets. */
export type ClientConfigOf<K extends SdkClientConstructor> = K extends new (
  ...args: infer A
) => unknown
  ? Omit<NonNullable<FirstArgument<A>>, ManagedKey> & { readonly [M in ManagedKey]?: never }
  : never;
