import { networkInterfaces } from "node:os";
import { getInstanceMetadataEndpoint } from "../sdk/imds.js";

/** Why the metadata service can't be used, and what to do about it. */
export interface MetadataProblem {
  /** A sentence without the final period. */
  readonly cause: string;
  readonly fix: string;
  /** Another attempt would fail the same way. */
  readonly permanent?: boolean;
}

const ENDPOINT = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
const MODE = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";

/** The metadata service's address, from the SDK's variables and configuration file; `undefined` if it is invalid. */
export async function metadataAddress() {
  try {
    const address = await getInstanceMetadataEndpoint();
    return address.protocol === "http:" ? address : undefined;
  } catch {
    return undefined; // the SDK's error is dropped, because it quotes the value
  }
}

/** Says why {@link metadataAddress} is `undefined`. Checks the process's environment in the SDK's order. */
export function diagnoseAddress(): MetadataProblem {
  if (process.env[ENDPOINT]) {
    return { cause: `${ENDPOINT} is not an http URL`, fix: "set it to http://<host>, or unset it", permanent: true };
  }
  if (process.env[MODE]) {
    return { cause: `${MODE} is neither IPv4 nor IPv6`, fix: "set it to one of them, or unset it", permanent: true };
  }
  const cause =
    "ec2_metadata_service_endpoint in the SDK's configuration file is not an http URL, or its mode is unknown";
  return { cause, fix: "correct the file", permanent: true };
}

/** Says why nothing responds, if a set or missing variable may be the reason. */
export function diagnoseSilence(): MetadataProblem | undefined {
  if (process.env[ENDPOINT]) {
    return { cause: `${ENDPOINT} is set, but nothing responds at that address`, fix: "correct it, or unset it" };
  }
  if (process.env[MODE] === "IPv6") {
    return {
      cause: `${MODE} is set to IPv6, but nothing responds over IPv6`,
      fix: "unset it, or enable HttpProtocolIpv6 on a machine with IPv6",
    };
  }
  if (!hasOnlyIPv6()) return undefined;
  return {
    cause: "This machine has no IPv4 address, but the library calls the metadata service over IPv4",
    fix: `set ${MODE}=IPv6, and enable HttpProtocolIpv6 on the machine`,
  };
}

function hasOnlyIPv6(): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const families = new Set(addresses.filter(({ internal }) => !internal).map(({ family }) => family));
  return families.has("IPv6") && !families.has("IPv4");
}
