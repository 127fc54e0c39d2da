import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { onAbort } from "../abort.js";
import type { Runtime } from "../runtime.js";
import { diagnoseAddress, diagnoseSilence, type MetadataProblem, metadataAddress } from "./metadata-endpoint.js";

/** Milliseconds of silence after which a request fails. The SDK's default. */
const REQUEST_TIMEOUT = 1000;
/** Attempts per read, for all its requests together. */
const ATTEMPTS = 3;
/** Milliseconds. Upper bound of the wait before the second attempt. It doubles for the third. */
const FIRST_WAIT = 100;
/** Bytes. Credentials with a session token take one to two kilobytes; everything else is smaller. */
const LARGEST_ANSWER = 16 * 1024;

export const CHECK_PROXY = "check for a proxy or another server that answers in its place";
export const NO_ANSWER_IN_TIME: MetadataProblem = {
  cause: "The metadata service does not respond in time",
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
  cause: "Nothing listens at the metadata service's address",
  fix: "this machine does not seem to be an EC2 instance",
};
export const TOO_LARGE: MetadataProblem = {
  cause: `The response is larger than ${LARGEST_ANSWER / 1024} KiB`,
  fix: CHECK_PROXY,
};
const NOT_HTTP: MetadataProblem = { cause: "The response is not HTTP", fix: CHECK_PROXY };

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

interface MetadataRequest {
  readonly path: string;
  readonly method?: "GET" | "PUT";
  readonly headers?: Readonly<Record<string, string>>;
}

/** Requests one metadata item, trimmed. Rejects with a {@link MetadataError}, or with Node's connection error. */
export type RequestMetadata = (item: MetadataRequest) => Promise<string>;

/** Runs `read`, whose requests share a connection and a number of attempts. `signal` cancels them. */
export async function readMetadata<T>(
  runtime: Runtime,
  signal: AbortSignal,
  read: (request: RequestMetadata) => Promise<T>,
): Promise<T> {
  // Own agent: with NODE_USE_ENV_PROXY, the global agent would send the keys in plain text through a proxy.
  const agent = new Agent({ keepAlive: true });
  let failures = 0;
  const requestWithRetries: RequestMetadata = async (item) => {
    for (;;) {
      try {
        return await requestOnce(item, agent, runtime, signal);
      } catch (error) {
        if (!isTransient(error) || ++failures === ATTEMPTS) throw error;
        await runtime.sleep(runtime.random() * FIRST_WAIT * 2 ** (failures - 1), signal);
      }
    }
  };
  return read(requestWithRetries).finally(() => agent.destroy());
}

async function requestOnce(
  item: MetadataRequest,
  agent: Agent,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<string> {
  const address = await metadataAddress();
  if (!address) throw new MetadataError(diagnoseAddress());
  signal.throwIfAborted();
  let cancelTimer: (() => void) | undefined;
  let stopListening: (() => void) | undefined;
  const asked = request({
    ...item,
    agent,
    protocol: address.protocol,
    hostname: address.hostname.replace(/^\[(.+)\]$/, "$1"),
    port: address.port,
    maxHeaderSize: LARGEST_ANSWER,
  });
  const answered = new Promise<string>((resolve, reject) => {
    const fail = (error: unknown) => {
      reject(error);
      asked.destroy();
    };
    const failIfSilentSince = (bytes: number) => {
      cancelTimer = runtime.schedule(REQUEST_TIMEOUT, () => {
        const before = describeProgress(asked);
        // After the process was blocked, for example while loading modules, let it first read data that has arrived.
        setImmediate(() => {
          const now = bytesRead(asked);
          if (describeProgress(asked) === before && now === bytes) fail(new MetadataError(NO_ANSWER_IN_TIME));
          else failIfSilentSince(now);
        });
      });
    };
    failIfSilentSince(0);
    stopListening = onAbort(signal, () => fail(signal.reason));
    asked.on("error", fail);
    // The service sends no 1xx responses, and another server could send them endlessly.
    asked.on("information", () => fail(new MetadataError(NOT_HTTP)));
    asked.on("response", (answer) => readAnswer(answer).then(resolve, fail));
    asked.end();
  });
  return answered.finally(() => {
    cancelTimer?.();
    stopListening?.();
  });
}

function bytesRead({ socket }: ClientRequest): number {
  return socket?.bytesRead ?? 0;
}

function describeProgress(asked: ClientRequest): string {
  return `${asked.socket?.connecting} ${bytesRead(asked)}`;
}

/** Whether another attempt may succeed. */
function isTransient(error: unknown): boolean {
  const problem = diagnoseError(error);
  const status = error instanceof MetadataError ? (error.statusCode ?? 0) : 0;
  return status >= 500 || problem === THROTTLED || problem === NO_ANSWER_IN_TIME || problem === CONNECTION_LOST;
}

async function readAnswer(answer: IncomingMessage): Promise<string> {
  const { statusCode = 0 } = answer;
  if (statusCode < 200 || statusCode >= 300) throw new MetadataError(diagnoseStatus(statusCode), statusCode);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_ANSWER) throw new MetadataError(TOO_LARGE);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString().trim();
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

/** Blames the address that the environment sets, if it may be the reason that nothing responds. */
export function withAddress(problem: MetadataProblem): MetadataProblem {
  if (problem !== NO_ANSWER_IN_TIME && problem !== NO_LISTENER) return problem;
  const address = diagnoseSilence();
  if (!address) return problem;
  return problem === NO_LISTENER ? address : { cause: address.cause, fix: `${address.fix}; ${problem.fix}` };
}
