import { devNull, homedir } from "node:os";
import { join } from "node:path";
import { once } from "../once.js";
import { throughFileGate } from "./file-gate.js";
import { readRegularFile } from "./regular-file.js";

type Env = Record<string, string | undefined>;

/**
 * The variables that change whom a call to STS or to the metadata service reaches, or who may answer in its place.
 * `test/store/aws-environment.test.ts` holds the list against the SDK's source. `NODE_TLS_REJECT_UNAUTHORIZED` is part
 * of the session's own key.
 */
export const ASKED_BY = [
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

/** Bytes. A longer configuration file is not read. */
const LARGEST_FILE = 1_048_576;

type FileHashes = Map<string, () => Promise<string | undefined>>;

/** By path. Each file is read once in a process, as by the SDK: its clients never see a later change. */
const HASHES: FileHashes = new Map();

/**
 * What tells one AWS from another in the environment: variables by value, the SDK's two configuration files by hash.
 * Both may hold `endpoint_url` and its like.
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
    const variables = ASKED_BY.map((name) => [name, this.#env[name] || undefined]);
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
 * `undefined` for a file that says nothing: it is missing, or the SDK cannot read it either.
 * @throws StoreError if the file system does not answer
 */
async function hashFile(path: string): Promise<string | undefined> {
  if (path === devNull) return undefined;
  const { hash, randomUUID } = process.getBuiltinModule("node:crypto");
  const contents = await throughFileGate(() =>
    readRegularFile(path, LARGEST_FILE, { followLinks: true }).catch(() => undefined),
  );
  if (contents === undefined) return undefined;
  // A pipe's contents are for the SDK: what is unknown here is like nothing else, and shared with nobody.
  return typeof contents === "string" ? randomUUID() : hash("sha256", contents.bytes, "base64url");
}

/** As the SDK finds it. */
function findHome({ HOME, USERPROFILE, HOMEPATH, HOMEDRIVE = "C:\\" }: Env): string {
  return HOME || USERPROFILE || (HOMEPATH ? `${HOMEDRIVE}${HOMEPATH}` : homedir());
}
