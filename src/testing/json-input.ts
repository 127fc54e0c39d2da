import { isRecord } from "../request/validation.js";
import type { AwsError } from "./aws-error.js";

/** The input of a call to a JSON API. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Creates the error of an API for invalid input. */
type Refuse = (message: string) => AwsError;

/** An empty body is an empty object. */
export function readJson(body: Buffer, refuse: Refuse): JsonObject {
  try {
    const input: unknown = body.length === 0 ? {} : JSON.parse(body.toString());
    if (isRecord(input)) return input;
  } catch {
    // Not JSON: refused like JSON of another type.
  }
  throw refuse("The request body must be a JSON object.");
}

export function readNextToken({ NextToken: token }: JsonObject, refuse: Refuse): string | undefined {
  if (token === undefined || typeof token === "string") return token;
  throw refuse("NextToken must be a string.");
}

export function readMaxResults({ MaxResults: count }: JsonObject, most: number, refuse: Refuse): number | undefined {
  if (count === undefined) return undefined;
  if (typeof count === "number" && Number.isInteger(count) && count >= 1 && count <= most) return count;
  throw refuse(`MaxResults must be a whole number from 1 to ${most}.`);
}
