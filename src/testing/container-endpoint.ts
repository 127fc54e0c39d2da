import { randomUUID } from "node:crypto";
import { AwsError } from "./aws-error.js";
import { toIsoSeconds } from "./aws-time.js";
import type { Answer, CredentialFields, Exchange } from "./exchange.js";
import type { IssuedKeys } from "./issued-sessions.js";
import { readTokenPayload } from "./oidc-issuer.js";
import type { PlatformParts } from "./platform-parts.js";
import type { ServiceAccountToken } from "./service-account-token.js";
import type { WireRequest } from "./sigv4-verification.js";

/** The path on the EKS Pod Identity Agent. */
export const POD_CREDENTIALS_PATH = "/v1/credentials";

export interface ContainerEndpointOptions {
  parts: PlatformParts;
  now: () => number;
  /** Registers values that must never be printed. */
  addSecrets: (...secrets: (string | undefined)[]) => void;
}

/** A container agent: finds the keys that a request asks for, and formats the responses. */
interface Agent {
  /** @throws AwsError to reject the request */
  find(parts: PlatformParts, request: WireRequest, now: number): IssuedKeys;
  describe(keys: IssuedKeys): CredentialFields;
  refuse(error: AwsError): Answer;
}

/**
 * The container credential endpoint: the ECS agent and the EKS Pod Identity Agent, each on its own path.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export function createContainerEndpoint(options: ContainerEndpointOptions): (request: WireRequest) => Exchange {
  return (request) => {
    const agent = findAgent(options.parts, request.path);
    return {
      about: { target: "container", operation: agent === undefined ? "unknown" : "credentials", parameters: {} },
      answer: (patch) => {
        if (agent === undefined) throw new AwsError(404, "NotFound", "404 page not found");
        if (request.method !== "GET") throw new AwsError(405, "MethodNotAllowed", "Method Not Allowed");
        const fields = patch(agent.describe(agent.find(options.parts, request, options.now())));
        options.addSecrets(fields.SecretAccessKey, fields.Token);
        return json(200, fields);
      },
      refuse: (agent ?? EKS_AGENT).refuse,
    };
  };
}

function findAgent({ taskPath }: PlatformParts, path: string): Agent | undefined {
  if (path === POD_CREDENTIALS_PATH) return EKS_AGENT;
  return path.startsWith(taskPath.slice(0, taskPath.lastIndexOf("/") + 1)) ? ECS_AGENT : undefined;
}

function credentials({ identity, secretAccessKey, sessionToken, expiration = 0 }: IssuedKeys): CredentialFields {
  return {
    AccessKeyId: identity.accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Expiration: toIsoSeconds(expiration),
  };
}

const ECS_AGENT: Agent = {
  find({ task, taskPath }, { path }) {
    const keys = path === taskPath && task.isTrusting ? task.keys() : undefined;
    if (keys !== undefined) return keys.issued;
    throw new AwsError(400, "InvalidIdInRequest", "CredentialsV2Request: Credentials not found");
  },
  describe: (keys) => ({ RoleArn: keys.identity.roleArn, ...credentials(keys) }),
  refuse: ({ status, code, message }) => ({
    ...json(status, { code, message, HTTPErrorCode: status }),
    errorCode: code,
  }),
};

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_auth_AssumeRoleForPodIdentity.html */
const EKS_AGENT: Agent = {
  find({ pod, podToken }, { headers }, now) {
    assertPodToken(headers.authorization?.[0] ?? "", podToken, now);
    const keys = pod.keys();
    if (keys === undefined) {
      throw eksAuthError(404, "ResourceNotFoundException", "No association found for the service account.");
    }
    if (!pod.isTrusting) {
      throw eksAuthError(400, "AccessDeniedException", "Unauthorized to assume the role of the association.");
    }
    return keys.issued;
  },
  describe: (keys) => ({ AccountId: keys.identity.accountId, ...credentials(keys) }),
  refuse: ({ status, code, message }) => ({
    status,
    headers: { "content-type": "text/plain; charset=utf-8" },
    body: `${message}\n`,
    errorCode: code,
  }),
};

function assertPodToken(token: string, { token: newest }: ServiceAccountToken, now: number): void {
  if (token === "") throw new AwsError(400, "BadRequest", "Service account token cannot be empty");
  const payload = readTokenPayload(token);
  if (payload === undefined) throw new AwsError(400, "BadRequest", "Service account token cannot be parsed");
  if (token !== newest) {
    throw eksAuthError(400, "InvalidTokenException", "The specified Kubernetes service account token is invalid.");
  }
  if (Number(payload.exp) * 1000 <= now) {
    throw eksAuthError(400, "ExpiredTokenException", "The specified Kubernetes service account token is expired.");
  }
}

/** The agent's message about an error of the EKS Auth API. */
function eksAuthError(status: number, code: string, message: string): AwsError {
  return new AwsError(status, code, `[${randomUUID()}]: (${code}): ${message}, fault: client`);
}

function json(status: number, value: object): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}
