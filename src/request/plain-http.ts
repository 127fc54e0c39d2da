import type { RolecallError } from "../errors.js";
import { conflict } from "./validation.js";

interface Endpoint {
  readonly protocol: string;
  readonly hostname: string;
}

const ALLOW_IT = "for a simulator such as LocalStack, set instance.dangerouslyAllowPlainHttp";

/** @throws RolecallError `INVALID_REQUEST` if others could read what STS answers there */
export function assertConfidential(endpoint: Endpoint, field = "AWS_ENDPOINT_URL"): void {
  if (isConfidential(endpoint)) return;
  throw overPlainHttp(field, "STS", endpoint, `Use https, or http on the loopback interface; ${ALLOW_IT}.`);
}

/** Whether an answer that holds credentials may come from there: over TLS, or without leaving the machine. */
export function isConfidential({ protocol, hostname }: Endpoint): boolean {
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}

/** @throws RolecallError `INVALID_REQUEST` if the machine's keys would cross a network in clear */
export function assertOnThisMachine(endpoint: Endpoint): void {
  if (isOnThisMachine(endpoint)) return;
  const hint = `Leave the variable out, or set it to an address of the machine itself; ${ALLOW_IT}.`;
  throw overPlainHttp("AWS_EC2_METADATA_SERVICE_ENDPOINT", "the metadata service", endpoint, hint);
}

/** Whether the metadata service stands on the machine itself, by loopback or by an address of EC2's, or speaks TLS. */
export function isOnThisMachine(endpoint: Endpoint): boolean {
  const { protocol, hostname } = endpoint;
  const isMetadataAddress = /^169\.254\.\d+\.\d+$/.test(hostname) || /^\[?(fd00:ec2|fe80):/i.test(hostname);
  return isConfidential(endpoint) || (protocol === "http:" && isMetadataAddress);
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** The error shows protocol and host alone: the rest may hold a password. */
function overPlainHttp(field: string, service: string, { protocol, hostname }: Endpoint, hint: string): RolecallError {
  return conflict(field, `would lead to ${service} over ${protocol}//${hostname}`, hint);
}
