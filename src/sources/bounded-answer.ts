import { Readable } from "node:stream";

/** Bytes. STS's answers hold a few kilobytes; the SDK's parser takes about a second for a megabyte, in which nothing else runs. */
const LARGEST_ANSWER = 256 * 1024;

/** By its name, since the SDK and a test runner's sandbox pass it on. */
export const ANSWER_TOO_LARGE = "AnswerTooLarge";
export const TOO_LARGE = `an answer of more than ${LARGEST_ANSWER / 1024} KiB`;

/** The body of an answer, as a request handler of the SDK gives it. Reading more than STS's can hold fails. */
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
