import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Middleware, MiddlewareOptions } from "../../src/clients/sdk-middleware.js";
import { ANSWER_TOO_LARGE, TOO_LARGE, WireView } from "../../src/sources/wire-view.js";

const LARGEST = 256 * 1024;

/** A command that records its middleware, as the SDK's stack would. */
function createCommand() {
  const added: [Middleware, MiddlewareOptions | undefined][] = [];
  const add = (middleware: Middleware, options?: MiddlewareOptions) => void added.push([middleware, options]);
  return { command: { middlewareStack: { add } }, added };
}

/** The body that the SDK's parser gets, if this one arrives. */
async function receive(body: unknown, view = new WireView(), identity?: object): Promise<unknown> {
  const { command, added } = createCommand();
  view.watch(command);
  const [middleware] = added[0] as [Middleware, MiddlewareOptions];
  const context = { __smithy_context: { selectedHttpAuthScheme: { identity } } } as Parameters<Middleware>[1];
  const result = await middleware(async () => ({ response: { body } }), context)({ input: {} });
  return (result as { response: { body: unknown } }).response.body;
}

async function readAll(body: unknown): Promise<number> {
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) size += chunk.length;
  return size;
}

const tooLarge = { name: ANSWER_TOO_LARGE, message: TOO_LARGE };

describe("the body of an answer", () => {
  it("may have 256 KiB as a stream, however it is split", async () => {
    const chunks = Array.from({ length: 256 }, () => Buffer.alloc(1024));
    expect(await readAll(await receive(Readable.from(chunks)))).toBe(LARGEST);
    expect(await readAll(await receive(Readable.from([Buffer.alloc(LARGEST)])))).toBe(LARGEST);
  });

  it("fails beyond that while it is read, and reads no more of an endless stream", async () => {
    let chunks = 0;
    async function* endless() {
      for (;;) {
        chunks++;
        yield Buffer.alloc(64 * 1024);
      }
    }
    await expect(readAll(await receive(endless()))).rejects.toMatchObject(tooLarge);
    expect(chunks).toBe(5);
  });

  it("has the same limit as bytes", async () => {
    expect(await receive(new Uint8Array(LARGEST))).toHaveLength(LARGEST);
    await expect(receive(new Uint8Array(LARGEST + 1))).rejects.toMatchObject(tooLarge);
  });

  it("is passed on if it is neither a stream nor bytes", async () => {
    for (const body of [undefined, null, "text", { odd: true }]) expect(await receive(body)).toBe(body);
  });
});

describe("what is seen of a call", () => {
  it("is that an answer arrived", async () => {
    const view = new WireView();
    expect(view.answered).toBe(false);
    await receive("text", view);
    expect(view.answered).toBe(true);
  });

  it("is nothing if the connection fails", async () => {
    const view = new WireView();
    const { command, added } = createCommand();
    view.watch(command);
    const [middleware] = added[0] as [Middleware, MiddlewareOptions];
    await expect(middleware(() => Promise.reject(new Error("reset")), {})({ input: {} })).rejects.toThrow("reset");
    expect(view.answered).toBe(false);
  });

  it("includes the secrets that must not be quoted: the question's own, and the signer's", async () => {
    const view = new WireView("external id");
    const identity = { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "made-up secret", sessionToken: "made-up token" };
    await receive("text", view, identity);
    view.hide(undefined);
    expect([...view.secrets]).toEqual(["external id", "made-up secret", "made-up token"]);
  });

  it("is nothing under a mock, which has no middleware", () => {
    const mock = {};
    expect(new WireView().watch(mock)).toBe(mock);
  });
});
