import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isRolecallError } from "../../errors.js";
import type { SessionCredentials } from "../../session/session-credentials.js";

const HOST = "127.0.0.1";
const PATH = "/credentials";
/** Milliseconds for a client to send its request. A program's SDK needs one or two. */
const REQUEST_TIMEOUT = 5000;
/**
 * Milliseconds. The library may serve credentials that look expired: the machine's clock is fast, or AWS extended the
 * instance profile's credentials. The AWS CLI and boto3 would reject them with their original expiration.
 */
const LIFE_OF_EXPIRED = 60_000;

/** Where one program gets its credentials. Only that program has the token. */
export interface CredentialEndpoint {
  readonly uri: string;
  readonly token: string;
  /** Closes the endpoint and all connections. */
  close(): Promise<void>;
}

interface EndpointOptions {
  /** The time, in epoch milliseconds. */
  readonly now?: () => number;
  readonly requestTimeout?: number;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, string | undefined>>;
}

/**
 * Serves the credentials of one identity on loopback, as a container credential endpoint.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 * @param provide returns usable credentials, or throws a RolecallError
 */
export async function startCredentialEndpoint(
  provide: () => Promise<SessionCredentials>,
  { now = Date.now, requestTimeout = REQUEST_TIMEOUT }: EndpointOptions = {},
): Promise<CredentialEndpoint> {
  const token = randomBytes(32).toString("base64url");
  const server = createServer({
    requestTimeout,
    headersTimeout: requestTimeout,
    connectionsCheckingInterval: requestTimeout / 5, // by default, Node checks every 30 seconds
  });
  server.listen(0, HOST);
  await once(server, "listening");
  server.on("error", () => {}); // a connection was not accepted, for example with too many open files
  const host = `${HOST}:${(server.address() as AddressInfo).port}`;
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const refusal = refuse(request, host, token);
    const answer = refusal ? Promise.resolve(refusal) : loadAnswer(provide, now);
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
 * The `Host` check rejects web pages whose DNS name resolves to loopback. The token rejects other processes on the
 * machine. Nothing in a request selects the identity.
 */
function refuse({ method, url, headers }: IncomingMessage, host: string, token: string): Answer | undefined {
  if (headers.host !== host) return refusal(403, "WrongHost", "This endpoint does not serve this host name.");
  if (!isToken(headers.authorization, token))
    return refusal(401, "WrongToken", "The authorization token is missing or wrong.");
  if (url !== PATH) return refusal(404, "NotFound", "There is nothing at this path.");
  if (method !== "GET") return refusal(405, "MethodNotAllowed", "Only GET is allowed.");
  return undefined;
}

function refusal(status: number, code: string, message: string): Answer {
  return { status, body: { code, message } };
}

/** Compares hashes in constant time, so that timing reveals nothing about the token. */
function isToken(given: string | undefined, token: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return given !== undefined && timingSafeEqual(hash(given), hash(token));
}

async function loadAnswer(provide: () => Promise<SessionCredentials>, now: () => number): Promise<Answer> {
  try {
    return toAnswer(await provide(), now());
  } catch (error) {
    return toFailure(error);
  }
}

function toAnswer(credentials: SessionCredentials, now: number): Answer {
  const { accessKeyId, secretAccessKey, sessionToken, accountId } = credentials;
  const isExpired = credentials.expiration !== undefined && credentials.expiration.getTime() <= now;
  const expiration = isExpired ? new Date(now + LIFE_OF_EXPIRED) : credentials.expiration;
  const body = {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Expiration: expiration?.toISOString(),
    AccountId: accountId,
  };
  return { status: 200, body };
}

/** SDKs show the code and the message, and retry after a status of 500 or more. */
function toFailure(error: unknown): Answer {
  if (!isRolecallError(error)) return refusal(500, "InternalError", "The credentials could not be read.");
  return refusal(error.retryable ? 503 : 403, error.code, error.message);
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}
