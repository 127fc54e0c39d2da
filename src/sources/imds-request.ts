import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { onAbort } from "../abort.js";
import type { Runtime } from "../runtime.js";
import { diagnoseAddress, diagnoseSilence, type MetadataProblem, metadataAddress } from "./metadata-endpoint.js";

/** Milliseconds of silence after which one request is given up: the SDK's own number. */
const REQUEST_TIMEOUT = 1000;
/** Attempts within one read, whichever of its requests fails. */
const ATTEMPTS = 3;
/** Milliseconds, the upper bound of the wait before the second attempt; the next one is twice as long. */
const FIRST_WAIT = 100;
/** Bytes. A credential set with its session token has one to two kilobytes; everything else is shorter. */
const LARGEST_ANSWER = 16 * 1024;

const NOTHING_BETWEEN = "make sure that nothing stands between, such as a proxy";
export const NO_ANSWER_IN_TIME: MetadataProblem = {
  cause: "Nothing answers in time",
  fix: "in a container, raise HttpPutResponseHopLimit to 2, which lets every container on the machine use its role",
};
export const REFUSED: MetadataProblem = {
  cause:
    "The metadata service is turned off for this machine, or a metadata proxy such as kube2iam refuses the request",
  fix: "set HttpEndpoint to enabled, or let PUT /latest/api/token through the proxy",
};
const BROKEN_OFF: MetadataProblem = { cause: "The connection broke off", fix: "try again" };
const THROTTLED: MetadataProblem = {
  cause: "The metadata service throttles this machine (status 429)",
  fix: "try again, and read it from fewer processes at once",
};
const NO_LISTENER: MetadataProblem = {
  cause: "Nothing listens at the metadata service's address",
  fix: "this machine seems not to be an EC2 instance",
};
export const TOO_LARGE: MetadataProblem = {
  cause: `It answers with more than ${LARGEST_ANSWER / 1024} KiB`,
  fix: NOTHING_BETWEEN,
};
const NO_HTTP: MetadataProblem = { cause: "It answers with something that is no HTTP", fix: NOTHING_BETWEEN };

/** The metadata service answers with something else than was asked for. */
export class MetadataError extends Error {
  override readonly name = "MetadataError";
  readonly trouble: MetadataProblem;
  declare readonly statusCode?: number;

  constructor(trouble: MetadataProblem, statusCode?: number) {
    super(`${trouble.cause}.`);
    this.trouble = trouble;
    if (statusCode !== undefined) this.statusCode = statusCode;
  }
}

export interface MetadataRequest {
  readonly path: string;
  readonly method?: "GET" | "PUT";
  readonly headers?: Readonly<Record<string, string>>;
}

/** One read of the metadata service: some requests over one connection, with the attempts that they share. */
export class MetadataRead {
  /** Node's global agent goes through the environment's proxy with NODE_USE_ENV_PROXY, and the keys in clear with it. */
  readonly #agent = new Agent({ keepAlive: true });
  readonly #runtime: Runtime;
  readonly #signal: AbortSignal;
  #failures = 0;

  /** @param signal ends the request that is under way, and the wait between attempts */
  constructor(runtime: Runtime, signal: AbortSignal) {
    this.#runtime = runtime;
    this.#signal = signal;
  }

  /**
   * Reads one item of the machine's metadata, without the white space around it. Rejects with a {@link MetadataError},
   * or with Node's own error of the connection.
   */
  async request(item: MetadataRequest): Promise<string> {
    for (;;) {
      try {
        return await requestOnce(item, this.#agent, this.#runtime, this.#signal);
      } catch (error) {
        if (!mayPass(error) || ++this.#failures === ATTEMPTS) throw error;
        const longest = FIRST_WAIT * 2 ** (this.#failures - 1);
        await this.#runtime.sleep(this.#runtime.random() * longest, this.#signal);
      }
    }
  }

  end(): void {
    this.#agent.destroy();
  }
}

async function requestOnce(
  item: MetadataRequest,
  agent: Agent,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<string> {
  const address = await metadataAddress();
  if (!address) throw new MetadataError(diagnoseAddress());
  const options = {
    ...item,
    agent,
    protocol: address.protocol,
    hostname: address.hostname.replace(/^\[(.+)\]$/, "$1"),
    port: address.port,
    maxHeaderSize: LARGEST_ANSWER,
  };
  signal.throwIfAborted();
  let cancelTimer: (() => void) | undefined;
  let stopListening: (() => void) | undefined;
  const asked = request(options);
  const answered = new Promise<string>((resolve, reject) => {
    const fail = (error: unknown) => {
      reject(error);
      asked.destroy();
    };
    const failIfSilentSince = (bytes: number) => {
      cancelTimer = runtime.schedule(REQUEST_TIMEOUT, () => {
        const before = progressOf(asked);
        // A process that stood still, such as while it loads modules, first reads what has arrived meanwhile.
        setImmediate(() => {
          const now = bytesRead(asked);
          if (progressOf(asked) === before && now === bytes) fail(new MetadataError(NO_ANSWER_IN_TIME));
          else failIfSilentSince(now);
        });
      });
    };
    failIfSilentSince(0);
    stopListening = onAbort(signal, () => fail(signal.reason));
    asked.on("error", fail);
    // The service sends none, and another server could send them without an end.
    asked.on("information", () => fail(new MetadataError(NO_HTTP)));
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

function progressOf(asked: ClientRequest): string {
  return `${asked.socket?.connecting} ${bytesRead(asked)}`;
}

/** Whether another attempt may succeed. */
function mayPass(error: unknown): boolean {
  const trouble = diagnoseError(error);
  const status = error instanceof MetadataError ? (error.statusCode ?? 0) : 0;
  return status >= 500 || trouble === THROTTLED || trouble === NO_ANSWER_IN_TIME || trouble === BROKEN_OFF;
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
  if (status >= 500) return { cause: `The metadata service fails (status ${status})`, fix: "try again" };
  return { cause: `The metadata service answers with status ${status}`, fix: NOTHING_BETWEEN };
}

export function diagnoseError(error: unknown): MetadataProblem {
  if (error instanceof MetadataError) return error.trouble;
  const code = String((error as { code?: unknown } | undefined)?.code);
  if (code.startsWith("HPE_")) return NO_HTTP;
  return code === "ECONNRESET" ? BROKEN_OFF : NO_LISTENER;
}

/** The same, unless a variable that names the address, or the lack of one, may be why nothing answers. */
export function withAddress(trouble: MetadataProblem): MetadataProblem {
  if (trouble !== NO_ANSWER_IN_TIME && trouble !== NO_LISTENER) return trouble;
  const silence = diagnoseSilence();
  if (!silence) return trouble;
  return trouble === NO_LISTENER ? silence : { cause: silence.cause, fix: `${silence.fix}; ${trouble.fix}` };
}
