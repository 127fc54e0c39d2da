import { withDeadline } from "../abort.js";
import { isRolecallError, RolecallError } from "../errors.js";
import { ACCESS_KEY_ID } from "../request/limits.js";
import { assertOnThisMachine } from "../request/plain-http.js";
import { isRegion } from "../request/regions.js";
import type { Runtime } from "../runtime.js";
import type { AwsCredentialIdentity } from "../sdk-types.js";
import {
  diagnoseError,
  MetadataError,
  MetadataRead,
  NO_ANSWER_IN_TIME,
  TOO_LARGE,
  withAddress,
} from "./imds-request.js";
import { type MetadataProblem, metadataAddress } from "./metadata-endpoint.js";
import { safeCause } from "./safe-cause.js";
import { hintForUncaughtCall } from "./test-run.js";
import { noteUnusedIdentities, withNote } from "./unused-environment.js";

export { isStsLoaded } from "../sdk/imds.js";
export { NO_ANSWER_IN_TIME, REFUSED, withAddress } from "./imds-request.js";
export type { MetadataProblem } from "./metadata-endpoint.js";
export { isTestRun } from "./test-run.js";

const TOKEN_PATH = "/latest/api/token";
const TOKEN_TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN_HEADER = "x-aws-ec2-metadata-token";
const PROFILE_PATH = "/latest/meta-data/iam/security-credentials/";
const REGION_PATH = "/latest/meta-data/placement/region";
/** Milliseconds for a whole read: an answer that trickles is never silent for long enough. */
const READ_TIMEOUT = 5000;

/** Fit to be a header's value. */
const TOKEN = /^[!-~]+$/;
const ROLE_NAME = /^[\w+=,.@-]{1,64}$/;
const CODE = /^[\w.:-]{1,64}$/;

const NOT_TO_BE_USED: MetadataProblem = {
  cause: "AWS_EC2_METADATA_DISABLED is true",
  fix: "unset it",
  permanent: true,
};
const NO_REGION: MetadataProblem = {
  cause: "It answers with something that is no region",
  fix: "make sure that nothing stands between",
};
const NO_TOKEN: MetadataProblem = {
  cause: "It answers with something that is no token",
  fix: "make sure that nothing stands between, such as a proxy",
};

/** What is asked of the metadata service, in the words of an error. */
interface Need {
  readonly message: string;
  readonly wayOut: string;
  /** A sentence that ends the hint. */
  readonly note?: string | undefined;
}
const CREDENTIALS: Need = {
  message: "The EC2 instance metadata service cannot be used.",
  get wayOut() {
    return hintForUncaughtCall() ?? "outside of EC2, give the instance credentials of its own.";
  },
};

const REGION: Need = {
  message: "No region is set, and the EC2 instance metadata service does not tell the machine's.",
  wayOut: "or set the region in the command, in the instance or in AWS_REGION.",
};

/**
 * Reads the instance profile's credentials over IMDSv2, once and without a cache.
 * @param plainHttp whether another machine may be asked over plain http
 * @throws RolecallError `INSTANCE_PROFILE_MISSING`, `INSTANCE_PROFILE_INVALID`, `IMDS_UNREACHABLE`, or `INVALID_REQUEST`
 * for a metadata service that would send the keys through a network in clear
 */
export function readInstanceProfile(
  runtime: Runtime,
  plainHttp: boolean,
  signal?: AbortSignal,
): Promise<AwsCredentialIdentity> {
  const need = { ...CREDENTIALS, note: noteUnusedIdentities(runtime.env) };
  return inTime(
    runtime,
    need,
    async (read) => {
      // What is no address at all is reported by the request that fails on it.
      const address = plainHttp ? undefined : await metadataAddress();
      if (address) assertOnThisMachine(address);
      return readCredentials(read, need);
    },
    signal,
  );
}

async function readCredentials(read: MetadataRead, need: Need): Promise<AwsCredentialIdentity> {
  const token = await requestToken(read).catch((error) => {
    throw unreachable(need, diagnoseError(error), error);
  });
  const readItem = (path: string) =>
    requestItem(path, token, read).catch((error) => {
      throw explain(error, need);
    });
  const role = await readItem(PROFILE_PATH);
  if (!ROLE_NAME.test(role)) throw invalidProfile();
  return toIdentity(parse(await readItem(PROFILE_PATH + role)));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidProfile(NO_CREDENTIAL_SET, error);
  }
}

function toIdentity(set: unknown): AwsCredentialIdentity {
  const { Code, AccessKeyId, SecretAccessKey, Token, Expiration, AccountId } = (set ?? {}) as Record<string, unknown>;
  if (Code !== undefined && Code !== "Success") throw invalidProfile(whyRefused(Code));
  const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
  const isComplete = isText(AccessKeyId) && isText(SecretAccessKey) && isText(Token) && isText(Expiration);
  if (!isComplete || !ACCESS_KEY_ID.test(AccessKeyId)) throw invalidProfile();
  if (AccountId !== undefined && !/^\d{12}$/.test(String(AccountId))) throw invalidProfile();
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: Token,
    expiration: new Date(Expiration),
    ...(AccountId !== undefined && { accountId: String(AccountId) }),
  };
}

