import { isRolecallError } from "../../errors.js";
import { foreignText } from "../../foreign-text.js";
import type { Runtime } from "../../runtime.js";
import { NO_ANSWER_IN_TIME, REFUSED, withAddress } from "../../sources/imds-request.js";
import { lookForToken, readMetadataItem } from "../../sources/instance-profile.js";
import type { Metadata, Outcome } from "./observations.js";

const PROFILE_PATH = "/latest/meta-data/iam/info";
const ANY_PATH = "/latest/meta-data/instance-id";

/** Queries the instance metadata service with and without a token, in parallel so that a timeout is waited for once. */
export async function lookAtMetadata(runtime: Runtime): Promise<Metadata> {
  const [{ token, problem: seen }, statusWithoutToken] = await Promise.all([
    lookForToken(runtime),
    readStatus(readMetadataItem(runtime, ANY_PATH)),
  ]);
  const problem = seen && withAddress(seen);
  return {
    problem,
    isSilent: seen === NO_ANSWER_IN_TIME,
    isRefused: seen === REFUSED,
    isAddressProblem: problem !== seen,
    statusWithoutToken,
    instanceProfileArn: token === undefined ? undefined : await profileArn(runtime, token),
  };
}

/** Turns an error of this library into a value. Rethrows any other error. */
export async function toOutcome<T>(promise: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await promise };
  } catch (error) {
    if (isRolecallError(error)) return { error };
    throw error;
  }
}

async function readStatus(answer: Promise<string>): Promise<number | undefined> {
  try {
    await answer;
    return 200;
  } catch (error) {
    return (error as { statusCode?: number }).statusCode;
  }
}

async function profileArn(runtime: Runtime, token: string): Promise<string | undefined> {
  try {
    const { InstanceProfileArn } = JSON.parse(await readMetadataItem(runtime, PROFILE_PATH, token));
    return foreignText(InstanceProfileArn) || undefined;
  } catch {
    return undefined;
  }
}
