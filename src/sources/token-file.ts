import { RolecallError } from "../errors.js";
import { AUTHORIZATION } from "../request/container-endpoint.js";
import { quoted } from "../request/validation.js";
import { readRegularFile } from "../store/file-gate.js";
import { isSystemErrorCode, safeCause } from "./safe-cause.js";

/** Bytes. STS accepts a token of at most 20,000 characters. */
const LARGEST_TOKEN = 20_000;

/**
 * Reads a token from its file, which the platform replaces before the token expires.
 * @param from the setting or variable that names the file
 * @throws RolecallError `BASE_IDENTITY_UNAVAILABLE`, which quotes nothing from the file
 */
export async function readTokenFile(path: string, from: string): Promise<string> {
  const found = await readRegularFile(path, LARGEST_TOKEN, { followLinks: true }).catch((error) => {
    const code = (error as { code?: unknown }).code;
    throw unusableFile(path, from, isSystemErrorCode(code) ? `can't be read: ${code}` : "can't be read", error);
  });
  if (typeof found === "string") throw unusableFile(path, from, found);
  const token = found.bytes.toString();
  if (token === "") throw unusableFile(path, from, "is empty");
  if (/[\r\n]/.test(token)) throw unusableFile(path, from, "contains a line break, which is not valid in a token");
  if (!AUTHORIZATION.test(token)) throw unusableFile(path, from, "contains something other than a token");
  return token;
}

function unusableFile(path: string, from: string, what: string, cause?: unknown): RolecallError {
  return new RolecallError("BASE_IDENTITY_UNAVAILABLE", `The token file ${quoted(path)} (${from}) ${what}.`, {
    step: "base-identity",
    retryable: true,
    hint: "Check the volume that the platform mounts there. The library never falls back to another identity.",
    ...(cause !== undefined && { cause: safeCause(cause) }),
  });
}
