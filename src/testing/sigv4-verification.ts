import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { AwsError } from "./aws-error.js";
import { parseAmzDate, toAmzDate } from "./aws-time.js";

/** A request as received. */
export interface WireRequest {
  method: string;
  /** The path as sent, still encoded, without the query. */
  path: string;
  /** The query as sent, without the `?`. */
  query: string;
  /** By lower-case name, values in order of arrival. */
  headers: Readonly<Record<string, readonly string[]>>;
  body: Buffer;
}

/** The signature in a request, parsed but not verified. */
export interface WireSignature {
  accessKeyId: string;
  region: string;
  service: string;
  /** The date in the credential scope, `YYYYMMDD`. */
  scopeDate: string;
  /** `YYYYMMDDTHHMMSSZ`. */
  amzDate: string;
  signedHeaders: readonly string[];
  signature: string;
  sessionToken?: string;
  /** The lifetime of a presigned request in seconds; absent if the signature is in the header. */
  expires?: number;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
const MAX_CLOCK_SKEW_MS = 15 * 60_000;

/** Services that sign the path encoded once and not normalized, and that allow unsigned payloads. */
const S3_SERVICES = new Set(["s3", "s3-object-lambda", "s3-outposts", "s3express"]);

/** Reads the signature from the `Authorization` header, or from the query of a presigned request. */
export function readSignature(request: WireRequest): WireSignature {
  const query = new Map(decodeQuery(request.query));
  const authorization = header(request, "authorization");
  if (authorization !== undefined) return fromHeader(request, authorization);
  if (query.has("X-Amz-Signature")) return fromQuery(query);
  throw new AwsError(403, "MissingAuthenticationToken", "Request is missing Authentication Token");
}

/** Throws unless the signature matches the request and the secret. Does not check the time. */
export function assertSignature(request: WireRequest, signature: WireSignature, secretAccessKey: string): void {
  assertHeadersSigned(request, signature);
  const canonicalRequest = [
    request.method,
    canonicalPath(request.path, signature.service),
    canonicalQuery(request.query),
    ...signature.signedHeaders.map((name) => `${name}:${canonicalHeaderValue(request, name)}`),
    "",
    signature.signedHeaders.join(";"),
    payloadHash(request, signature),
  ].join("\n");
  const { scopeDate, region, service } = signature;
  const scope = [scopeDate, region, service, "aws4_request"];
  const stringToSign = [ALGORITHM, signature.amzDate, scope.join("/"), sha256(canonicalRequest)].join("\n");
  const signingKey = scope.reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${secretAccessKey}`);
  if (!equalInConstantTime(hmac(signingKey, stringToSign).toString("hex"), signature.signature)) {
    throw signatureDoesNotMatch(
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    );
  }
}

/**
 * Throws unless the signing time is between the clocks or within 15 minutes of one, or a presigned request has not
 * expired.
 */
export function assertSignatureTime(signature: WireSignature, clocks: readonly number[]): void {
  const signedAt = parseAmzDate(signature.amzDate);
  const nearest = Math.min(Math.max(signedAt, Math.min(...clocks)), Math.max(...clocks));
  const refusal = timeRefusal(signature, nearest);
  if (refusal !== undefined) throw signatureDoesNotMatch(refusal);
}

function timeRefusal({ amzDate, scopeDate, expires }: WireSignature, now: number): string | undefined {
  const signedAt = parseAmzDate(amzDate);
  if (Number.isNaN(signedAt) || !amzDate.startsWith(scopeDate)) {
    return `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scopeDate}' != '${amzDate}'.`;
  }
  const lifetime = expires === undefined ? MAX_CLOCK_SKEW_MS : expires * 1000;
  if (signedAt < now - lifetime) {
    return `Signature expired: ${amzDate} is now earlier than ${toAmzDate(now - lifetime)} (${toAmzDate(now)} - ${lifetime / 60_000} min.)`;
  }
  if (signedAt > now + MAX_CLOCK_SKEW_MS) {
    return `Signature not yet current: ${amzDate} is still later than ${toAmzDate(now + MAX_CLOCK_SKEW_MS)} (${toAmzDate(now)} + 15 min.)`;
  }
  return undefined;
}

function fromHeader(request: WireRequest, authorization: string): WireSignature {
  const [algorithm = "", ...rest] = authorization.trim().split(/\s+/);
  if (algorithm !== ALGORITHM) throw incomplete(`Authorization must use ${ALGORITHM}, got '${algorithm}'.`);
  const fields = new Map(
    rest
      .join(" ")
      .split(",")
      .map((field) => splitOnce(field.trim(), "=")),
  );
  const sessionToken = header(request, "x-amz-security-token");
  return {
    ...readScope(fields.get("Credential")),
    ...required({ signature: fields.get("Signature"), amzDate: readAmzDate(request) }),
    signedHeaders: required({ SignedHeaders: fields.get("SignedHeaders") }).SignedHeaders.split(";"),
    ...(sessionToken !== undefined && { sessionToken }),
  };
}