/** EC2 gives the reason in place of the keys, such as `AssumeRoleUnauthorizedAccess`. */
function whyRefused(code: unknown): string {
  const named = typeof code === "string" && CODE.test(code) ? `the Code ${code}` : "a Code other than Success";
  return `Look at the role of the instance profile, since the answer has ${named}: the role may be deleted, or its trust policy may not name ec2.amazonaws.com.`;
}

/**
 * The region that the machine stands in, by IMDSv2.
 * @throws RolecallError `IMDS_UNREACHABLE`
 */
export function readInstanceRegion(runtime: Runtime, signal?: AbortSignal): Promise<string> {
  return inTime(runtime, REGION, readRegion, signal);
}

async function readRegion(read: MetadataRead): Promise<string> {
  let region: string;
  try {
    region = await requestItem(REGION_PATH, await requestToken(read), read);
  } catch (error) {
    throw unreachable(REGION, diagnoseError(error), error);
  }
  if (!isRegion(region)) throw unreachable(REGION, NO_REGION, undefined);
  return region;
}

async function requestToken(read: MetadataRead): Promise<string> {
  const token = await read.request({
    method: "PUT",
    path: TOKEN_PATH,
    headers: { [TOKEN_TTL_HEADER]: "60" },
  });
  if (!TOKEN.test(token)) throw new MetadataError(NO_TOKEN);
  return token;
}

function requestItem(path: string, token: string | undefined, read: MetadataRead): Promise<string> {
  return read.request({ path, ...(token !== undefined && { headers: { [TOKEN_HEADER]: token } }) });
}

/**
 * One item of the machine's metadata; without a token as IMDSv1 would give it. Rejects with a {@link MetadataError},
 * Node's own error of the connection, or `IMDS_UNREACHABLE` if the answer does not end in time.
 */
export function readMetadataItem(runtime: Runtime, path: string, token?: string): Promise<string> {
  return inTime(runtime, CREDENTIALS, (read) => requestItem(path, token, read));
}

/** The token that every read over IMDSv2 begins with, or why there is none. */
export async function lookForToken(
  runtime: Runtime,
): Promise<{ token: string; trouble?: undefined } | { token?: undefined; trouble: MetadataProblem }> {
  if (isDisabled(runtime)) return { trouble: NOT_TO_BE_USED };
  try {
    return { token: await inTime(runtime, CREDENTIALS, requestToken) };
  } catch (error) {
    return { trouble: isRolecallError(error) ? NO_ANSWER_IN_TIME : diagnoseError(error) };
  }
}

export function isDisabled({ env }: Runtime): boolean {
  return env.AWS_EC2_METADATA_DISABLED?.toLowerCase() === "true";
}

/** One read within its time limit, or until `signal` aborts. */
async function inTime<T>(
  runtime: Runtime,
  need: Need,
  read: (from: MetadataRead) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  if (isDisabled(runtime)) throw unreachable(need, NOT_TO_BE_USED, undefined);
  const reason = () => unreachable(need, NO_ANSWER_IN_TIME, undefined);
  return withDeadline({ runtime, ms: READ_TIMEOUT, reason, ...(signal && { signal }) }, async (either) => {
    const from = new MetadataRead(runtime, either);
    return read(from).finally(() => from.end());
  });
}

const ATTACH = "Attach an instance profile to the EC2 instance: EC2 console, Actions, Security, Modify IAM role.";

function explain(error: unknown, need: Need): RolecallError {
  if (error instanceof MetadataError && error.statusCode === 404) {
    return new RolecallError("INSTANCE_PROFILE_MISSING", "The metadata service knows no role for this machine.", {
      step: "base-identity",
      retryable: true,
      cause: safeCause(error),
      hint: withNote(ATTACH, need.note),
    });
  }
  const trouble = diagnoseError(error);
  if (trouble === TOO_LARGE) return invalidProfile(`${trouble.cause}: ${trouble.fix}.`, error);
  return unreachable(need, trouble, error);
}

function unreachable({ message, wayOut, note }: Need, trouble: MetadataProblem, cause: unknown): RolecallError {
  const { cause: why, fix, permanent = false } = withAddress(trouble);
  return new RolecallError("IMDS_UNREACHABLE", message, {
    step: "base-identity",
    retryable: !permanent,
    hint: withNote(`${why}: ${fix}; ${wayOut}`, note),
    ...(cause !== undefined && { cause: safeCause(cause) }),
  });
}

const NO_CREDENTIAL_SET =
  "Look at the role of the instance profile: it may be deleted, or its trust policy may not name ec2.amazonaws.com.";

function invalidProfile(hint = NO_CREDENTIAL_SET, cause?: unknown): RolecallError {
  return new RolecallError(
    "INSTANCE_PROFILE_INVALID",
    "The metadata service answers with something that is no credential set.",
    { step: "base-identity", retryable: true, hint, ...(cause !== undefined && { cause: safeCause(cause) }) },
  );
}
