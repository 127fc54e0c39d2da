import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Not part of the project: AWS publishes it with its SDKs. `ROLECALL_CONFORMANCE_DATA` is a path to another copy. */
const BESIDE_THE_PROJECT = "../shared/conformance/credential-refresh-tests.json";
export const DATA_PATH = process.env.ROLECALL_CONFORMANCE_DATA || BESIDE_THE_PROJECT;

export type Result = "cachedCredentials" | "newCredentials" | "noCredentialsError" | "nonRecoverableError";
export type Response = "freshCredentials" | "staleCredentials" | "error" | "nonRecoverableError";
export type CachedCredentials = "valid" | "advisory" | "mandatory" | "expired" | "none";

export interface GetStep {
  type: "getCredentials";
  /** If absent, the source must not be called. */
  response?: Response;
  lifetimeSeconds?: number;
  expected: { result: Result; sourceContacted: boolean; rateLimited: boolean; advisoryWindowSeconds?: number };
}

export type Step =
  | GetStep
  | { type: "advanceTime"; seconds: number }
  | { type: "invalidate"; rejectedAccessKeyId: string };

export interface Vector {
  documentation: string;
  given: {
    cachedCredentials: CachedCredentials;
    accessKeyId?: string;
    refreshBackoffSeconds?: number;
    configuredAdvisoryWindowSeconds?: number;
  };
  steps: Step[];
}

/** The result of one `getCredentials`. "held off" means that a refresh was due but a backoff prevented the call. */
export interface Observation {
  result: Result;
  source: "asked" | "not asked" | "held off";
  advisoryWindowSeconds?: number;
}

/** The vectors, or none if the file is missing. */
export function readVectors(): Vector[] {
  const path = resolve(PROJECT, DATA_PATH);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Vector[]) : [];
}

/** The documentation up to its first colon or full stop. */
export function titleOf({ documentation }: Vector): string {
  return documentation.split(/[:.] |\.$/)[0] ?? documentation;
}

export function isGetStep(step: Step): step is GetStep {
  return step.type === "getCredentials";
}

/** The specified result of each `getCredentials`. */
export function specifiedFor({ steps }: Vector): Observation[] {
  return steps
    .filter(isGetStep)
    .map(({ expected: { result, sourceContacted, rateLimited, advisoryWindowSeconds } }) => {
      if (sourceContacted && rateLimited)
        throw new Error("A vector expects a source to be asked and held off at once.");
      return {
        result,
        source: sourceContacted ? "asked" : rateLimited ? "held off" : "not asked",
        ...(advisoryWindowSeconds !== undefined && { advisoryWindowSeconds }),
      };
    });
}
