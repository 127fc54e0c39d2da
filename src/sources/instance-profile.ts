import { Agent } from "node:http";
import { withDeadline } from "../abort.js";
import { isRolecallError, RolecallError } from "../errors.js";
import { isRegion } from "../request/regions.js";
import type { Runtime } from "../runtime.js";
import { getInstanceMetadataEndpoint, httpRequest } from "../sdk/imds.js";
import type { AwsCredentialIdentity } from "../sdk-types.js";
import { safeCause } from "./safe-cause.js";

export { isStsLoaded } from "../sdk/imds.js";

const TOKEN_PATH = "/latest/api/token";
const TOKEN_TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN_HEADER = "x-aws-ec2-metadata-token";
const PROFILE_PATH = "/latest/meta-data/iam/security-credentials/";
const REGION_PATH = "/latest/meta-data/placement/region";
/** Milliseconds of silence after which one request to the metadata service is given up: the SDK's own number. */
const REQUEST_TIMEOUT = 1000;
/** Milliseconds for a whole read: an answer that breaks off, or that trickles, is never silent for long enough. */
const READ_TIMEOUT = 5000;

/** Why the metadata service is of no use, and what to do about it. */
export interface MetadataTrouble {
  /** A sentence without its full stop. */
  readonly cause: string;
  readonly fix: string;
}

export const NO_ANSWER_IN_TIME: MetadataTrouble = {
  cause: "Nothing answers in time",
  fix: "in a container, raise HttpPutResponseHopLimit to 2",
};
const NOT_TO_BE_USED: MetadataTrouble = { cause: "AWS_EC2_METADATA_DISABLED is true", fix: "unset it" };
const TURNED_OFF: MetadataTrouble = {
  cause: "The metadata service is turned off for this machine",
  fix: "set HttpEndpoint to enabled",
};
const NO_REGION: MetadataTrouble = {
  cause: "It answers with something that is no region",
  fix: "make sure that nothing stands between",
};
const BROKEN_OFF: MetadataTrouble = { cause: "The connection broke off", fix: "try again" };
const NO_LISTENER: MetadataTrouble = {
  cause: "Nothing listens at the metadata service's address",
  fix: "this machine seems not to be an EC2 instance",
};

/** What is asked of the metadata service, in the words of an error. */
interface Need {
  readonly message: string;
  readonly wayOut: string;
}
const CREDENTIALS: Need = {
  message: "The EC2 instance metadata service cannot be used.",
  wayOut: "outside of EC2, give the instance credentials of its own.",
};
const REGION: Need = {
  message: "No region is set, and the EC2 instance metadata service does not tell the machine's.",
  wayOut: "or set the region in the command, in the instance or in AWS_REGION.",
};

/**
 * Reads the instance profile's credentials over IMDSv2, once and without a cache.
 * @throws RolecallError `INSTANCE_PROFILE_MISSING`, `INSTANCE_PROFILE_INVALID` or `IMDS_UNREACHABLE`
 */
export function readInstanceProfile(runtime: Runtime): Promise<AwsCredentialIdentity> {
  return inTime(runtime, CREDENTIALS, readCredentials);
}

async function readCredentials(agent: Agent): Promise<AwsCredentialIdentity> {
  const token = await requestToken(agent).catch((error) => {
    throw unreachable(CREDENTIALS, troubleOf(error), error);
  });
  let set: unknown;
  try {
    const role = await requestMetadata(PROFILE_PATH, token, agent);
    set = JSON.parse(await requestMetadata(PROFILE_PATH + role, token, agent));
  } catch (error) {
    throw explain(error as { name?: string; statusCode?: number });
  }
  return toIdentity(set);
}

function toIdentity(set: unknown): AwsCredentialIdentity {
  const { AccessKeyId, SecretAccessKey, Token, Expiration, AccountId } = (set ?? {}) as Record<string, string>;
  const isText = (value: unknown): value is string => typeof value === "string";
  if (!(isText(AccessKeyId) && isText(SecretAccessKey) && isText(Token) && isText(Expiration))) throw invalidProfile();
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: Token,
    expiration: new Date(Expiration),
    ...(AccountId && { accountId: AccountId }),
  };
}

/**
 * The region that the machine stands in, by IMDSv2.
 * @throws RolecallError `IMDS_UNREACHABLE`
 */
export function readInstanceRegion(runtime: Runtime): Promise<string> {
  return inTime(runtime, REGION, readRegion);
}

