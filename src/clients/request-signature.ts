/** Who signed a request, and for which regions. */
export interface RequestSignature {
  readonly accessKeyId: string;
  /** One for SigV4; for SigV4a its region set, which may hold patterns such as `*`. */
  readonly regions: readonly string[];
}

export type Signing = RequestSignature | "unsigned" | "bearer token" | "unknown";

const SIGV4 = "AWS4-HMAC-SHA256";
const SIGV4_SCOPE = /^([\w-]{1,128})\/\d{8}\/([\w-]+)\/[\w.-]+\/aws4_request$/;
const SIGV4A = "AWS4-ECDSA-P256-SHA256";
const SIGV4A_SCOPE = /^([\w-]{1,128})\/\d{8}\/[\w.-]+\/aws4_request$/;

/** An HTTP request of the SDK, as it is sent. */
interface SentRequest {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly path?: unknown;
}

/** Reads the signature from the `Authorization` header, or from the query of a presigned request. */
export function readSigning(request: unknown): Signing {
  const { headers = {}, query = {}, path = "" } = (request ?? {}) as SentRequest;
  const inHeader = (name: string) => valuesOf(Object.entries(headers), name);
  const parameters = [...Object.entries(query), ...new URLSearchParams(String(path).split("?").slice(1).join("?"))];
  const inQuery = (name: string) => valuesOf(parameters, name);

  const authorizations = inHeader("authorization");
  const credentials = inQuery("x-amz-credential");
  const [authorization] = authorizations;
  if (authorizations.length + credentials.length > 1) return "unknown"; // AWS takes one
  if (authorization !== undefined) return fromHeader(authorization, inHeader("x-amz-region-set"));
  const [credential] = credentials;
  if (credential === undefined) return "unsigned";
  return read(inQuery("x-amz-algorithm").join(), credential, inQuery("x-amz-region-set"));
}

/** The session token of S3 Express, if there is one. */
export function readBucketToken(request: unknown): string | undefined {
  const { headers = {}, query = {} } = (request ?? {}) as SentRequest;
  return valuesOf([...Object.entries(headers), ...Object.entries(query)], "x-amz-s3session-token")[0];
}

function fromHeader(authorization: string, regionSet: readonly string[]): Signing {
  if (/^bearer\b/i.test(authorization)) return "bearer token";
  const [algorithm = "", ...rest] = authorization.trim().split(/\s+/);
  const fields = rest.join("").split(",");
  const [credential, ...others] = fields.filter((field) => field.startsWith("Credential="));
  if (credential === undefined || others.length > 0) return "unknown";
  return read(algorithm, credential.slice("Credential=".length), regionSet);
}

function read(algorithm: string, credential: string, regionSet: readonly string[]): Signing {
  const [, sigv4Key, region] = (algorithm === SIGV4 && SIGV4_SCOPE.exec(credential)) || [];
  if (sigv4Key !== undefined && region !== undefined) return { accessKeyId: sigv4Key, regions: [region] };
  const [, sigv4aKey] = (algorithm === SIGV4A && SIGV4A_SCOPE.exec(credential)) || [];
  const regions = regionSet.flatMap((set) => set.split(",")).map((text) => text.trim());
  if (sigv4aKey !== undefined && regions.length > 0) return { accessKeyId: sigv4aKey, regions };
  return "unknown";
}

function valuesOf(entries: readonly (readonly [string, unknown])[], wanted: string): string[] {
  return entries.flatMap(([name, value]) =>
    name.toLowerCase() === wanted && value !== undefined && value !== null ? [value].flat().map(String) : [],
  );
}
