/** JSON that does not depend on the order of an object's keys. */
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

/** Increase it when the meaning of a record changes, so that incompatible versions never share a session. */
const KEY_VERSION = 1;

/** The same in every process. Never publish it: somebody could guess a short external id from it. */
export function stableDigest(record: object): string {
  return sha256(canonicalJson({ v: KEY_VERSION, ...record }));
}

export function sha256(text: string): string {
  // Loaded at the first command, because it would increase the library's load time by half.
  return process.getBuiltinModule("node:crypto").hash("sha256", text, "base64url");
}

let processSecret: string | undefined;

/** A hash that is safe to publish in an event or as a cache key: only this process has the secret that keys it. */
export function publishedHash(text: string): string {
  processSecret ??= process.getBuiltinModule("node:crypto").randomBytes(32).toString("base64url");
  return sha256(`${processSecret} ${text}`);
}
