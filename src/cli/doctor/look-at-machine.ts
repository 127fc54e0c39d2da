import { isRolecallError } from "../../errors.js";
import { foreignText } from "../../foreign-text.js";
import type { Runtime } from "../../runtime.js";
import {
  isDisabled,
  lookForToken,
  NO_ANSWER_IN_TIME,
  REFUSED,
  readMetadataItem,
  withAddress,
} from "../../sources/instance-profile.js";
import type { Metadata, Outcome } from "./observations.js";

const PROFILE_PATH = "/latest/meta-data/iam/info";
const ANY_PATH = "/latest/meta-data/instance-id";

/** Asks the instance metadata service, with a token and without: within the time of one read if it is silent. */
export async function lookAtMetadata(runtime: Runtime): Promise<Metadata> {
  const [{ token, problem: seen }, statusWithoutToken] = await Promise.all([
    lookForToken(runtime),
    isDisabled(runtime) ? undefined : statusOf(readMetadataItem(runtime, ANY_PATH)),
  ]);
  const problem = seen && withAddress(seen);
  return {
    problem,
    isSilent: seen === NO_ANSWER_IN_TIME,
    isRefused: seen === REFUSED,
    isOfAddress: problem !== seen,
    statusWithoutToken,
    instanceProfileArn: token === undefined ? undefined : await profileArn(runtime, token),
  };
}

/** The error of this library that a promise ends with, as a value. Others are nobody's expectation. */
export async function outcomeOf<T>(promise: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await promise };
  } catch (error) {
    if (isRolecallError(error)) return { error };
    throw error;
  }
}

async function statusOf(answer: Promise<string>): Promise<number | undefined> {
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
