import { withDeadline } from "../abort.js";
import { RolecallError } from "../errors.js";
import { isRegion } from "../request/regions.js";
import type { Runtime } from "../runtime.js";
import { fromInstanceMetadata, getInstanceMetadataEndpoint, httpRequest } from "../sdk/imds.js";
import type { AwsCredentialIdentity } from "../sdk-types.js";
import { safeCause } from "./safe-cause.js";

export { isStsLoaded } from "../sdk/imds.js";

const TOKEN_PATH = "/latest/api/token";
const TOKEN_TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN_HEADER = "x-aws-ec2-metadata-token";
const REGION_PATH = "/latest/meta-data/placement/region";
/** Milliseconds of silence after which one request to the metadata service is given up: the SDK's own number. */
const REQUEST_TIMEOUT = 1000;
/** Milliseconds for a whole read: an answer that breaks off, or that trickles, is never silent for long enough. */
const READ_TIMEOUT = 5000;

const NO_ANSWER_IN_TIME = "Nothing answers in time. In a container, raise HttpPutResponseHopLimit to 2;";

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

const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/**
 * Reads the instance profile's credentials over IMDSv2, once and without a cache.
 *
 * Each read makes a provider of its own: one that is kept falls back to IMDSv1 for ever after a single 403, 404 or 405
 * on the token. A set that has expired by the machine's clock it gives a new expiration: the one that AWS gave is
 * put back, for the caller knows AWS's time better.
 * @throws RolecallError `INSTANCE_PROFILE_MISSING`, `INSTANCE_PROFILE_INVALID` or `IMDS_UNREACHABLE`
 */
export function readInstanceProfile(runtime: Runtime): Promise<AwsCredentialIdentity> {
  return inTime(runtime, CREDENTIALS, readCredentials);
}

async function readCredentials(): Promise<AwsCredentialIdentity> {
  const read = fromInstanceMetadata({
    ec2MetadataV1Disabled: true,
    maxRetries: 0,
    timeout: REQUEST_TIMEOUT,
    logger: SILENT,
  });
  const identity = await read().catch(async (error) => {
    throw await explain(error);
  });
  const { originalExpiration } = identity as { originalExpiration?: Date };
  return originalExpiration ? { ...identity, expiration: originalExpiration } : identity;
}

/**
 * The region that the machine stands in, by IMDSv2.
 * @throws RolecallError `IMDS_UNREACHABLE`
 */
export function readInstanceRegion(runtime: Runtime): Promise<string> {
  return inTime(runtime, REGION, readRegion);
}

async function readRegion(): Promise<string> {
  let region: string;
  try {
    const token = await requestToken();
    const endpoint = await getInstanceMetadataEndpoint();
    const headers = { [TOKEN_HEADER]: token };
    const answer = await httpRequest({ ...endpoint, path: REGION_PATH, headers, timeout: REQUEST_TIMEOUT });
    region = answer.toString().trim();
  } catch (error) {
    throw unreachable(REGION, whyNoToken(error), error);
  }
  if (!isRegion(region))
    throw unreachable(
      REGION,
      "It answers with something that is no region: make sure that nothing stands between;",
      undefined,
    );
  return region;
}

async function requestToken(): Promise<string> {
  const endpoint = await getInstanceMetadataEndpoint();
  const headers = { [TOKEN_TTL_HEADER]: "60" };
  return (
    await httpRequest({ ...endpoint, path: TOKEN_PATH, method: "PUT", headers, timeout: REQUEST_TIMEOUT })
  ).toString();
}

async function inTime<T>(runtime: Runtime, need: Need, read: () => Promise<T>): Promise<T> {
  if (runtime.env.AWS_EC2_METADATA_DISABLED?.toLowerCase() === "true") {
    throw unreachable(need, "AWS_EC2_METADATA_DISABLED is true: unset it;", undefined, false);
  }
  const reason = () => unreachable(need, NO_ANSWER_IN_TIME, undefined);
  return withDeadline({ runtime, ms: READ_TIMEOUT, reason }, read);
}

async function explain(error: { name?: string; statusCode?: number }): Promise<RolecallError> {
  if (error.name === "InstanceMetadataV1FallbackError") return explainMissingToken();
  if (error.name === "SyntaxError" || error.name === "CredentialsProviderError") {
    return invalidProfile(error);
  }
  if (error.statusCode === 404) {
    return new RolecallError("INSTANCE_PROFILE_MISSING", "The metadata service knows no role for this machine.", {
      step: "base-identity",
      retryable: true,
      cause: safeCause(error),
      hint: "Attach an instance profile to the EC2 instance: EC2 console, Actions, Security, Modify IAM role.",
    });
  }
  return unreachable(CREDENTIALS, whyNoToken(error), error);
}

/** Every failure on the token looks alike from the provider: one more request finds out which it is. */
async function explainMissingToken(): Promise<RolecallError> {
  try {
    await requestToken();
  } catch (error) {
    return unreachable(CREDENTIALS, whyNoToken(error), error);
  }
  return unreachable(CREDENTIALS, "It gave no token, and a moment later it did: try again;", undefined);
}

function whyNoToken(error: unknown): string {
  const { statusCode, message, code } = (error ?? {}) as { statusCode?: number; message?: string; code?: string };
  if (statusCode === 403) return "The metadata service is turned off for this machine: set HttpEndpoint to enabled;";
  if (statusCode !== undefined)
    return `It answers with status ${statusCode}: make sure that nothing stands between, such as a proxy;`;
  if (message?.startsWith("TimeoutError")) {
    return NO_ANSWER_IN_TIME;
  }
  if (code === "ECONNRESET") return "The connection broke off: try again;";
  return "Nothing listens there: this machine seems not to be an EC2 instance;";
}

function unreachable({ message, wayOut }: Need, hint: string, cause: unknown, retryable = true): RolecallError {
  return new RolecallError("IMDS_UNREACHABLE", message, {
    step: "base-identity",
    retryable,
    hint: `${hint} ${wayOut}`,
    ...(cause !== undefined && { cause: safeCause(cause) }),
  });
}

function invalidProfile(cause: unknown): RolecallError {
  return new RolecallError(
    "INSTANCE_PROFILE_INVALID",
    "The metadata service answers with something that is no credential set.",
    {
      step: "base-identity",
      retryable: true,
      hint: "Look at the role of the instance profile: it may be deleted, or its trust policy may not name ec2.amazonaws.com.",
      cause: safeCause(cause),
    },
  );
}
