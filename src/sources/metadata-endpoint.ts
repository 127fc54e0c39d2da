import { networkInterfaces } from "node:os";
import { getInstanceMetadataEndpoint } from "../sdk/imds.js";

/** Why the metadata service cannot be used, and what to do about it. */
export interface MetadataProblem {
  /** A sentence without its full stop. */
  readonly cause: string;
  readonly fix: string;
  /** Another attempt meets it again. */
  readonly permanent?: boolean;
}

export interface MetadataAddress {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
}

const ENDPOINT = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
const MODE = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";

/** Where the SDK's variables and configuration file say that the metadata service is; `undefined` if they make no sense. */
export async function metadataAddress(): Promise<MetadataAddress | undefined> {
  try {
    const address = await getInstanceMetadataEndpoint();
    return address.protocol === "http:" ? address : undefined;
  } catch {
    return undefined; // the SDK's error quotes the value
  }
}

/** For an address that makes no sense. The SDK reads the process's own environment, in this order. */
export function diagnoseAddress(): MetadataProblem {
  if (process.env[ENDPOINT]) {
    return { cause: `${ENDPOINT} is no http URL`, fix: "write it as http://host, or unset it", permanent: true };
  }
  if (process.env[MODE]) {
    return { cause: `${MODE} is neither IPv4 nor IPv6`, fix: "write one of them, or unset it", permanent: true };
  }
  const cause = "ec2_metadata_service_endpoint in the SDK's configuration file is no http URL, or its mode is unknown";
  return { cause, fix: "correct it there", permanent: true };
}

/** Why nothing answers, where a variable or the lack of one may be the reason. `undefined` if neither is. */
export function diagnoseSilence(): MetadataProblem | undefined {
  if (process.env[ENDPOINT]) {
    return { cause: `${ENDPOINT} is set, and nothing answers there`, fix: "correct it, or unset it" };
  }
  if (process.env[MODE] === "IPv6") {
    return {
      cause: `${MODE} is set to IPv6, and nothing answers over IPv6`,
      fix: "unset it unless the machine has IPv6 and its HttpProtocolIpv6 is enabled",
    };
  }
  if (!hasIPv6Only()) return undefined;
  return {
    cause: "This machine has no IPv4 address, and the metadata service is asked over IPv4",
    fix: `set ${MODE}=IPv6, and see that the machine's HttpProtocolIpv6 is enabled`,
  };
}

function hasIPv6Only(): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const families = new Set(addresses.filter(({ internal }) => !internal).map(({ family }) => family));
  return families.has("IPv6") && !families.has("IPv4");
}
