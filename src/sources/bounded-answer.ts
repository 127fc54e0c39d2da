/** STS's answers hold a few kilobytes. The SDK's parser takes about a second for a megabyte, in which nothing else runs. */
const LARGEST_ANSWER = 256 * 1024;

/** Reads the body of an answer, as a client's `streamCollector`. What is larger than STS's can be is not read. */
export async function readBoundedAnswer(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > LARGEST_ANSWER) throw new Error("The answer is too large to be one of STS.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
