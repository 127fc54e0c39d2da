import { withDeadline } from "../abort.js";
import { isRolecallError, RolecallError } from "../errors.js";
import { assertOnThisMachine } from "../request/plain-http.js";
import { isRegion } from "../request/regions.js";
import type { Runtime } from "../runtime.js";
import type { AwsCredentialIdentity } from "../sdk-types.js";
import {
  CHECK_PROXY,
  diagnoseError,
  MetadataError,
  NO_ANSWER_IN_TIME,
  type RequestMetadata,
  readMetadata,
  TOO_LARGE,
  withAddress,
} from "./imds-request.js";
import { type MetadataProblem, metadataAddress } from "./metadata-endpoint.js";
import { safeCause } from "./safe-cause.js";
import { type CredentialSet, parseCredentialSet, readCredentialSet, type SourceIdentity } from "./source-identity.js";
import { hintForUncaughtCall } from "./test-run.js";
import { noteUnusedIdentities, withNote } from "./unused-environment.js";

const TOKEN_PATH = "/latest/api/token";
const TOKEN_TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN_HEADER = "x-aws-ec2-metadata-token";
const PROFILE_PATH = "/latest/meta-data/iam/security-credentials/";
const REGION_PATH = "/latest/meta-data/placement/region";
/** Milliseconds for a whole read, because a response that trickles in never triggers the timeout for silence. */
const READ_TIMEOUT = 5000;

/** A valid header value. */
const TOKEN = /^[!-~]+$/;
const ROLE_NAME = /^[\w+=,.@-]{1,64}$/;
const CODE = /^[\w.:-]{1,64}$/;

const DISABLED: MetadataProblem = { cause: "AWS_EC2_METADATA_DISABLED is true", fix: "unset it", permanent: true };
const NO_REGION: MetadataProblem = { cause: "The response is not a region", fix: CHECK_PROXY };
const NO_TOKEN: MetadataProblem = { cause: "The response is not a token", fix: CHECK_PROXY };

/** Something that the library needs from the metadata service, and the error's text if it is missing. */
interface Need {
  readonly message: string;
  /** What to do if the metadata service can't be fixed. */
  readonly otherwise: string;
}
const CREDENTIALS: Need = {
  message: "Can't read credentials from the EC2 instance metadata service.",
  get otherwise() {
    return hintForUncaughtCall() ?? "outside EC2, set instance.credentials.";
  },
};
const REGION: Need = {
  message: "No region is set, and the machine's region can't be read from the EC2 instance metadata service.",
  otherwise: "or set the region in the command, in the instance, or in AWS_REGION.",
};

/**
 * Reads the instance profile's credentials over IMDSv2, without a cache.
 * @param plainHttp whether a metadata service on another machine is allowed
 * @throws RolecallError `INSTANCE_PROFILE_MISSING`, `INSTANCE_PROFILE_INVALID`, `IMDS_UNREACHABLE`, or `INVALID_REQUEST`
 * for a metadata service that would send the keys in plain text over a network
 */
export async function readInstanceProfile(
  runtime: Runtime,
  plainHttp: boolean,
  signal?: AbortSignal,
): Promise<SourceIdentity> {
  const read = async (request: RequestMetadata) => {
    // Without a valid address, the request itself fails with an error that explains it.
    const address = plainHttp ? undefined : await metadataAddress();
    if (address) assertOnThisMachine(address);
    const token = await requestToken(request);
    try {
      return await requestSet(request, token);
    } catch (error) {
      throw (await explainMissingProfile(error, runtime)) ?? error;
    }
  };
  return readWithinDeadline(runtime, read, signal).catch(async (error) => {
    if (signal?.aborted) throw signal.reason;
    throw isRolecallError(error) ? error : unreachable(CREDENTIALS, error, await noteUnusedIdentities(runtime.env));
  });
}

/** If the machine's role changes between the two requests, the listed role no longer has credentials. */
async function requestSet(request: RequestMetadata, token: string): Promise<SourceIdentity> {
  const role = await requestRole(request, token);
  try {
    return await requestSetOf(role, request, token);
  } catch (error) {
    const current = isNotFound(error) ? await requestRole(request, token) : role;
    if (current === role) throw error;
    return requestSetOf(current, request, token);
  }
}

async function requestRole(request: RequestMetadata, token: string): Promise<string> {
  const role = await requestItem(request, PROFILE_PATH, token);
  if (!ROLE_NAME.test(role)) throw invalidProfile();
  return role;
}

async function requestSetOf(role: string, request: RequestMetadata, token: string): Promise<SourceIdentity> {
  return { credentials: parseCredentials(await requestItem(request, PROFILE_PATH + role, token)), identity: role };
}

function isNotFound(error: unknown): error is MetadataError {
  return error instanceof MetadataError && error.statusCode === 404;
}

