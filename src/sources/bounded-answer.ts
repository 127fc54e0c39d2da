import { Readable } from "node:stream";

/** Bytes. STS responses have a few kilobytes. For a megabyte, the SDK's parser blocks the event loop for about a second. */
const LARGEST_ANSWER = 256 * 1024;

/** Recognized by name, because the SDK and a test runner's sandbox may copy the error. */
export const ANSWER_TOO_LARGE = "AnswerTooLarge";
export const TOO_LARGE = `the response is larger than ${LARGEST_ANSWER / 1024} KiB`;

/** Limits the size of a response body from the SDK's request handler. Reading beyond the limit fails. */
export function boundedAnswer(body: unknown): unknown {
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
