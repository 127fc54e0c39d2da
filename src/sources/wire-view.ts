import { Readable } from "node:stream";
import { findMiddlewareStack, type MiddlewareContext } from "../clients/sdk-middleware.js";

/** Bytes. STS responses are a few kilobytes. A megabyte would block the event loop for a second in the SDK's parser. */
const LARGEST_ANSWER = 256 * 1024;

/** Recognized by name, because the SDK and a test runner's sandbox may copy the error. */
export const ANSWER_TOO_LARGE = "AnswerTooLarge";
export const TOO_LARGE = `the response is larger than ${LARGEST_ANSWER / 1024} KiB`;

interface Identity {
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
}

/** Observes the commands of one question on the wire. Sees nothing under a mock, which runs no middleware. */
export class WireView {
  /** Values to redact from quoted third-party text: the question's secret, and the credentials that signed it. */
  readonly secrets = new Set<string>();
  #answered = false;

  constructor(secret?: string) {
    this.hide(secret);
  }

  /** Whether a response has arrived. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Adds middleware that observes the command and limits the size of its response. */
  watch<C extends object>(command: C): C {
    findMiddlewareStack(command)?.add(
      (next, context: MiddlewareContext) => async (args) => {
        const identity = context.__smithy_context?.selectedHttpAuthScheme?.identity as Identity | undefined;
        this.hide(identity?.secretAccessKey);
        this.hide(identity?.sessionToken);
        const result = (await next(args)) as { response?: { body?: unknown } };
        this.#answered = true;
        if (result.response) result.response.body = boundedAnswer(result.response.body);
        return result;
      },
      { step: "deserialize", name: "rolecallWatchWire", priority: "low" },
    );
    return command;
  }

  /** Adds a value to redact from quoted text. */
  hide(secret: string | undefined): void {
    if (secret !== undefined) this.secrets.add(secret);
  }
}

/** Limits the size of a response body. Reading past the limit fails. */
function boundedAnswer(body: unknown): unknown {
  if (ArrayBuffer.isView(body)) {
    assertFits(body.byteLength);
    return body;
  }
  return isAsyncIterable(body) ? Readable.from(bounded(body), { objectMode: false }) : body;
}

async function* bounded(body: AsyncIterable<Uint8Array | string>) {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    assertFits(size);
    yield chunk;
  }
}

function assertFits(size: number): void {
  if (size <= LARGEST_ANSWER) return;
  throw Object.assign(new Error(TOO_LARGE), { name: ANSWER_TOO_LARGE });
}

function isAsyncIterable(body: unknown): body is AsyncIterable<Uint8Array | string> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}
