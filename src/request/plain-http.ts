import type { RolecallError } from "../errors.js";
import { conflict } from "./validation.js";

interface Endpoint {
  readonly protocol: string;
  readonly hostname: string;
}

const SIMULATOR_HINT = "for a simulator such as LocalStack, set instance.dangerouslyAllowPlainHttp";

/** Refuses an endpoint whose response would cross a network in plain text. */
export function assertConfidential(endpoint: Endpoint, field = "AWS_ENDPOINT_URL"): void {
  if (isConfidential(endpoint)) return;
  throw plainHttpError(field, "STS", endpoint, `Use https, or http on the loopback interface; ${SIMULATOR_HINT}.`);
}

/** Whether the endpoint uses TLS or loopback. */
export function isConfidential({ protocol, hostname }: Endpoint): boolean {
  const isLoopback = hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return protocol === "https:" || (protocol === "http:" && isLoopback);
}

/** Refuses a metadata service whose response would cross a network in plain text. */
export function assertOnThisMachine(endpoint: Endpoint): void {
  if (isOnThisMachine(endpoint)) return;
  const hint = `Unset the variable, or set it to an address on this machine; ${SIMULATOR_HINT}.`;
  throw plainHttpError("AWS_EC2_METADATA_SERVICE_ENDPOINT", "the metadata service", endpoint, hint);
}

/** Whether the metadata service is reached over loopback, over EC2's link-local addresses, or over TLS. */
export function isOnThisMachine(endpoint: Endpoint): boolean {
  const { protocol, hostname } = endpoint;
  const isMetadataAddress = /^169\.254\.\d+\.\d+$/.test(hostname) || /^\[?(fd00:ec2|fe80):/i.test(hostname);
  return isConfidential(endpoint) || (protocol === "http:" && isMetadataAddress);
}

/** The error shows only the protocol and the host: the rest may contain a password. */
function plainHttpError(field: string, service: string, { protocol, hostname }: Endpoint, hint: string): RolecallError {
  return conflict(field, `would reach ${service} over ${protocol}//${hostname}`, hint);
}
