import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";

/** Facts about a response from STS besides its body. Also available for error responses. */
export interface StsAnswer {
  readonly host: string;
  /** How far AWS's clock is ahead of the machine's, in milliseconds. AWS reports whole seconds. */
  readonly clockOffset: number | undefined;
}

const STARTED = "http.client.request.start";
const ANSWERED = "http.client.response.finish";

/** Observes responses from STS through Node's HTTP diagnostics channels, with any network settings. */
export class StsListener {
  readonly #now: () => number;
  readonly #sent = new WeakMap<ClientRequest, number>();
  #lastAnswer: StsAnswer | undefined;

  constructor(now: () => number) {
    this.#now = now;
    subscribe(STARTED, this.#onStarted);
    subscribe(ANSWERED, this.#onAnswered);
  }

  get lastAnswer(): StsAnswer | undefined {
    return this.#lastAnswer;
  }

  close(): void {
    unsubscribe(STARTED, this.#onStarted);
    unsubscribe(ANSWERED, this.#onAnswered);
  }

  readonly #onStarted = (message: unknown): void => {
    this.#sent.set((message as { request: ClientRequest }).request, this.#now());
  };

  readonly #onAnswered = (message: unknown): void => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    const sent = this.#sent.get(request);
    // The metadata service gets GET and PUT requests, a proxy CONNECT.
    if (request.method !== "POST" || sent === undefined) return;
    const middle = (sent + this.#now()) / 2;
    const date = Date.parse(response.headers.date ?? "") + 500; // the middle of the reported second
    this.#lastAnswer = { host: request.host, clockOffset: Number.isNaN(date) ? undefined : date - middle };
  };
}