async function readRegion(agent: Agent): Promise<string> {
  let region: string;
  try {
    region = await requestMetadata(REGION_PATH, await requestToken(agent), agent);
  } catch (error) {
    throw unreachable(REGION, troubleOf(error), error);
  }
  if (!isRegion(region)) throw unreachable(REGION, NO_REGION, undefined);
  return region;
}

async function requestToken(agent: Agent): Promise<string> {
  return request(TOKEN_PATH, { method: "PUT", headers: { [TOKEN_TTL_HEADER]: "60" }, agent });
}

/** One item of the machine's metadata; without a token as IMDSv1 would give it. Rejects with the SDK's own error. */
export async function requestMetadata(path: string, token?: string, agent = new Agent()): Promise<string> {
  const headers = token === undefined ? {} : { [TOKEN_HEADER]: token };
  return (await request(path, { headers, agent })).trim();
}

/**
 * By an agent of the caller's: Node's global one goes through the environment's proxy with NODE_USE_ENV_PROXY, and the
 * keys in clear with it.
 */
async function request(
  path: string,
  options: { method?: "PUT"; headers: Record<string, string>; agent: Agent },
): Promise<string> {
  const endpoint = await getInstanceMetadataEndpoint();
  const answer = await httpRequest({ ...endpoint, ...options, path, timeout: REQUEST_TIMEOUT });
  return answer.toString();
}

/** The token that every read over IMDSv2 begins with, or why there is none. */
export async function lookForToken(
  runtime: Runtime,
): Promise<{ token: string; trouble?: undefined } | { token?: undefined; trouble: MetadataTrouble }> {
  if (isDisabled(runtime)) return { trouble: NOT_TO_BE_USED };
  try {
    return { token: await inTime(runtime, CREDENTIALS, requestToken) };
  } catch (error) {
    return { trouble: isRolecallError(error) ? NO_ANSWER_IN_TIME : troubleOf(error) };
  }
}

export function isDisabled({ env }: Runtime): boolean {
  return env.AWS_EC2_METADATA_DISABLED?.toLowerCase() === "true";
}

/** One read, over one connection, which ends with it. */
async function inTime<T>(runtime: Runtime, need: Need, read: (agent: Agent) => Promise<T>): Promise<T> {
  if (isDisabled(runtime)) throw unreachable(need, NOT_TO_BE_USED, undefined, false);
  const reason = () => unreachable(need, NO_ANSWER_IN_TIME, undefined);
  const agent = new Agent({ keepAlive: true });
  return withDeadline({ runtime, ms: READ_TIMEOUT, reason }, () => read(agent)).finally(() => agent.destroy());
}

function explain(error: { name?: string; statusCode?: number }): RolecallError {
  if (error.name === "SyntaxError") return invalidProfile(error);
  if (error.statusCode === 404) {
    return new RolecallError("INSTANCE_PROFILE_MISSING", "The metadata service knows no role for this machine.", {
      step: "base-identity",
      retryable: true,
      cause: safeCause(error),
      hint: "Attach an instance profile to the EC2 instance: EC2 console, Actions, Security, Modify IAM role.",
    });
  }
  return unreachable(CREDENTIALS, troubleOf(error), error);
}

function troubleOf(error: unknown): MetadataTrouble {
  const { statusCode, message, code } = (error ?? {}) as { statusCode?: number; message?: string; code?: string };
  if (statusCode === 403) return TURNED_OFF;
  if (statusCode !== undefined) {
    const fix = "make sure that nothing stands between, such as a proxy";
    return { cause: `The metadata service answers with status ${statusCode}`, fix };
  }
  if (message?.startsWith("TimeoutError")) return NO_ANSWER_IN_TIME;
  return code === "ECONNRESET" ? BROKEN_OFF : NO_LISTENER;
}

function unreachable(
  { message, wayOut }: Need,
  trouble: MetadataTrouble,
  cause: unknown,
  retryable = true,
): RolecallError {
  return new RolecallError("IMDS_UNREACHABLE", message, {
    step: "base-identity",
    retryable,
    hint: `${trouble.cause}: ${trouble.fix}; ${wayOut}`,
    ...(cause !== undefined && { cause: safeCause(cause) }),
  });
}

function invalidProfile(cause?: unknown): RolecallError {
  return new RolecallError(
    "INSTANCE_PROFILE_INVALID",
    "The metadata service answers with something that is no credential set.",
    {
      step: "base-identity",
      retryable: true,
      hint: "Look at the role of the instance profile: it may be deleted, or its trust policy may not name ec2.amazonaws.com.",
      ...(cause !== undefined && { cause: safeCause(cause) }),
    },
  );
}
