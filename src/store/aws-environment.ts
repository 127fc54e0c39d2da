import { devNull, homedir } from "node:os";
import { join } from "node:path";
import { once } from "../once.js";
import { readRegularFile, throughFileGate } from "./file-gate.js";

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
 * Reads the part of the environment that decides which AWS endpoints the SDK uses. It contains the values of variables
 * and the hashes of the SDK's two configuration files, which may set options such as `endpoint_url`.
 */
export async function readAwsEnvironment(env: Env, hashes = HASHES): Promise<Env> {
  const hash = (file: string) => {
    const hashed = hashes.get(file) ?? once(() => hashFile(file));
    hashes.set(file, hashed);
    return hashed();
  };
  const variables = ENDPOINT_VARIABLES.map((name) => [name, env[name] || undefined]);
  const { config, credentials } = configurationFiles(env);
  const [configFile, credentialsFile] = await Promise.all([hash(config), hash(credentials)]);
  return { ...Object.fromEntries(variables), configFile, credentialsFile };
}

/** The paths of the SDK's two configuration files. */
export function configurationFiles(env: Env): { readonly config: string; readonly credentials: string } {
  const locate = (path: string | undefined, name: string) => {
    const given = path || `~/.aws/${name}`;
    return given.startsWith("~/") ? join(findHome(env), given.slice(2)) : given;
  };
  return {
    config: locate(env.AWS_CONFIG_FILE, "config"),
    credentials: locate(env.AWS_SHARED_CREDENTIALS_FILE, "credentials"),
  };
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
  // The contents of a pipe or an oversized file are unknown. A random value ensures that nothing is shared.
  return typeof contents === "string" ? randomUUID() : hash("sha256", contents.bytes, "base64url");
}

/** Finds the home directory the way the SDK does. */
function findHome({ HOME, USERPROFILE, HOMEPATH, HOMEDRIVE = "C:\\" }: Env): string {
  return HOME || USERPROFILE || (HOMEPATH ? `${HOMEDRIVE}${HOMEPATH}` : homedir());
}
