import { randomUUID } from "node:crypto";
import type { AwsError } from "./aws-error.js";
import { document, element } from "./aws-xml.js";
import type { Answer } from "./exchange.js";
import type { WireRequest } from "./sigv4-verification.js";

const NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/";
/** Secrets that must not be recorded. */
const SECRET_PARAMETERS = new Set(["WebIdentityToken", "SAMLAssertion", "TokenCode"]);

/** The parameters of a query-protocol call, from its query and form body, without signature parameters. */
export function readParameters(request: WireRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readPairs(request).filter(([name]) => !name.toLowerCase().startsWith("x-amz-") && !SECRET_PARAMETERS.has(name)),
  );
}

/** The token of AssumeRoleWithWebIdentity, which `readParameters` leaves out. */
export function readWebIdentityToken(request: WireRequest): string | undefined {
  return readPairs(request).find(([name]) => name === "WebIdentityToken")?.[1];
}

function readPairs({ query, headers, body }: WireRequest): readonly [string, string][] {
  const isForm = headers["content-type"]?.[0]?.startsWith("application/x-www-form-urlencoded");
  return [...new URLSearchParams(query), ...(isForm ? new URLSearchParams(body.toString()) : [])];
}

export function succeedInQueryProtocol(operation: string, result: readonly string[]): Answer {
  const requestId = randomUUID();
  const metadata = element("ResponseMetadata", [element("RequestId", requestId)]);
  const root = element(`${operation}Response`, [element(`${operation}Result`, result), metadata], NAMESPACE);
  return xmlAnswer(root, requestId);
}

export function refuseInQueryProtocol({ status, code, message }: AwsError): Answer {
  const requestId = randomUUID();
  const error = element("Error", [
    element("Type", status < 500 ? "Sender" : "Receiver"),
    element("Code", code),
    element("Message", message),
  ]);
  const root = element("ErrorResponse", [error, element("RequestId", requestId)], NAMESPACE);
  return { ...xmlAnswer(root, requestId), status, errorCode: code };
}

function xmlAnswer(root: string, requestId: string): Answer {
  return { status: 200, headers: { "content-type": "text/xml", "x-amzn-requestid": requestId }, body: document(root) };
}