function fromQuery(query: ReadonlyMap<string, string>): WireSignature {
  const algorithm = query.get("X-Amz-Algorithm");
  if (algorithm !== ALGORITHM) throw incomplete(`X-Amz-Algorithm must be ${ALGORITHM}, got '${algorithm}'.`);
  const expires = Number(query.get("X-Amz-Expires") ?? MAX_CLOCK_SKEW_MS / 1000);
  if (!(Number.isInteger(expires) && expires >= 0 && expires <= 604_800)) {
    throw new AwsError(400, "AuthorizationQueryParametersError", "X-Amz-Expires must be between 0 and 604800 seconds");
  }
  const sessionToken = query.get("X-Amz-Security-Token");
  return {
    ...readScope(query.get("X-Amz-Credential")),
    ...required({ signature: query.get("X-Amz-Signature"), amzDate: query.get("X-Amz-Date") }),
    signedHeaders: required({ SignedHeaders: query.get("X-Amz-SignedHeaders") }).SignedHeaders.split(";"),
    expires,
    ...(sessionToken !== undefined && { sessionToken }),
  };
}

function readScope(credential: string | undefined) {
  const parts = required({ Credential: credential }).Credential.split("/");
  const [accessKeyId, scopeDate, region, service, terminator] = parts;
  if (terminator !== "aws4_request" || parts.length !== 5) {
    throw incomplete("Credential must have the form <access key id>/<date>/<region>/<service>/aws4_request.");
  }
  return required({ accessKeyId, scopeDate, region, service });
}

function required<K extends string>(fields: Record<K, string | undefined>): Record<K, string> {
  for (const [name, value] of Object.entries(fields)) {
    if (!value) throw incomplete(`The signature lacks '${name}'.`);
  }
  return fields as Record<K, string>;
}

function assertHeadersSigned({ headers }: WireRequest, { signedHeaders, service }: WireSignature): void {
  if (!signedHeaders.includes("host") && !signedHeaders.includes(":authority")) {
    throw signatureDoesNotMatch("'Host' must be a 'SignedHeader' in the AWS Authorization.");
  }
  const unsigned = Object.keys(headers).find((name) => name.startsWith("x-amz-") && !signedHeaders.includes(name));
  if (unsigned === undefined) return;
  if (S3_SERVICES.has(service)) {
    throw new AwsError(
      403,
      "AccessDenied",
      `There were headers present in the request which were not signed: ${unsigned}`,
    );
  }
  throw signatureDoesNotMatch(`'${unsigned}' must be a 'SignedHeader' in the AWS Authorization.`);
}

function canonicalPath(path: string, service: string): string {
  if (S3_SERVICES.has(service)) return path.split("/").map(decode).map(encode).join("/");
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(encode(segment));
  }
  const end = segments.length > 0 && path.endsWith("/") ? "/" : "";
  return `/${segments.join("/")}${end}`;
}

function canonicalQuery(query: string): string {
  return decodeQuery(query)
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]): [string, string] => [encode(name), encode(value)])
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function canonicalHeaderValue({ headers }: WireRequest, name: string): string {
  return (headers[name] ?? []).map((value) => value.trim().replace(/\s+/g, " ")).join(",");
}

function payloadHash(request: WireRequest, { service, expires }: WireSignature): string {
  const claimed = header(request, "x-amz-content-sha256");
  const actual = sha256(request.body);
  if (claimed === undefined) return expires !== undefined && S3_SERVICES.has(service) ? "UNSIGNED-PAYLOAD" : actual;
  const mayGoUnsigned = service !== "sts" && (claimed === "UNSIGNED-PAYLOAD" || claimed.startsWith("STREAMING-"));
  if (mayGoUnsigned || claimed === actual) return claimed;
  if (S3_SERVICES.has(service)) {
    throw new AwsError(
      400,
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  return actual;
}

function readAmzDate(request: WireRequest): string | undefined {
  const amzDate = header(request, "x-amz-date");
  if (amzDate !== undefined) return amzDate;
  const date = Date.parse(header(request, "date") ?? "");
  return Number.isNaN(date) ? undefined : toAmzDate(date);
}

function header({ headers }: WireRequest, name: string): string | undefined {
  return headers[name]?.[0];
}

function decodeQuery(query: string): [string, string][] {
  if (query === "") return [];
  return query.split("&").map((pair) => splitOnce(pair, "=").map(decode) as [string, string]);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function equalInConstantTime(expected: string, received: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(received)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}

function incomplete(message: string): AwsError {
  return new AwsError(400, "IncompleteSignature", message);
}

function signatureDoesNotMatch(message: string): AwsError {
  return new AwsError(403, "SignatureDoesNotMatch", message);
}