function parseCredentials(text: string): AwsCredentialIdentity {
  let set: CredentialSet;
  try {
    set = parseCredentialSet(text);
  } catch (error) {
    throw invalidProfile(NO_CREDENTIAL_SET, error);
  }
  const { Code } = set;
  if (Code !== undefined && Code !== "Success") throw invalidProfile(hintForCode(Code));
  const credentials = readCredentialSet(set);
  if (!credentials) throw invalidProfile();
  return credentials;
}

/** If EC2 can't assume the role, it returns a code such as `AssumeRoleUnauthorizedAccess` instead of keys. */
function hintForCode(code: unknown): string {
  const named = typeof code === "string" && CODE.test(code) ? `the Code ${code}` : "a Code other than Success";
  return `Check the instance profile's role, because the response has ${named}: the role may have been deleted, or its trust policy may not allow ec2.amazonaws.com.`;
}

/**
 * Reads the machine's region over IMDSv2.
 * @throws RolecallError `IMDS_UNREACHABLE`
 */
export async function readInstanceRegion(runtime: Runtime, signal?: AbortSignal): Promise<string> {
  const read = async (request: RequestMetadata) => {
    const region = await requestItem(request, REGION_PATH, await requestToken(request));
    if (!isRegion(region)) throw new MetadataError(NO_REGION);
    return region;
  };
  return readWithinDeadline(runtime, read, signal).catch((error) => {
    throw signal?.aborted ? signal.reason : unreachable(REGION, error);
  });
}

async function requestToken(request: RequestMetadata): Promise<string> {
  const token = await request({ method: "PUT", path: TOKEN_PATH, headers: { [TOKEN_TTL_HEADER]: "60" } });
  if (!TOKEN.test(token)) throw new MetadataError(NO_TOKEN);
  return token;
}

function requestItem(request: RequestMetadata, path: string, token?: string): Promise<string> {
  return request({ path, ...(token !== undefined && { headers: { [TOKEN_HEADER]: token } }) });
}

/**
 * Reads one metadata item; without a token, over IMDSv1. Rejects with a {@link MetadataError} or Node's connection
 * error.
 */
export function readMetadataItem(runtime: Runtime, path: string, token?: string): Promise<string> {
  return readWithinDeadline(runtime, (request) => requestItem(request, path, token));
}

/** Requests an IMDSv2 token, or returns why there is none. */
export async function lookForToken(
  runtime: Runtime,
): Promise<{ token: string; problem?: undefined } | { token?: undefined; problem: MetadataProblem }> {
  try {
    return { token: await readWithinDeadline(runtime, requestToken) };
  } catch (error) {
    return { problem: diagnoseError(error) };
  }
}

/** Cancels the read at its deadline, or when `signal` aborts. */
async function readWithinDeadline<T>(
  runtime: Runtime,
  read: (request: RequestMetadata) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  if (runtime.env.AWS_EC2_METADATA_DISABLED?.toLowerCase() === "true") throw new MetadataError(DISABLED);
  const reason = () => new MetadataError(NO_ANSWER_IN_TIME);
  const deadline = { runtime, ms: READ_TIMEOUT, reason, ...(signal && { signal }) };
  return withDeadline(deadline, (either) => readMetadata(runtime, either, read));
}

/** `undefined` if the error is not about the profile itself. */
async function explainMissingProfile(error: unknown, { env }: Runtime): Promise<RolecallError | undefined> {
  if (!(error instanceof MetadataError)) return undefined;
  if (error.problem === TOO_LARGE) return invalidProfile(`${TOO_LARGE.cause}: ${TOO_LARGE.fix}.`, error);
  if (!isNotFound(error)) return undefined;
  const hint = "Attach an instance profile to the EC2 instance: EC2 console, Actions, Security, Modify IAM role.";
  return new RolecallError("INSTANCE_PROFILE_MISSING", "No IAM role is attached to this instance.", {
    step: "base-identity",
    retryable: true,
    cause: safeCause(error),
    hint: withNote(hint, await noteUnusedIdentities(env)),
  });
}

function unreachable({ message, otherwise }: Need, error: unknown, note?: string): RolecallError {
  if (isRolecallError(error)) return error;
  const { cause, fix, permanent = false } = withAddress(diagnoseError(error));
  return new RolecallError("IMDS_UNREACHABLE", message, {
    step: "base-identity",
    retryable: !permanent,
    hint: withNote(`${cause}: ${fix}; ${otherwise}`, note),
    cause: safeCause(error),
  });
}

const NO_CREDENTIAL_SET =
  "Check the instance profile's role: it may have been deleted, or its trust policy may not allow ec2.amazonaws.com.";

function invalidProfile(hint = NO_CREDENTIAL_SET, cause?: unknown): RolecallError {
  return new RolecallError(
    "INSTANCE_PROFILE_INVALID",
    "The metadata service returned something other than credentials.",
    { step: "base-identity", retryable: true, hint, ...(cause !== undefined && { cause: safeCause(cause) }) },
  );
}
