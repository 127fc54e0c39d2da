import { RolecallError } from "../errors.js";
import { findPartition } from "../request/regions.js";
import { readBucketToken, readSigning } from "./request-signature.js";
import type { RoleIdentity } from "./role-identity.js";
import type { MiddlewareContext } from "./sdk-middleware.js";
import type { ClassDefaults } from "./shared-handlers.js";

/** The identity and region that a client's requests must be signed with. */
export interface ExpectedSigning {
  readonly identity: RoleIdentity;
  readonly region: () => Promise<string>;
  /** The class's defaults decide which operations are unsigned and which endpoints use a different signing region. */
  readonly classDefaults: ClassDefaults;
  /** The endpoint rules in use. A caller may have replaced the class's rules. */
  readonly endpointProvider: unknown;
}

/**
 * Rejects a request that is not signed as the role and for the client's region. Checks the request as sent,
 * because an extension, signer, middleware or bearer token in the environment may have replaced the signature.
 * @throws RolecallError `INVALID_REQUEST`
 */
export async function assertSignedAsRole(
  request: unknown,
  operation: string | undefined,
  context: MiddlewareContext,
  expected: ExpectedSigning,
): Promise<void> {
  const signing = readSigning(request);
  if (typeof signing === "object") {
    assertRoleKey(signing.accessKeyId, expected.identity, operation, readBucketToken(request));
    return assertClientRegion(signing.regions, operation, context, expected);
  }
  const region = await expected.region();
  if (signing === "unsigned" && isUnsignedByDefinition(expected.classDefaults, operation, region)) return;
  if (signing === "unsigned") throw refusal(operation, "the request is not signed", CHECK_CONFIG);
  if (signing === "unknown") throw refusal(operation, "its signature can't be verified", CHECK_CONFIG);
  throw refusal(
    operation,
    "the request has a bearer token instead of the role's signature",
    "Unset the bearer token in the environment, or set authSchemePreference to sigv4 in clientConfig.",
  );
}

/** Applies the same checks to the client's resolved credentials and region, because presigning sends no request. */
export function guardConfig(config: object, { identity, region }: Pick<ExpectedSigning, "identity" | "region">): void {
  const resolved = config as { credentials?: unknown; region?: unknown };
  const { credentials: readKeys, region: readRegion } = resolved;
  if (typeof readKeys === "function" && readKeys !== identity.credentials) {
    const provider = async (...args: unknown[]) => {
      const keys = await readKeys(...args);
      assertRoleKey(keys.accessKeyId, identity);
      return keys;
    };
    resolved.credentials = Object.assign(provider, { memoized: true, configBound: true, attributed: true });
  }
  if (typeof readRegion !== "function") return;
  resolved.region = async () => {
    const [used, own] = [await readRegion(), await region()];
    if (used !== stripFips(own)) throw wrongRegion(undefined, used, own);
    return used;
  };
}

function assertRoleKey(accessKeyId: string, identity: RoleIdentity, operation?: string, bucketToken?: string): void {
  if (identity.owns(accessKeyId, bucketToken)) return;
  const kind = bucketToken === undefined ? "" : "S3 Express ";
  throw refusal(
    operation,
    `the request is signed with the ${kind}access key ${accessKeyId}, which does not belong to the role`,
    "Remove the credentials that the client's class or an extension in clientConfig sets.",
  );
}

/** Accepts the client's region, or the region that the class's endpoint rules sign for, such as us-east-1 for IAM. */
async function assertClientRegion(
  regions: readonly string[],
  operation: string | undefined,
  { endpointV2 }: MiddlewareContext,
  { region, classDefaults, endpointProvider }: ExpectedSigning,
): Promise<void> {
  const own = stripFips(await region());
  const schemes = endpointProvider === classDefaults.endpointProvider ? endpointV2?.properties?.authSchemes : undefined;
  const ruled = schemes?.flatMap(({ signingRegion = own, signingRegionSet = [] }) => [
    signingRegion,
    ...signingRegionSet,
  ]);
  const isOwn = regions.some(
    (signed) => matchesRegion(signed, own) || (ruled?.includes(signed) && maySharePartition(signed, own)),
  );
  if (!isOwn) throw wrongRegion(operation, regions.join(", "), own);
}

/** In a region set, `*` matches any run of characters. */
function matchesRegion(signed: string, own: string): boolean {
  return new RegExp(`^${signed.replace(/[^\w*-]/g, "").replaceAll("*", ".*")}$`).test(own);
}

/** Credentials are valid in one partition only. */
function maySharePartition(signed: string, own: string): boolean {
  const [there, here] = [findPartition(signed), findPartition(own)];
  return there === undefined || here === undefined || there === here;
}

/** Strips the parts that request a FIPS endpoint, as the SDK does. */
function stripFips(region: string): string {
  return region.replace(/fips-(dkr-|prod-)?|-fips/, "");
}

/**
 * Whether an operation, such as AssumeRoleWithWebIdentity, has no signature. The class decides, not the caller's
 * configuration.
 */
function isUnsignedByDefinition(
  { httpAuthSchemeProvider }: ClassDefaults,
  operation: string | undefined,
  region: string,
): boolean {
  try {
    const [first] = httpAuthSchemeProvider?.({ operation, region, Region: region }) ?? [];
    return first?.schemeId === "smithy.api#noAuth";
  } catch {
    return false; // S3's rules need a bucket, but every S3 operation is signed
  }
}

const CHECK_CONFIG = "Remove the signer, extension or middleware that the client's class or clientConfig sets.";

function wrongRegion(operation: string | undefined, signed: string, own: string): RolecallError {
  return refusal(
    operation,
    `the request is signed for ${signed}, but the client's region is ${own}`,
    "Set the region in the command or the instance, not in clientConfig.",
  );
}

function refusal(operation = "a request", why: string, hint: string): RolecallError {
  return new RolecallError("INVALID_REQUEST", `Can't send ${operation}: ${why}.`, {
    step: "request",
    field: "options.clientConfig",
    hint,
  });
}
