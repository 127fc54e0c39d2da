import { Agent } from "node:http";
import { withDeadline } from "../abort.js";
import { isRolecallError, RolecallError } from "../errors.js";
import { foreignLabel } from "../foreign-text.js";
import type { Authorization, ContainerEndpoint } from "../request/container-endpoint.js";
import type { Runtime } from "../runtime.js";
import { isCertificateErrorCode, isSystemErrorCode, safeCause } from "./safe-cause.js";
import { AnswerError, createRetries, LARGEST_ANSWER, requestText, type Transport } from "./small-request.js";
import { parseCredentialSet, readCredentialSet, type SourceIdentity } from "./source-identity.js";
import { readTokenFile } from "./token-file.js";

/** Milliseconds of silence. EKS's agent calls AWS before its first response. */
const REQUEST_TIMEOUT = 2000;
/** Milliseconds for a whole read. */
const READ_TIMEOUT = 5000;
const ROLE_ARN = /^arn:[!-~]{1,2044}$/;

const CHECK_AGENT =
  "Check that the ECS or EKS agent is running on this machine, and that this process can reach it over the network";
const CHECK_ROLE =
  "Check that the task has a task role, or that the pod's service account has a pod identity association";
const CHECK_TOKEN =
  "Check the token in AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, or in AWS_CONTAINER_AUTHORIZATION_TOKEN if no file is set";
const CHECK_SERVER = "Check which server responds at that address";

/** Why a response contains no credentials, and what to do about it. */
interface Problem {
  readonly what: string;
  readonly fix: string;
}

/**
 * Reads the credentials of a container's role, uncached. Calls only this endpoint.
 * @throws RolecallError `BASE_IDENTITY_UNAVAILABLE`
 */
export async function readContainer(
  endpoint: ContainerEndpoint,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<SourceIdentity> {
  const { url, authorization } = endpoint;
  const fail = (problem: Problem, cause?: unknown) => unavailable(url, problem, cause);
  const reason = () => fail({ what: `did not respond within ${READ_TIMEOUT / 1000} seconds`, fix: CHECK_AGENT });
  const text = await withDeadline({ runtime, ms: READ_TIMEOUT, reason, signal }, async (either) => {
    const transport = await transportTo(url);
    const retry = createRetries(runtime, either, isTransient);
    try {
      return await retry(async () => {
        const headers = { Accept: "application/json", ...(await authorize(authorization)) };
        const { protocol, hostname, port } = url;
        const item = { protocol, hostname, port, path: url.pathname + url.search, headers };
        return await requestText(item, { ...transport, runtime, signal: either, silence: REQUEST_TIMEOUT });
      });
    } finally {
      transport.agent.destroy();
    }
  }).catch((error) => {
    throw signal.aborted ? signal.reason : isRolecallError(error) ? error : fail(diagnose(error, authorization), error);
  });
  return readAnswer(text, fail);
}

/** Verifies certificates regardless of `NODE_TLS_REJECT_UNAUTHORIZED`, because the response contains keys. */
async function transportTo({ protocol }: URL): Promise<Pick<Transport, "agent" | "request">> {
  if (protocol === "http:") return { agent: new Agent() };
  const https = await import("node:https");
  return { agent: new https.Agent({ rejectUnauthorized: true }), request: https.request };
}

async function authorize(authorization: Authorization | undefined): Promise<Record<string, string>> {
  if (!authorization) return {};
  if ("token" in authorization) return { Authorization: authorization.token };
  const token = await readTokenFile(authorization.tokenFile, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  return { Authorization: token };
}

/** A restarting agent refuses connections for a moment. */
function isTransient(error: unknown): boolean {
  if (isRolecallError(error)) return false;
  if (!(error instanceof AnswerError)) {
    const code = (error as { code?: unknown } | undefined)?.code;
    return isSystemErrorCode(code) && !isCertificateErrorCode(code);
  }
  const { fault, statusCode = 0 } = error;
  return fault === "silence" || statusCode === 429 || statusCode >= 500;
}

function diagnose(error: unknown, authorization: Authorization | undefined): Problem {
  if (!(error instanceof AnswerError)) {
    const code = (error as { code?: unknown } | undefined)?.code;
    if (!isSystemErrorCode(code)) return { what: "sent a response that is not HTTP", fix: CHECK_SERVER };
    return { what: `can't be reached: ${code}`, fix: CHECK_AGENT };
  }
  switch (error.fault) {
    case "silence":
      return { what: "did not respond in time", fix: CHECK_AGENT };
    case "too-large":
      return { what: `responded with more than ${LARGEST_ANSWER / 1024} KiB`, fix: CHECK_SERVER };
    case "not-http":
      return { what: "sent a response that is not HTTP", fix: CHECK_SERVER };
    case "status":
      return { what: `responded with status ${error.statusCode}`, fix: fixFor(error.statusCode, authorization) };
  }
}

/** EKS's agent responds with 400 to a bad token as well. */
function fixFor(status = 0, authorization: Authorization | undefined): string {
  if (status === 429 || status >= 500) return "Try again";
  if (status === 401 || status === 403) return CHECK_TOKEN;
  return authorization ? `${CHECK_TOKEN}. ${CHECK_ROLE}` : CHECK_ROLE;
}

function readAnswer(text: string, fail: (problem: Problem, cause?: unknown) => RolecallError): SourceIdentity {
  let set: ReturnType<typeof parseCredentialSet>;
  try {
    set = parseCredentialSet(text);
  } catch (error) {
    throw fail({ what: "responded with something other than credentials", fix: CHECK_SERVER }, error);
  }
  const code = set.Code === "Success" ? undefined : foreignLabel(set.Code);
  if (code !== undefined) throw fail({ what: `responded with the Code ${code}`, fix: CHECK_ROLE });
  const credentials = readCredentialSet(set);
  if (!credentials) throw fail({ what: "responded with something other than credentials", fix: CHECK_SERVER });
  const { RoleArn } = set;
  const role = typeof RoleArn === "string" && ROLE_ARN.test(RoleArn) ? RoleArn : undefined;
  return { credentials, identity: role ?? credentials.accountId };
}

/** Names only the host, because ECS's path is a secret. */
function unavailable({ protocol, host }: URL, { what, fix }: Problem, cause?: unknown): RolecallError {
  const message = `The container's credential endpoint ${protocol}//${host} ${what}.`;
  return new RolecallError("BASE_IDENTITY_UNAVAILABLE", message, {
    step: "base-identity",
    retryable: true,
    hint: `${fix}. The library never falls back to another identity.`,
    ...(cause !== undefined && { cause: safeCause(cause) }),
  });
}
