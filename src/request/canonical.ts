/** A JSON text that does not depend on the order of an object's keys. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const record = value as Record<string, unknown>;
    const entries = Object.keys(record)
      .filter((key) => record[key] !== undefined)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(record[key])}`);
    return `{${entries.join(",")}}`;
  }
  return JSON.stringify(value);
}

/** Changes when the meaning of a key's record does, so that two versions of the library never share a session. */
const KEY_VERSION = 1;

/**
 * What makes one session differ from another, as a hash that is the same in every process. Never published: parts of it,
 * such as an external id of seven digits, can be guessed and then be found by their hash.
 */
export function stableDigest(record: object): string {
  return sha256(canonicalJson({ v: KEY_VERSION, ...record }));
}

export function sha256(text: string): string {
  // Loaded by the first command and not with the library: it takes half as long as all the rest.
  return process.getBuiltinModule("node:crypto").hash("sha256", text, "base64url");
}

let processKey: Buffer | undefined;

/** A hash that may leave the process, in an event or as a cache's key: nobody else can compute it. */
export function publishedHash(text: string): string {
  const { createHmac, randomBytes } = process.getBuiltinModule("node:crypto");
  processKey ??= randomBytes(32);
  return createHmac("sha256", processKey).update(text).digest("base64url");
}
