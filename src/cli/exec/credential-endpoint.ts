import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isRolecallError } from "../../errors.js";
import type { SessionCredentials } from "../../session/session-credentials.js";

const HOST = "127.0.0.1";
const PATH = "/credentials";
/** Milliseconds for a client to send its request. A program's SDK needs one or two of them. */
const REQUEST_TIMEOUT = 5000;

/** Where one program gets its credentials, and only that program: nobody else has the token. */
export interface CredentialEndpoint {
  readonly uri: string;
  readonly token: string;
  /** Ends all connections. */
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, string | undefined>>;
}

/**
 * Serves the credentials of one identity on loopback, as a container credential endpoint.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 * @param provide returns valid credentials, or throws a RolecallError
 */
export async function startCredentialEndpoint(provide: () => Promise<SessionCredentials>): Promise<CredentialEndpoint> {
  const token = randomBytes(32).toString("base64url");
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT, headersTimeout: REQUEST_TIMEOUT });
  server.listen(0, HOST);
  await once(server, "listening");
  const host = `${HOST}:${(server.address() as AddressInfo).port}`;
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const refusal = refuse(request, host, token);
    const answer = refusal ? Promise.resolve(refusal) : provide().then(toAnswer, toFailure);
    void answer.then((settled) => send(response, settled));
  });
  return {
    uri: `http://${host}${PATH}`,
    token,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * A web page that has its name resolve to loopback can reach the endpoint, but not with this `Host`; another process on the
 * machine can reach it too, but not with the token. Nothing in a request chooses the identity.
 */
function refuse({ method, url, headers }: IncomingMessage, host: string, token: string): Answer | undefined {
  if (headers.host !== host) return refusal(403, "WrongHost", "This endpoint is not for this host name.");
  if (!isToken(headers.authorization, token))
    return refusal(401, "WrongToken", "The authorization token is missing or wrong.");
  if (url !== PATH) return refusal(404, "NotFound", "There is nothing at this path.");
  if (method !== "GET") return refusal(405, "MethodNotAllowed", "Only GET is allowed.");
  return undefined;
}

function refusal(status: number, code: string, message: string): Answer {
  return { status, body: { code, message } };
}

/** Compares hashes, so that the time it takes tells nothing about the token. */
function isToken(given: string | undefined, token: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return given !== undefined && timingSafeEqual(hash(given), hash(token));
}

function toAnswer({ accessKeyId, secretAccessKey, sessionToken, expiration, accountId }: SessionCredentials): Answer {
  const body = {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Expiration: expiration?.toISOString(),
    AccountId: accountId,
  };
  return { status: 200, body };
}

/** SDKs show the code and the message, and ask again after a status of 500 or more. */
function toFailure(error: unknown): Answer {
  if (!isRolecallError(error)) return refusal(500, "InternalError", "The credentials could not be read.");
  return refusal(error.retryable ? 503 : 403, error.code, error.message);
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}
