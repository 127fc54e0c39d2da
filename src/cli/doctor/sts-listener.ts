import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { StsSeen } from "./observations.js";

const STARTED = "http.client.request.start";
const ANSWERED = "http.client.response.finish";

/**
 * Observes STS responses through Node's HTTP diagnostics channels, whatever the network settings are. `lastAnswer` has
 * facts that the SDK does not report for errors.
 */
export function listenToSts(now: () => number) {
  const sent = new WeakMap<ClientRequest, number>();
  let answer: Pick<StsSeen, "host" | "clockOffset"> = {};

  const onStarted = (message: unknown) => {
    sent.set((message as { request: ClientRequest }).request, now());
  };
  const onAnswered = (message: unknown) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    const sentAt = sent.get(request);
    // Requests to the metadata service are GET and PUT; requests to a proxy are CONNECT.
    if (request.method !== "POST" || sentAt === undefined) return;
    const middle = (sentAt + now()) / 2;
    const date = Date.parse(response.headers.date ?? "") + 500; // the middle of the reported second
    answer = { host: request.host, clockOffset: Number.isNaN(date) ? undefined : date - middle };
  };

  subscribe(STARTED, onStarted);
  subscribe(ANSWERED, onAnswered);
  return {
    lastAnswer: () => answer,
    close() {
      unsubscribe(STARTED, onStarted);
      unsubscribe(ANSWERED, onAnswered);
    },
  };
}
