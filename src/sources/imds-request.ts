import { Agent } from "node:http";
import type { Runtime } from "../runtime.js";
import { diagnoseAddress, diagnoseSilence, type MetadataProblem, metadataAddress } from "./metadata-endpoint.js";
import {
  AnswerError,
  type AnswerFault,
  createRetries,
  LARGEST_ANSWER,
  requestText,
  type SmallRequest,
  type Transport,
} from "./small-request.js";

/** Milliseconds of silence after which a request fails. The SDK's default. */
const REQUEST_TIMEOUT = 1000;

export const CHECK_PROXY = "check for a proxy or another server that responds instead of the metadata service";
export const NO_ANSWER_IN_TIME: MetadataProblem = {
  cause: "The metadata service did not respond in time",
  fix: "in a container, raise HttpPutResponseHopLimit to 2 (then every container on the machine can use the machine's role)",
};
export const REFUSED: MetadataProblem = {
  cause:
    "The metadata service is turned off for this machine, or a metadata proxy such as kube2iam refuses the request",
  fix: "set HttpEndpoint to enabled, or let PUT /latest/api/token through the proxy",
};
const CONNECTION_LOST: MetadataProblem = { cause: "The connection was lost", fix: "try again" };
const THROTTLED: MetadataProblem = {
  cause: "The metadata service throttles this machine (status 429)",
  fix: "try again, and call it from fewer processes at once",
};
const NO_LISTENER: MetadataProblem = {
  cause: "Nothing is listening at the metadata service's address",
  fix: "this machine does not seem to be an EC2 instance",
};
export const TOO_LARGE: MetadataProblem = {
  cause: `The response is larger than ${LARGEST_ANSWER / 1024} KiB`,
  fix: CHECK_PROXY,
};
const NOT_HTTP: MetadataProblem = { cause: "The response is not HTTP", fix: CHECK_PROXY };

const PROBLEMS: Record<Exclude<AnswerFault, "status">, MetadataProblem> = {
  silence: NO_ANSWER_IN_TIME,
  "too-large": TOO_LARGE,
  "not-http": NOT_HTTP,
};

/** The metadata service returned something other than the requested data. */
export class MetadataError extends Error {
  override readonly name = "MetadataError";

  constructor(
    readonly problem: MetadataProblem,
    readonly statusCode?: number,
  ) {
    super(`${problem.cause}.`);
  }
}

type MetadataRequest = Pick<SmallRequest, "path" | "method" | "headers">;

/** Requests one metadata item, trimmed. Rejects with a {@link MetadataError}, or with Node's connection error. */
export type RequestMetadata = (item: MetadataRequest) => Promise<string>;

/** Runs `read`. Its requests share one connection and one attempt limit. `signal` cancels them. */
export async function readMetadata<T>(
  runtime: Runtime,
  signal: AbortSignal,
  read: (request: RequestMetadata) => Promise<T>,
): Promise<T> {
  const agent = new Agent({ keepAlive: true });
  const retry = createRetries(runtime, signal, isTransient);
  const transport = { agent, runtime, signal, silence: REQUEST_TIMEOUT };
  return read((item) => retry(() => requestOnce(item, transport))).finally(() => agent.destroy());
}

async function requestOnce(item: MetadataRequest, transport: Transport): Promise<string> {
  const address = await metadataAddress();
  if (!address) throw new MetadataError(diagnoseAddress());
  const { protocol, hostname, port } = address;
  return requestText({ ...item, protocol, hostname, port }, transport).catch((error) => {
    throw error instanceof AnswerError ? new MetadataError(describeFault(error), error.statusCode) : error;
  });
}

/** Whether another attempt may succeed. */
function isTransient(error: unknown): boolean {
  const problem = diagnoseError(error);
  const status = error instanceof MetadataError ? (error.statusCode ?? 0) : 0;
  return status >= 500 || problem === THROTTLED || problem === NO_ANSWER_IN_TIME || problem === CONNECTION_LOST;
}

function describeFault({ fault, statusCode = 0 }: AnswerError): MetadataProblem {
  return fault === "status" ? diagnoseStatus(statusCode) : PROBLEMS[fault];
}

function diagnoseStatus(status: number): MetadataProblem {
  if (status === 403) return REFUSED;
  if (status === 429) return THROTTLED;
  if (status >= 500) return { cause: `The metadata service failed (status ${status})`, fix: "try again" };
  return { cause: `The metadata service responded with status ${status}`, fix: CHECK_PROXY };
}

export function diagnoseError(error: unknown): MetadataProblem {
  if (error instanceof MetadataError) return error.problem;
  const code = String((error as { code?: unknown } | undefined)?.code);
  if (code.startsWith("HPE_")) return NOT_HTTP;
  return code === "ECONNRESET" ? CONNECTION_LOST : NO_LISTENER;
}

/** If nothing responds, points to the address settings that may be the reason. */
export function withAddress(problem: MetadataProblem): MetadataProblem {
  if (problem !== NO_ANSWER_IN_TIME && problem !== NO_LISTENER) return problem;
  const address = diagnoseSilence();
  if (!address) return problem;
  return problem === NO_LISTENER ? address : { cause: address.cause, fix: `${address.fix}; ${problem.fix}` };
}
