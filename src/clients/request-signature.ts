/** The access key id that a request is signed with, and the regions that it is signed for. */
export interface RequestSignature {
  readonly accessKeyId: string;
  /** One region for SigV4. For SigV4a, the region set, which may contain patterns such as `*`. */
  readonly regions: readonly string[];
}

export type Signing = RequestSignature | "unsigned" | "bearer token" | "unknown";

const SIGV4 = "AWS4-HMAC-SHA256";
const SIGV4_SCOPE = /^([\w-]{1,128})\/\d{8}\/([\w-]+)\/[\w.-]+\/aws4_request$/;
const SIGV4A = "AWS4-ECDSA-P256-SHA256";
const SIGV4A_SCOPE = /^([\w-]{1,128})\/\d{8}\/[\w.-]+\/aws4_request$/;

/** An HTTP request as the SDK sends it. */
interface SentRequest {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly path?: unknown;
}

/** Reads the signature from the `Authorization` header, or from the query of a presigned request. */
export function readSigning(request: unknown): Signing {
  const { headers = {}, query = {}, path = "" } = (request ?? {}) as SentRequest;
  const inHeader = (name: string) => collectValues(Object.entries(headers), name);
  const parameters = [...Object.entries(query), ...new URLSearchParams(String(path).split("?").slice(1).join("?"))];
  const inQuery = (name: string) => collectValues(parameters, name);

  const authorizations = inHeader("authorization");
  const credentials = inQuery("x-amz-credential");
  const [authorization] = authorizations;
  if (authorizations.length + credentials.length > 1) return "unknown"; // AWS accepts only one
  if (authorization !== undefined) return parseHeader(authorization, inHeader("x-amz-region-set"));
  const [credential] = credentials;
  if (credential === undefined) return "unsigned";
  return parseCredential(inQuery("x-amz-algorithm").join(), credential, inQuery("x-amz-region-set"));
}

/** The session token of an S3 Express request. */
export function readBucketToken(request: unknown): string | undefined {
  const { headers = {}, query = {} } = (request ?? {}) as SentRequest;
  return collectValues([...Object.entries(headers), ...Object.entries(query)], "x-amz-s3session-token")[0];
}

function parseHeader(authorization: string, regionSet: readonly string[]): Signing {
  if (/^bearer\b/i.test(authorization)) return "bearer token";
  const [algorithm = "", ...rest] = authorization.trim().split(/\s+/);
  const fields = rest.join("").split(",");
  const [credential, ...others] = fields.filter((field) => field.startsWith("Credential="));
  if (credential === undefined || others.length > 0) return "unknown";
  return parseCredential(algorithm, credential.slice("Credential=".length), regionSet);
}

function parseCredential(algorithm: string, credential: string, regionSet: readonly string[]): Signing {
  const [, sigv4Key, region] = (algorithm === SIGV4 && SIGV4_SCOPE.exec(credential)) || [];
  if (sigv4Key !== undefined && region !== undefined) return { accessKeyId: sigv4Key, regions: [region] };
  const [, sigv4aKey] = (algorithm === SIGV4A && SIGV4A_SCOPE.exec(credential)) || [];
  const regions = regionSet.flatMap((set) => set.split(",")).map((text) => text.trim());
  if (sigv4aKey !== undefined && regions.length > 0) return { accessKeyId: sigv4aKey, regions };
  return "unknown";
}

function collectValues(entries: readonly (readonly [string, unknown])[], wanted: string): string[] {
  return entries.flatMap(([name, value]) =>
    name.toLowerCase() === wanted && value !== undefined && value !== null ? [value].flat().map(String) : [],
  );
}
