import { RolecallError } from "../errors.js";
import { findPartition } from "../request/regions.js";
import { type RequestSignature, readBucketToken, readSigning } from "./request-signature.js";
import type { RoleIdentity } from "./role-identity.js";
import type { MiddlewareContext } from "./sdk-middleware.js";
import type { ClassDefaults } from "./shared-handlers.js";

/** How a client's requests must be signed. */
export interface ExpectedSigning {
  readonly identity: RoleIdentity;
  readonly region: () => Promise<string>;
  /** What the client's class says of its operations and endpoints. */
  readonly ofClass: ClassDefaults;
  /** The endpoint rules that the client uses. */
  readonly endpointProvider: unknown;
}

/**
 * Refuses a request that does not act as the role, in its region. It reads the request as it is sent: an extension, a
 * signer, a middleware or a bearer token in the environment may have had the last word on the signature.
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
    assertOwnKey(signing, request, operation, expected.identity);
    return assertOwnRegion(signing, operation, context, expected);
  }
  const region = await expected.region();
  if (signing === "unsigned" && isUnsignedByDefinition(expected.ofClass, operation, region)) return;
  if (signing === "unsigned") throw refusal(operation, "the request is not signed", LOOK_AT_CONFIG);
  if (signing === "unknown") throw refusal(operation, "its signature can't be checked", LOOK_AT_CONFIG);
  throw refusal(
    operation,
    "the request carries a bearer token in place of the role's signature",
    "Unset the bearer token in the environment, or set authSchemePreference to sigv4 in clientConfig.",
  );
}

/** Makes whatever a client ended up with pass the same checks, also where it presigns and sends nothing. */
export function guardConfig(config: object, { identity, region }: Pick<ExpectedSigning, "identity" | "region">): void {
  const resolved = config as { credentials?: unknown; region?: unknown };
  const { credentials, region: regionOf } = resolved;
  if (typeof credentials === "function" && credentials !== identity.credentials) {
    const provider = async (...args: unknown[]) => {
      const keys = (await credentials(...args)) as { accessKeyId: string };
      assertOwnKey({ accessKeyId: keys.accessKeyId, regions: [] }, undefined, undefined, identity);
      return keys;
    };
    resolved.credentials = Object.assign(provider, { memoized: true, configBound: true, attributed: true });
  }
  if (typeof regionOf !== "function") return;
  resolved.region = async () => {
    const [used, own] = [await regionOf(), await region()];
    if (used !== realRegion(own)) throw wrongRegion(undefined, used, own);
    return used;
  };
}

function assertOwnKey(
  { accessKeyId }: RequestSignature,
  request: unknown,
  operation: string | undefined,
  identity: RoleIdentity,
): void {
  const bucketToken = readBucketToken(request);
  if (identity.owns(accessKeyId, bucketToken)) return;
  const session = bucketToken === undefined ? "" : "an S3 Express session with ";
  throw refusal(
    operation,
    `the request is signed with ${session}the access key ${accessKeyId}, which is not the role's`,
    "Look for credentials that the client's class or an extension in clientConfig sets, and leave them out.",
  );
}

/** The client's region, or where the class's own endpoint rules sign for it, such as us-east-1 for IAM. */
async function assertOwnRegion(
  { regions }: RequestSignature,
  operation: string | undefined,
  { endpointV2 }: MiddlewareContext,
  { region, ofClass, endpointProvider }: ExpectedSigning,
): Promise<void> {
  const own = realRegion(await region());
  const schemes = endpointProvider === ofClass.endpointProvider ? endpointV2?.properties?.authSchemes : undefined;
  const ruled = schemes?.flatMap(({ signingRegion = own, signingRegionSet = [] }) => [
    signingRegion,
    ...signingRegionSet,
  ]);
  const isOwn = regions.some((signed) => covers(signed, own) || (ruled?.includes(signed) && mayMeet(signed, own)));
  if (!isOwn) throw wrongRegion(operation, regions.join(", "), own);
}

/** In a region set, `*` stands for any run of characters. */
function covers(signed: string, own: string): boolean {
  return new RegExp(`^${signed.replace(/[^\w*-]/g, "").replaceAll("*", ".*")}$`).test(own);
}

/** Credentials hold within one partition. */
function mayMeet(signed: string, own: string): boolean {
  const [there, here] = [findPartition(signed), findPartition(own)];
  return there === undefined || here === undefined || there === here;
}

/** As the SDK reads a region that names a FIPS endpoint. */
function realRegion(region: string): string {
  return region.replace(/fips-(dkr-|prod-)?|-fips/, "");
}

/** Such as AssumeRoleWithWebIdentity. Asked of the class itself: a caller's configuration may say something else. */
function isUnsignedByDefinition(
  { httpAuthSchemeProvider }: ClassDefaults,
  operation: string | undefined,
  region: string,
): boolean {
  try {
    const [first] = httpAuthSchemeProvider?.({ operation, region, Region: region }) ?? [];
    return first?.schemeId === "smithy.api#noAuth";
  } catch {
    return false; // rules that need a bucket: all their operations are signed
  }
}

const LOOK_AT_CONFIG =
  "Look for a signer, an extension or a middleware that the client's class or clientConfig sets, and leave it out.";

function wrongRegion(operation: string | undefined, signed: string, own: string): RolecallError {
  return refusal(
    operation,
    `the request is signed for ${signed}, and the client is for ${own}`,
    "Set the region in the command or the instance, and leave out what sets it in clientConfig.",
  );
}

function refusal(operation = "a request", why: string, hint: string): RolecallError {
  return new RolecallError("INVALID_REQUEST", `Can't send ${operation}: ${why}.`, {
    step: "request",
    field: "options.clientConfig",
    hint,
  });
}
