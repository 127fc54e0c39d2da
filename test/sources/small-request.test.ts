import { Agent } from "node:http";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { AnswerError, createRetries, LARGEST_ANSWER, requestText } from "../../src/sources/small-request.js";
import { createManualClock } from "../../src/testing/index.js";
import { httpAnswer, type RawAnswer, startRawServer } from "../support/raw-http-server.js";

const SILENCE = 1000;

async function setUp(answer: RawAnswer | string) {
  const reply: RawAnswer = typeof answer === "string" ? (_, send) => send(answer) : answer;
  const { url, counted } = await startRawServer(reply);
  const { protocol, hostname, port } = new URL(url);
  const clock = createManualClock();
  const agent = new Agent();
  onTestFinished(() => agent.destroy());
  const controller = new AbortController();
  const { signal } = controller;
  const ask = (item: Partial<Parameters<typeof requestText>[0]> = {}) =>
    requestText({ protocol, hostname, port, path: "/", ...item }, { agent, runtime: clock, signal, silence: SILENCE });
  return { ask, clock, controller, counted };
}

describe("a short text", () => {
  it("is returned without the white space around it", async () => {
    const { ask, clock } = await setUp(httpAnswer(" eu-west-1\r\n"));
    expect(await ask()).toBe("eu-west-1");
    expect(clock.pendingTimers).toBe(0);
  });

  it("is requested with the given method, path and headers", async () => {
    const { ask, counted } = await setUp(httpAnswer("token"));
    await ask({ method: "PUT", path: "/latest/api/token", headers: { "x-ttl": "21600" } });
    expect(counted.requests[0]).toMatch(/^PUT \/latest\/api\/token HTTP\/1\.1\r\nx-ttl: 21600\r\n/);
  });

  it("may have 16 KiB and no more", async () => {
    const fits = await setUp(httpAnswer("x".repeat(LARGEST_ANSWER)));
    expect(await fits.ask()).toHaveLength(LARGEST_ANSWER);
    const larger = await setUp(httpAnswer("x".repeat(LARGEST_ANSWER + 1)));
    await expect(larger.ask()).rejects.toMatchObject({ fault: "too-large" });
  });

  it.each([199, 301, 404, 500])("is not read from an answer with status %i", async (status) => {
    const { ask } = await setUp(httpAnswer("text", `${status} Odd`));
    const expected = status < 200 ? { fault: "not-http" } : { fault: "status", statusCode: status };
    await expect(ask()).rejects.toMatchObject(expected);
  });

  it("is not awaited after a 1xx answer, which these services do not send", async () => {
    const { ask } = await setUp(`HTTP/1.1 103 Early Hints\r\n\r\n${httpAnswer("text")}`);
    await expect(ask()).rejects.toBeInstanceOf(AnswerError);
  });

  it("fails with Node's error if the answer is not HTTP", async () => {
    const { ask } = await setUp("SSH-2.0-OpenSSH\r\n\r\n");
    await expect(ask()).rejects.toMatchObject({ code: expect.stringMatching(/^HPE_/) });
  });
});

describe("a request that gets no byte", () => {
  const arrived = async (counted: { requests: string[] }) => {
    while (counted.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
  };

  it("fails after the time of silence", async () => {
    const { ask, clock, counted } = await setUp(async () => undefined);
    const outcome = expect(ask()).rejects.toMatchObject({ fault: "silence" });
    await arrived(counted);
    for (let times = 0; times < 3; times++) await clock.advance(SILENCE); // the first one may still see the connection
    await outcome;
    expect(clock.pendingTimers).toBe(0);
  });

  it("ends at once with the reason of its signal, and leaves no timer", async () => {
    const { ask, clock, controller, counted } = await setUp(async () => undefined);
    const outcome = expect(ask()).rejects.toThrow("enough");
    await arrived(counted);
    controller.abort(new Error("enough"));
    await outcome;
    expect(clock.pendingTimers).toBe(0);
  });

  it("is not sent if its signal is already aborted", async () => {
    const { ask, controller, counted } = await setUp(httpAnswer("text"));
    controller.abort(new Error("closed"));
    await expect(ask()).rejects.toThrow("closed");
    expect(counted.requests).toEqual([]);
  });
});

describe("attempts", () => {
  const transient = new Error("transient");
  const retriesOf = (signal = new AbortController().signal) => {
    const clock = createManualClock({ random: () => 0.5 });
    return { clock, retry: createRetries(clock, signal, (error) => error === transient) };
  };

  it("are at most three for all requests of one read together", async () => {
    const failuresOfEach = fc.array(fc.nat(4), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(failuresOfEach, async (requests) => {
        const { clock, retry } = retriesOf();
        let attempts = 0;
        const read = async () => {
          for (const failures of requests) {
            let left = failures;
            await retry(async () => {
              attempts++;
              if (left-- > 0) throw transient;
            });
          }
        };
        const outcome = read().then(
          () => "read",
          (error) => error,
        );
        await clock.advance(SILENCE);
        const total = requests.reduce((sum, failures) => sum + failures, 0);
        expect(await outcome).toBe(total < 3 ? "read" : transient);
        if (total < 3) expect(attempts).toBe(total + requests.length);
      }),
      { numRuns: 30 },
    );
  });

  it("are apart by waits with full jitter, of up to 100 and 200 ms", async () => {
    const { clock, retry } = retriesOf();
    const began = clock.monotonic();
    const times: number[] = [];
    const outcome = retry(async () => {
      times.push(clock.monotonic() - began);
      throw transient;
    }).catch((error) => error);
    await clock.advance(SILENCE);
    expect(await outcome).toBe(transient);
    expect(times).toEqual([0, 50, 150]);
  });

  it("end with an error that another attempt would not change", async () => {
    const { retry } = retriesOf();
    let attempts = 0;
    const fail = async () => {
      attempts++;
      throw new Error("lasting");
    };
    await expect(retry(fail)).rejects.toThrow("lasting");
    expect(attempts).toBe(1);
  });

  it("end during a wait if the signal aborts", async () => {
    const controller = new AbortController();
    const { clock, retry } = retriesOf(controller.signal);
    const outcome = expect(retry(() => Promise.reject(transient))).rejects.toThrow("enough");
    await clock.settle();
    controller.abort(new Error("enough"));
    await outcome;
  });
});
