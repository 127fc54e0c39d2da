import { type Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { onAbort } from "../abort.js";
import type { Runtime } from "../runtime.js";

/** Milliseconds. Upper bound of the wait before the second attempt. It doubles for each further one. */
const FIRST_WAIT = 100;
/** Attempts per read, for all its requests together. */
const ATTEMPTS = 3;
/** Bytes. Credentials with a session token take one to two kilobytes; everything else is smaller. */
export const LARGEST_ANSWER = 16 * 1024;

/** What is wrong with a response. Connection errors, and most responses that are not HTTP, cause Node's own errors. */
export type AnswerFault = "silence" | "too-large" | "not-http" | "status";

export class AnswerError extends Error {
  constructor(
    readonly fault: AnswerFault,
    readonly statusCode?: number,
  ) {
    super(fault);
  }
}

/** A request for a short response from a service on this machine or its network. */
export interface SmallRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: string | number | undefined;
  readonly path: string;
  readonly method?: "GET" | "PUT";
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Transport {
  /** A separate agent: with NODE_USE_ENV_PROXY, the global agent would send the keys in plain text through a proxy. */
  readonly agent: Agent;
  /** Default: `request` of `node:http`. */
  readonly request?: typeof httpRequest;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  /** Milliseconds without a byte after which the request fails. */
  readonly silence: number;
}

/** Returns the response's text, trimmed. Rejects with an {@link AnswerError}, or with Node's connection error. */
export async function requestText(item: SmallRequest, transport: Transport): Promise<string> {
  const { agent, request = httpRequest, runtime, signal, silence } = transport;
  signal.throwIfAborted();
  let cancelTimer: (() => void) | undefined;
  let stopListening: (() => void) | undefined;
  const asked = request({
    path: item.path,
    method: item.method ?? "GET",
    ...(item.headers && { headers: item.headers }),
    agent,
    protocol: item.protocol,
    hostname: item.hostname.replace(/^\[(.+)\]$/, "$1"),
    port: item.port,
    maxHeaderSize: LARGEST_ANSWER,
  });
  const answered = new Promise<string>((resolve, reject) => {
    const fail = (error: unknown) => {
      reject(error);
      asked.destroy();
    };
    const failIfSilentSince = (bytes: number) => {
      cancelTimer = runtime.schedule(silence, () => {
        const before = describeProgress(asked);
        // If the process was blocked, for example while loading modules, first let it read data that has arrived.
        setImmediate(() => {
          const now = bytesRead(asked);
          if (describeProgress(asked) === before && now === bytes) fail(new AnswerError("silence"));
          else failIfSilentSince(now);
        });
      });
    };
    failIfSilentSince(0);
    stopListening = onAbort(signal, () => fail(signal.reason));
    asked.on("error", fail);
    // These services send no 1xx responses, and another server could send them endlessly.
    asked.on("information", () => fail(new AnswerError("not-http")));
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

async function readAnswer(answer: IncomingMessage): Promise<string> {
  const { statusCode = 0 } = answer;
  if (statusCode < 200 || statusCode >= 300) throw new AnswerError("status", statusCode);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_ANSWER) throw new AnswerError("too-large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString().trim();
}

/** The returned function retries transient failures. All its calls share one attempt limit. */
export function createRetries(
  runtime: Runtime,
  signal: AbortSignal,
  isTransient: (error: unknown) => boolean,
): <T>(attempt: () => Promise<T>) => Promise<T> {
  let failures = 0;
  return async (attempt) => {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!isTransient(error) || ++failures === ATTEMPTS) throw error;
        await runtime.sleep(runtime.random() * FIRST_WAIT * 2 ** (failures - 1), signal);
      }
    }
  };
}
