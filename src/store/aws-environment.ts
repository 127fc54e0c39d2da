import { devNull, homedir } from "node:os";
import { join } from "node:path";
import { once } from "../once.js";
import { throughFileGate } from "./file-gate.js";
import { readRegularFile } from "./regular-file.js";

type Env = Record<string, string | undefined>;

/**
 * The environment variables that change which endpoint a call to STS or the metadata service reaches, or whose
 * certificate it accepts. A test checks the list against the SDK's source. `NODE_TLS_REJECT_UNAUTHORIZED` is not in the
 * list because the session key includes it.
 */
export const ENDPOINT_VARIABLES = [
  "AWS_PROFILE",
  "AWS_CONFIG_FILE",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_ENDPOINT_URL",
  "AWS_ENDPOINT_URL_STS",
  "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
  "AWS_USE_FIPS_ENDPOINT",
  "AWS_USE_DUALSTACK_ENDPOINT",
  "AWS_EC2_METADATA_DISABLED",
  "AWS_EC2_METADATA_SERVICE_ENDPOINT",
  "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
  "AWS_EC2_METADATA_V1_DISABLED",
  "NODE_EXTRA_CA_CERTS",
  "NODE_USE_SYSTEM_CA",
  "SSL_CERT_DIR",
  "SSL_CERT_FILE",
] as const;

/** In bytes. Larger configuration files are not read. */
const LARGEST_FILE = 1_048_576;

type FileHashes = Map<string, () => Promise<string | undefined>>;

/** By path. Each file is read once per process, because SDK clients never see later changes either. */
const HASHES: FileHashes = new Map();

/**
 * The part of the environment that decides which AWS endpoints are used: variables by value, and the SDK's two
 * configuration files by hash, since both may set options such as `endpoint_url`.
 */
export class AwsEnvironment {
  readonly #env: Env;
  readonly #hashes: FileHashes;

  constructor(env: Env, hashes: FileHashes = HASHES) {
    this.#env = env;
    this.#hashes = hashes;
  }

  async parts(): Promise<Env> {
    const { AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE } = this.#env;
    const variables = ENDPOINT_VARIABLES.map((name) => [name, this.#env[name] || undefined]);
    return {
      ...Object.fromEntries(variables),
      configFile: await this.#hash(AWS_CONFIG_FILE, "config"),
      credentialsFile: await this.#hash(AWS_SHARED_CREDENTIALS_FILE, "credentials"),
    };
  }

  #hash(path: string | undefined, name: string): Promise<string | undefined> {
    const home = findHome(this.#env);
    const file = !path ? join(home, ".aws", name) : path.startsWith("~/") ? join(home, path.slice(2)) : path;
    const hash = this.#hashes.get(file) ?? once(() => hashFile(file));
    this.#hashes.set(file, hash);
    return hash();
  }
}

/**
 * `undefined` if the file is missing or unreadable, in which case the SDK cannot use it either.
 * @throws StoreError if the file system does not respond
 */
async function hashFile(path: string): Promise<string | undefined> {
  if (path === devNull) return undefined;
  const { hash, randomUUID } = process.getBuiltinModule("node:crypto");
  const contents = await throughFileGate(() =>
    readRegularFile(path, LARGEST_FILE, { followLinks: true }).catch(() => undefined),
  );
  if (contents === undefined) return undefined;
  // Pipes are left for the SDK to read. A random value makes the key unique, so nothing is shared if contents are
  // unknown.
  return typeof contents === "string" ? randomUUID() : hash("sha256", contents.bytes, "base64url");
}

/** Finds the home directory the way the SDK does. */
function findHome({ HOME, USERPROFILE, HOMEPATH, HOMEDRIVE = "C:\\" }: Env): string {
  return HOME || USERPROFILE || (HOMEPATH ? `${HOMEDRIVE}${HOMEPATH}` : homedir());
}
