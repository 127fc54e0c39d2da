import { foreignText } from "../../foreign-text.js";
import type { Runtime } from "../../runtime.js";
import { withAddress } from "../../sources/imds-request.js";
import { lookForToken, readMetadataItem } from "../../sources/instance-profile.js";
import type { Metadata } from "./observations.js";

const PROFILE_PATH = "/latest/meta-data/iam/info";
const ANY_PATH = "/latest/meta-data/instance-id";

/** Queries the instance metadata service with and without a token, in parallel, so that timeouts do not add up. */
export async function lookAtMetadata(runtime: Runtime): Promise<Metadata> {
  const [{ token, problem: rawProblem }, statusWithoutToken] = await Promise.all([
    lookForToken(runtime),
    readStatus(readMetadataItem(runtime, ANY_PATH)),
  ]);
  const instanceProfileArn = token === undefined ? undefined : await readProfileArn(runtime, token);
  return { problem: rawProblem && withAddress(rawProblem), rawProblem, statusWithoutToken, instanceProfileArn };
}

async function readStatus(answer: Promise<string>): Promise<number | undefined> {
  try {
    await answer;
    return 200;
  } catch (error) {
    return (error as { statusCode?: number }).statusCode;
  }
}

async function readProfileArn(runtime: Runtime, token: string): Promise<string | undefined> {
  try {
    const { InstanceProfileArn } = JSON.parse(await readMetadataItem(runtime, PROFILE_PATH, token));
    return foreignText(InstanceProfileArn) || undefined;
  } catch {
    return undefined;
  }
}
