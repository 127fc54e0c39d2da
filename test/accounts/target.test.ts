import { describe, expect, it } from "vitest";
import type { RunScope } from "../../src/accounts/run-scope.js";
import { createTarget } from "../../src/accounts/target.js";
import type { SdkClientConstructor } from "../../src/clients/client-types.js";
import { ACCOUNT, plannedAccount } from "./support.js";

class RecordingClient {
  readonly calls: unknown[][] = [];
  send(...call: unknown[]): void {
    this.calls.push(call);
  }
}

/** A target whose clients record what is sent. */
function createRecordingTarget() {
  const controller = new AbortController();
  const configs: unknown[] = [];
  const scope = {
    client: (_Client: unknown, _account: unknown, _region: unknown, config: unknown) => {
      configs.push(config);
      return new RecordingClient();
    },
  } as unknown as RunScope;
  const account = { ...plannedAccount(ACCOUNT, ["us-east-1"]), name: "Sandbox" };
  const turn = { account, signal: controller.signal, begin: () => {} };
  const target = createTarget(scope, turn, "us-east-1", { maxAttempts: 7 });
  const Client = RecordingClient as unknown as SdkClientConstructor;
  const client = (config?: object) => target.client(Client, config as never) as unknown as RecordingClient;
  return { target, client, configs, signal: controller.signal };
}

it("says where it is", () => {
  const { target, signal } = createRecordingTarget();
  expect(target).toMatchObject({
    accountId: ACCOUNT,
    accountName: "Sandbox",
    region: "us-east-1",
    roleArn: `arn:aws:iam::${ACCOUNT}:role/Audit`,
    signal,
  });
});

it("makes clients with the run's configuration, and the caller's above it", () => {
  const { client, configs } = createRecordingTarget();
  client();
  client({ maxAttempts: 1, retryMode: "adaptive" });
  expect(configs).toEqual([{ maxAttempts: 7 }, { maxAttempts: 1, retryMode: "adaptive" }]);
});

describe("a call of a target's client", () => {
  const callback = () => {};
  const another = new AbortController().signal;

  it.each([
    ["no options", [], [{}]],
    ["options", [{ requestTimeout: 5 }], [{ requestTimeout: 5 }]],
    ["a callback", [callback], [{}, callback]],
    ["options and a callback", [{ requestTimeout: 5 }, callback], [{ requestTimeout: 5 }, callback]],
    ["undefined and a callback", [undefined, callback], [{}, callback]],
    ["an undefined signal", [{ abortSignal: undefined }], [{}]],
  ])("with %s ends when the target does", (_what, given, [options, ...rest]) => {
    const { client, signal } = createRecordingTarget();
    const recording = client();
    (recording.send as (...call: unknown[]) => void)("command", ...given);
    expect(recording.calls).toEqual([["command", { ...(options as object), abortSignal: signal }, ...rest]]);
    expect((recording.calls[0] as [unknown, { abortSignal: unknown }])[1].abortSignal).toBe(signal);
  });

  it("with another signal ends when that one aborts", () => {
    const recording = createRecordingTarget().client();
    recording.send("command", { abortSignal: another });
    expect((recording.calls[0] as [unknown, { abortSignal: unknown }])[1].abortSignal).toBe(another);
  });
});
