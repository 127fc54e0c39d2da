import { STSClient } from "../../sdk/sts.js";

/** What an answer of STS tells besides its body, also where it refuses. */
export interface StsAnswer {
  readonly host: string;
  /** Milliseconds by which AWS's clock is ahead of the machine's: AWS tells whole seconds. */
  readonly clockOffset: number | undefined;
}

interface Handler {
  handle(request: { hostname: string }, options?: unknown): Promise<{ response: { headers: Record<string, string> } }>;
  destroy?(): void;
}

/** The SDK's own request handler, and the last answer that came through it. */
export class ListeningHandler implements Handler {
  readonly #inner = new STSClient({}).config.requestHandler as unknown as Handler;
  readonly #now: () => number;
  #lastAnswer: StsAnswer | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  get lastAnswer(): StsAnswer | undefined {
    return this.#lastAnswer;
  }

  async handle(request: { hostname: string }, options?: unknown) {
    const sent = this.#now();
    const output = await this.#inner.handle(request, options);
    const middle = (sent + this.#now()) / 2;
    const date = Date.parse(output.response.headers.date ?? "") + 500; // the middle of the second that it tells
    this.#lastAnswer = { host: request.hostname, clockOffset: Number.isNaN(date) ? undefined : date - middle };
    return output;
  }

  destroy(): void {
    this.#inner.destroy?.();
  }
}
